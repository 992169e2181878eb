"""Words with a tag each, checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.training.data import Rows
from phub_jupyter.errors import InvalidRequestError

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["TagColumns"]

_PREFIXES = ("B-", "I-", "E-", "S-", "L-", "U-")


@dataclass(frozen=True, slots=True)
class TagColumns:
    """Which columns hold words and tags, and the names of the tags."""

    words: str
    tags: str
    names: tuple[str, ...]

    @classmethod
    def of(cls, parts: Mapping[str, Dataset], words: str, tags: str) -> TagColumns:
        """The names are the feature's, or all that any split has: ``O`` first, then by name."""
        named = getattr(parts["train"].features[tags].feature, "names", None)
        if named:
            return cls(words, tags, tuple(named))
        found = {
            tag
            for part in parts.values()
            if tags in part.column_names
            for row in part[tags]
            for tag in row or ()
            if isinstance(tag, str)
        }
        return cls(words, tags, tuple(sorted(found, key=lambda tag: (tag != "O", tag))))

    def rows(self, part: Dataset, split: str) -> Rows:
        """Lists of words, with the names of their tags as targets.

        Raises InvalidRequestError for rows that have not one tag for each of their words.
        """
        for column in (self.words, self.tags):
            if column not in part.column_names:
                raise InvalidRequestError(f"dataset: split '{split}' lacks the column '{column}'.")
        own = getattr(part.features[self.tags].feature, "names", None) or self.names
        words, tags = list(part[self.words]), [self._named(row, own) for row in part[self.tags]]
        pairs = zip(words, tags, strict=True)
        bad = sum(not _is_tagged(row, given) for row, given in pairs)
        if bad:
            raise InvalidRequestError(
                f"tags-column: {bad} rows of split '{split}' have no words, an empty word, or not "
                f"one known tag in '{self.tags}' for each word in '{self.words}'; correct or "
                "remove them."
            )
        return Rows({"words": words}, tags)

    @property
    def entities(self) -> bool:
        """Whether the tags mark entities, as ``B-PER`` does, and not just a kind of each word."""
        return all(tag == "O" or tag[:2] in _PREFIXES for tag in self.names)

    def check(self, train: Rows) -> None:
        """Refuse training rows with one tag only."""
        present = {tag for row in train.targets for tag in row}
        if len(present) < 2:
            raise InvalidRequestError(
                f"tags-column: '{self.tags}' has only the tag '{present.pop()}' in the training "
                "rows; there is nothing to learn, name another with --column tags=NAME."
            )

    def _named(self, row: Sequence[Any] | None, own: Sequence[str]) -> list[str | None]:
        return [self._name(tag, own) for tag in row or ()]

    def _name(self, tag: Any, own: Sequence[str]) -> str | None:
        """A tag by its name; ``own`` are the names in the order of this split's numbers."""
        if isinstance(tag, int):
            tag = own[tag] if 0 <= tag < len(own) else None
        return tag if tag in self.names else None


def _is_tagged(words: Sequence[Any] | None, tags: Sequence[str | None]) -> bool:
    if not words or len(words) != len(tags) or None in tags:
        return False
    return all(isinstance(word, str) and word.strip() for word in words)
