"""Cheap candidates for texts: they train in seconds, and a fine-tune has to beat them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.training.data import Rows
from phub_jupyter.compute.training.plan import Candidate
from phub_jupyter.compute.training.recipes.recipe import Work
from phub_jupyter.compute.training.recipes.text_embeddings import EmbeddingCache
from phub_jupyter.compute.training.recipes.text_estimators import HEADS, estimator
from phub_jupyter.errors import InvalidRequestError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["TextHead"]


class TextHead:
    """A model of scikit-learn over words, characters or the frozen model's embeddings.

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
        """The probability of each class or label, a row a text, or a number a text."""
        features = self._features(split)
        if self._work.data.problem == "regression":
            numbers: Sequence[Any] = self._fitted.predict(features)
            return numbers
        probabilities: Sequence[Any] = self._fitted.predict_proba(features)
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
        import numpy as np

        targets = np.asarray(list(self._rows("train").targets))
        features = self._features("train")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a fit that did not converge shows in its score
            return self._model(targets).fit(features, targets)

    def _model(self, targets: NDArray[Any]) -> Any:
        problem, parameters = self._work.data.problem, self._candidate.parameters
        head = parameters.get("head", HEADS[problem][0])
        if self._candidate.family == "guess":
            head = "guess"
        return estimator(problem, head, parameters, self._work.seed, targets)

    def _rows(self, split: str) -> Rows:
        """Those of a split; of the training rows so many as the family takes."""
        rows, limit = self._work.data.split(split), self._candidate.parameters.get("max_rows")
        return rows if limit is None or split != "train" else rows.some(limit, self._work.seed)

    def _features(self, split: str) -> Any:
        if self._candidate.family == "guess":
            return [[0.0]] * len(self._work.data.split(split))
        if self._candidate.family == "embeddings":
            return EmbeddingCache(self._work).of(split, self._rows(split))
        return self._vectorizer.transform(self._work.data.split(split).inputs["text"])

    @cached_property
    def _vectorizer(self) -> Any:
        from sklearn.feature_extraction.text import TfidfVectorizer

        options: dict[str, Any] = {"ngram_range": (1, 2)}
        if self._candidate.family == "characters":
            options = {"analyzer": "char_wb", "ngram_range": (2, 5), "min_df": 2}
        vectorizer = TfidfVectorizer(sublinear_tf=True, **options)
        try:
            return vectorizer.fit(self._work.data.train.inputs["text"])
        except ValueError:  # one-letter words, or nothing twice
            raise InvalidRequestError(
                f"dataset: its texts are too short or too few to count {self._candidate.family} in."
            ) from None
