"""Token classification: tags on the words of a dataset, against the model's on its own tokens.

The words are joined by spaces, and a word gets the tag of the first token that begins in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.evaluation.readings.reading import Batch, ModelFacts, is_written
from phub_jupyter.compute.training.columns import find_words_and_tags
from phub_jupyter.errors import InvalidRequestError

if TYPE_CHECKING:
    from datasets import Dataset

    from phub_jupyter.compute.evaluation.settings import Settings

__all__ = ["read"]

_PARAMETERS = {"aggregation_strategy": "none", "ignore_labels": [], "stride": 0}


@dataclass(frozen=True, slots=True)
class _Tags:
    words: str
    tags: str
    names: Sequence[str]
    given: Mapping[str, str]
    problem: str = ""
    classes: Sequence[str] = ()
    textual: bool = True
    window: int = 128

    @property
    def columns(self) -> Mapping[str, str]:
        return {"words": self.words, "tags": self.tags}

    @property
    def checked(self) -> Sequence[str]:
        return (self.words, self.tags)

    def usable(self, rows: Batch) -> list[bool]:
        pairs = zip(rows[self.words], rows[self.tags], strict=True)
        return [
            bool(words)
            and bool(tags)
            and len(words) == len(tags)
            and all(map(is_written, words))
            and all(map(self._is_known, tags))
            for words, tags in pairs
        ]

    def _is_known(self, tag: Any) -> bool:
        """Not so are numbers below 0, by which some datasets mark words without a tag."""
        return tag is not None and (not self.names or 0 <= tag < len(self.names))

    def references(self, rows: Batch) -> list[Any]:
        return [[self._name(tag) for tag in tags] for tags in rows[self.tags]]

    def _name(self, tag: Any) -> str:
        return self.names[tag] if self.names else str(tag)

    def calls(self, rows: Batch) -> list[dict[str, Any]]:
        return [
            {"inputs": " ".join(words), "parameters": dict(_PARAMETERS)}
            for words in rows[self.words]
        ]

    def predictions(self, rows: Batch, answers: Sequence[Any]) -> list[Any]:
        pairs = zip(rows[self.words], answers, strict=True)
        return [self._of_words(words, entities) for words, entities in pairs]

    def _of_words(self, words: Sequence[str], entities: Sequence[Mapping[str, Any]]) -> list[str]:
        waiting = sorted(entities, key=lambda entity: int(entity["start"]))
        found, at, start = [], 0, 0
        for word in words:
            while at < len(waiting) and waiting[at]["start"] < start:
                at += 1
            inside = at < len(waiting) and waiting[at]["start"] < start + len(word)
            tag = waiting[at]["entity"] if inside else "O"
            found.append(self.given.get(tag, tag))
            start += len(word) + 1
        return found

    def inputs(self, rows: Batch) -> list[str]:
        return [" ".join(words) for words in rows[self.words]]


def read(part: Dataset, model: ModelFacts, settings: Settings) -> _Tags:
    """Find words and tags, and see that the model's tags are of the same kind.

    Raises InvalidRequestError.
    """
    words, tags = find_words_and_tags(part, settings.columns)
    names = tuple(getattr(part.features[tags].feature, "names", ()))
    _check_tags(model.labels, names, settings.labels)
    return _Tags(words, tags, names, settings.labels)


def _check_tags(labels: Sequence[str], names: Sequence[str], given: Mapping[str, str]) -> None:
    said = {given.get(label, label) for label in labels} - {"O"}
    if names and not said & set(names):
        raise InvalidRequestError(
            f"labels: the model says {', '.join(labels[:8])}, and none of them is a tag of the "
            f"dataset, which has {', '.join(names[:8])}; say which is which with --label "
            "MODEL=DATASET."
        )
