"""Cheap candidates for texts: they train in seconds, and a fine-tune has to beat them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from phub_jupyter.compute.training.plan import Candidate
from phub_jupyter.compute.training.recipes.recipe import Work
from phub_jupyter.compute.training.recipes.text_embeddings import EmbeddingCache

__all__ = ["TextHead"]


class TextHead:
    """A classifier of scikit-learn over words, characters or the frozen model's embeddings.

    Fitting takes about a second, so it is repeated rather than kept. The family ``guess`` looks
    at no text at all.
    """

    def __init__(self, candidate: Candidate, work: Work) -> None:
        self._candidate = candidate
        self._work = work

    def fit(self, start: int, on_step: Callable[[int], bool]) -> int:
        """Fit it, which is one step."""
        self._work.check()
        _ = self._fitted
        return 1

    def predict(self, split: str, step: int) -> Sequence[Any]:
        """The probability of each class, a row a text."""
        probabilities: Sequence[Any] = self._fitted.predict_proba(self._features(split))
        return probabilities

    def save(self, folder: Path, step: int) -> None:
        """Refuse: other programs could not load it."""
        raise NotImplementedError(f"{self._candidate.family} is not a publishable family")

    def release(self) -> None:
        """Forget the fitted model."""
        vars(self).pop("_fitted", None)

    def discard(self) -> None:
        """Nothing of it is on disk; the embeddings are shared."""
        self.release()

    @cached_property
    def _fitted(self) -> Any:
        targets = self._work.data.train.targets[: self._limit]
        return self._classifier().fit(self._features("train"), targets)

    def _classifier(self) -> Any:
        head = self._candidate.parameters.get("head", "logistic")
        if self._candidate.family == "guess":
            head = "guess"
        return _CLASSIFIERS[head](self._candidate.parameters, self._work.seed)

    @property
    def _limit(self) -> int | None:
        limit: int | None = self._candidate.parameters.get("max_rows")
        return limit

    def _features(self, split: str) -> Any:
        if self._candidate.family == "guess":
            return [[0.0]] * len(self._work.data.split(split))
        if self._candidate.family == "embeddings":
            limit = self._limit if split == "train" else None
            return EmbeddingCache(self._work).of(split, limit)
        return self._vectorizer.transform(self._work.data.split(split).inputs["text"])

    @cached_property
    def _vectorizer(self) -> Any:
        from sklearn.feature_extraction.text import TfidfVectorizer

        options: dict[str, Any] = {"ngram_range": (1, 2)}
        if self._candidate.family == "characters":
            options = {"analyzer": "char_wb", "ngram_range": (2, 5), "min_df": 2}
        vectorizer = TfidfVectorizer(sublinear_tf=True, **options)
        return vectorizer.fit(self._work.data.train.inputs["text"])


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


_CLASSIFIERS: dict[str, Callable[[Mapping[str, Any], int], Any]] = {
    "logistic": _logistic,
    "discriminant": _discriminant,
    "neighbours": _neighbours,
    "layers": _layers,
    "guess": _guess,
}
