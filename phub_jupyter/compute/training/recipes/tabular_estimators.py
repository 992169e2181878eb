"""What is tried on tables: a linear model, a random forest, gradient boosting."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from phub_jupyter.compute.training.space import Choice, FamilySpace, LogRange

__all__ = ["TABULAR_FAMILIES", "Wanted", "estimator"]

TABULAR_FAMILIES = (
    FamilySpace("linear", {"C": 1.0}, {"C": LogRange(0.001, 100.0)}),
    FamilySpace(
        "forest",
        {"trees": 200, "smallest_leaf": 1, "features": "sqrt"},
        {
            "trees": Choice((100, 200, 400)),
            "smallest_leaf": Choice((1, 2, 5, 10)),
            "features": Choice(("sqrt", 0.3, 0.6, 1.0)),
        },
        weight=2,
    ),
    FamilySpace(
        "boosting",
        {"learning_rate": 0.1, "trees": 150, "leaves": 31, "smallest_leaf": 20, "l2": 0.0},
        {
            "learning_rate": LogRange(0.02, 0.3),
            "trees": Choice((75, 150, 300)),
            "leaves": Choice((7, 15, 31, 63)),
            "smallest_leaf": Choice((5, 20, 50)),
            "l2": Choice((0.0, 0.1, 1.0, 10.0)),
        },
        weight=3,
    ),
    FamilySpace("guess", {}),
)
_MOST_WORDS = 200  # rarer words of a column count as one; boosting takes at most 255
_MISSING = "(missing)"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an estimator is for: the kinds of its columns, and what comes out."""

    kinds: Mapping[str, str]
    parameters: Mapping[str, Any]
    seed: int
    threads: int
    numbers: bool
    """Whether a number comes out rather than a class."""

    def columns(self, kind: str) -> list[str]:
        """The columns of a kind."""
        return [name for name, own in self.kinds.items() if own == kind]


def estimator(family: str, wanted: Wanted) -> Any:
    """An estimator of scikit-learn that takes a frame with gaps and words in it."""
    return _MAKERS[family](wanted)


def _linear(wanted: Wanted) -> Any:
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    words = make_pipeline(
        _fill("constant", fill_value=_MISSING),
        OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=_MOST_WORDS),
    )
    numbers = make_pipeline(_fill("median", add_indicator=True), StandardScaler())
    strength = wanted.parameters["C"]
    model = (
        Ridge(alpha=1 / strength)
        if wanted.numbers
        else LogisticRegression(C=strength, max_iter=1000, random_state=wanted.seed)
    )
    return make_pipeline(_prepared(wanted, words, numbers), model)


def _forest(wanted: Wanted) -> Any:
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
    from sklearn.pipeline import make_pipeline

    make = RandomForestRegressor if wanted.numbers else RandomForestClassifier
    model = make(
        n_estimators=wanted.parameters["trees"],
        min_samples_leaf=wanted.parameters["smallest_leaf"],
        max_features=wanted.parameters["features"],
        n_jobs=wanted.threads,
        random_state=wanted.seed,
    )
    numbers = _fill("median", add_indicator=True)
    return make_pipeline(_prepared(wanted, _numbered(-1), numbers), model)


def _boosting(wanted: Wanted) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.pipeline import make_pipeline

    make = HistGradientBoostingRegressor if wanted.numbers else HistGradientBoostingClassifier
    model = make(
        learning_rate=wanted.parameters["learning_rate"],
        max_iter=wanted.parameters["trees"],
        max_leaf_nodes=wanted.parameters["leaves"],
        min_samples_leaf=wanted.parameters["smallest_leaf"],
        l2_regularization=wanted.parameters["l2"],
        categorical_features=list(range(len(wanted.columns("text")))) or None,
        random_state=wanted.seed,
    )
    return make_pipeline(_prepared(wanted, _numbered(float("nan")), "passthrough"), model)


def _guess(wanted: Wanted) -> Any:
    from sklearn.dummy import DummyClassifier, DummyRegressor

    return DummyRegressor() if wanted.numbers else DummyClassifier(strategy="prior")


_MAKERS: dict[str, Callable[[Wanted], Any]] = {
    "linear": _linear,
    "forest": _forest,
    "boosting": _boosting,
    "guess": _guess,
}


def _prepared(wanted: Wanted, words: Any, numbers: Any) -> Any:
    """Columns of words first, each kind prepared in its own way."""
    from sklearn.compose import ColumnTransformer

    steps = [
        ("words", words, wanted.columns("text")),
        ("numbers", numbers, wanted.columns("number")),
    ]
    return ColumnTransformer([step for step in steps if step[2]])


def _numbered(unknown: float) -> Any:
    """Words as numbers; one that no training row has is ``unknown``."""
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OrdinalEncoder

    encoder = OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=unknown, max_categories=_MOST_WORDS
    )
    return make_pipeline(_fill("constant", fill_value=_MISSING), encoder)


def _fill(strategy: str, **options: Any) -> Any:
    from sklearn.impute import SimpleImputer

    return SimpleImputer(strategy=strategy, keep_empty_features=True, **options)
