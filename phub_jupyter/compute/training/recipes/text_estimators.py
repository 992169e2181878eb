"""Models of scikit-learn on top of features of texts, for each kind of label."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["HEADS", "estimator"]

_NEIGHBOURS = 15
_Maker = Callable[[Mapping[str, Any], int, Any], Any]


def estimator(
    problem: str, head: str, parameters: Mapping[str, Any], seed: int, targets: NDArray[Any]
) -> Any:
    """A new model that is not fitted yet.

    ``parameters`` have ``C``, for which more is less regularization. ``guess`` looks at nothing.
    ``targets`` are what it is going to learn, a row each.
    """
    if problem == "multi_label":
        from sklearn.multiclass import OneVsRestClassifier

        return OneVsRestClassifier(_CLASSIFIERS[head](parameters, seed, targets))
    makers = _REGRESSORS if problem == "regression" else _CLASSIFIERS
    return makers[head](parameters, seed, targets)


def _logistic(parameters: Mapping[str, Any], seed: int, targets: NDArray[Any]) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=parameters["C"], max_iter=2000, random_state=seed)


def _discriminant(parameters: Mapping[str, Any], seed: int, targets: NDArray[Any]) -> Any:
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    return LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")


def _neighbours(parameters: Mapping[str, Any], seed: int, targets: NDArray[Any]) -> Any:
    from sklearn.neighbors import KNeighborsClassifier

    return KNeighborsClassifier(n_neighbors=min(_NEIGHBOURS, len(targets)), weights="distance")


def _layers(parameters: Mapping[str, Any], seed: int, targets: NDArray[Any]) -> Any:
    import numpy as np
    from sklearn.neural_network import MLPClassifier

    rows = np.unique(targets, return_counts=True)[1]
    return MLPClassifier(
        (64,),
        alpha=1 / parameters["C"],
        # It puts a tenth of the rows aside, in which each class must be.
        early_stopping=bool(rows.min() > 1 and rows.sum() >= 10 * len(rows)),
        max_iter=50,
        random_state=seed,
    )


def _guess(parameters: Mapping[str, Any], seed: int, targets: NDArray[Any]) -> Any:
    from sklearn.dummy import DummyClassifier

    return DummyClassifier(strategy="prior")


def _ridge(parameters: Mapping[str, Any], seed: int, targets: NDArray[Any]) -> Any:
    from sklearn.linear_model import Ridge

    return Ridge(alpha=1 / parameters["C"], random_state=seed)


def _near_numbers(parameters: Mapping[str, Any], seed: int, targets: NDArray[Any]) -> Any:
    from sklearn.neighbors import KNeighborsRegressor

    return KNeighborsRegressor(n_neighbors=min(_NEIGHBOURS, len(targets)), weights="distance")


def _mean(parameters: Mapping[str, Any], seed: int, targets: NDArray[Any]) -> Any:
    from sklearn.dummy import DummyRegressor

    return DummyRegressor(strategy="mean")


_CLASSIFIERS: dict[str, _Maker] = {
    "logistic": _logistic,
    "discriminant": _discriminant,
    "neighbours": _neighbours,
    "layers": _layers,
    "guess": _guess,
}
_REGRESSORS: dict[str, _Maker] = {
    "ridge": _ridge,
    "neighbours": _near_numbers,
    "guess": _mean,
}
HEADS = {
    "single_label": ("logistic", "discriminant", "neighbours", "layers"),
    "multi_label": ("logistic", "discriminant"),
    "regression": ("ridge", "neighbours"),
}
"""What is tried on embeddings, by the kind of label; the first is also what words go into."""
