"""Models of scikit-learn on top of features of texts, for each kind of label."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["HEADS", "estimator"]

_Maker = Callable[[Mapping[str, Any], int], Any]


def estimator(problem: str, head: str, parameters: Mapping[str, Any], seed: int) -> Any:
    """A new model that is not fitted yet.

    ``parameters`` have ``C``, for which more is less regularization. ``guess`` looks at nothing.
    """
    if problem == "multi_label":
        from sklearn.multiclass import OneVsRestClassifier

        return OneVsRestClassifier(_CLASSIFIERS[head](parameters, seed))
    makers = _REGRESSORS if problem == "regression" else _CLASSIFIERS
    return makers[head](parameters, seed)


def _logistic(parameters: Mapping[str, Any], seed: int) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=parameters["C"], max_iter=2000, random_state=seed)


def _discriminant(parameters: Mapping[str, Any], seed: int) -> Any:
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    return LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")


def _neighbours(parameters: Mapping[str, Any], seed: int) -> Any:
    from sklearn.neighbors import KNeighborsClassifier

    return KNeighborsClassifier(n_neighbors=15, weights="distance")


def _layers(parameters: Mapping[str, Any], seed: int) -> Any:
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier(
        (64,), alpha=1 / parameters["C"], early_stopping=True, max_iter=50, random_state=seed
    )


def _guess(parameters: Mapping[str, Any], seed: int) -> Any:
    from sklearn.dummy import DummyClassifier

    return DummyClassifier(strategy="prior")


def _ridge(parameters: Mapping[str, Any], seed: int) -> Any:
    from sklearn.linear_model import Ridge

    return Ridge(alpha=1 / parameters["C"], random_state=seed)


def _near_numbers(parameters: Mapping[str, Any], seed: int) -> Any:
    from sklearn.neighbors import KNeighborsRegressor

    return KNeighborsRegressor(n_neighbors=15, weights="distance")


def _mean(parameters: Mapping[str, Any], seed: int) -> Any:
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
