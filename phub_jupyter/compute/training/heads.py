"""Cheap candidates: classifiers that train in seconds and that a fine-tune has to beat."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.training.examples import Splits
from phub_jupyter.compute.training.plan import Candidate

if TYPE_CHECKING:
    from phub_jupyter.compute.training.embeddings import EmbeddingCache

__all__ = ["predict_with_head"]


def predict_with_head(
    candidate: Candidate,
    splits: Splits,
    split: str,
    seed: int,
    cache: Callable[[], EmbeddingCache],
) -> list[int]:
    """Fit the head on the training rows and predict another split.

    Fitting takes about a second, so it is repeated rather than kept.
    """
    from sklearn.linear_model import LogisticRegression

    labels = splits.train.labels
    if candidate.family == "embeddings":
        limit = candidate.parameters["max_rows"]
        train, other = cache().of("train", limit), cache().of(split)
        labels = labels[:limit]
    else:
        vectorizer = _vectorizer(candidate.family)
        train = vectorizer.fit_transform(splits.train.texts)
        other = vectorizer.transform(getattr(splits, split).texts)
    model = LogisticRegression(C=candidate.parameters["C"], max_iter=2000, random_state=seed)
    model.fit(train, labels)
    return [int(label) for label in model.predict(other)]


def _vectorizer(family: str) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    if family == "characters":
        return TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=2)
    return TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
