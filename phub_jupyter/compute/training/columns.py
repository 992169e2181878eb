"""Finds which column of a dataset plays which role, and says so in one sentence when it cannot."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from phub_jupyter.errors import InvalidRequestError

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = [
    "FIRST_NAMES",
    "LABEL_NAMES",
    "NUMBER_NAMES",
    "SCORE_NAMES",
    "SECOND_NAMES",
    "TAG_NAMES",
    "TEXT_NAMES",
    "WORD_NAMES",
    "find_column",
    "find_pair",
    "find_words_and_tags",
    "is_float",
    "is_number",
    "is_string",
    "listed",
    "named_column",
]

TEXT_NAMES = ("text", "sentence", "content", "review", "comment", "message", "document")
LABEL_NAMES = ("label", "labels", "class", "category", "sentiment", "target")
NUMBER_NAMES = ("score", "rating")
FIRST_NAMES = ("sentence1", "sentence_1", "text1", "source_sentence", "anchor", "premise")
SECOND_NAMES = ("sentence2", "sentence_2", "text2", "sentence", "positive", "hypothesis")
SCORE_NAMES = ("score", "similarity", "similarity_score", *LABEL_NAMES)
WORD_NAMES = ("tokens", "words")
TAG_NAMES = ("ner_tags", "tags", "labels", "ner", "pos_tags", "chunk_tags")


def named_column(part: Dataset, role: str, name: str) -> str:
    """The column that the person named for a role. Raises InvalidRequestError."""
    if name not in part.column_names:
        raise InvalidRequestError(
            f"{role}-column: the dataset has no column '{name}'; its columns are {listed(part)}."
        )
    return name


def find_column(
    part: Dataset,
    role: str,
    names: Sequence[str],
    fits: Callable[[str, Any], bool],
    wanted: str | None = None,
) -> str:
    """The column for a role: the one wanted, else the first usual name, else the only fitting one.

    ``fits(name, feature)`` says whether a column could play the role. Raises InvalidRequestError.
    """
    if wanted is not None:
        return named_column(part, role, wanted)
    fitting: list[str] = [name for name, kind in part.features.items() if fits(name, kind)]
    for name in names:
        if name in fitting:
            return name
    if len(fitting) == 1:
        return fitting[0]
    problem = "cannot tell which of" if fitting else f"there is no {role} column among"
    among = f"{listed(part)} is the {role}" if fitting else listed(part)
    raise InvalidRequestError(
        f"{role}-column: {problem} {among}; name it with --column {role}=NAME."
    )


def find_words_and_tags(part: Dataset, wanted: Mapping[str, str]) -> tuple[str, str]:
    """The column of lists of words, and that of a tag for each. Raises InvalidRequestError."""

    def may_be_words(name: str, kind: Any) -> bool:
        texts = name not in TAG_NAMES and is_string(getattr(kind, "feature", None))
        return texts or name in WORD_NAMES

    def may_be_tags(name: str, kind: Any) -> bool:
        return name != words and hasattr(kind, "feature")

    words = find_column(part, "words", WORD_NAMES, may_be_words, wanted.get("words"))
    tags = find_column(part, "tags", TAG_NAMES, may_be_tags, wanted.get("tags"))
    inner = getattr(part.features[tags], "feature", None)
    if not getattr(inner, "names", None) and not is_string(inner):
        raise InvalidRequestError(
            f"tags-column: '{tags}' holds no lists of named tags; make it a list of ClassLabel, "
            "or of texts, or name another with --column tags=NAME."
        )
    return words, tags


def find_pair(part: Dataset, wanted: Mapping[str, str]) -> tuple[str, str, str]:
    """The columns of two texts and of how alike they are. Raises InvalidRequestError."""

    def is_text(name: str, kind: Any) -> bool:
        return is_string(kind)

    def is_other_text(name: str, kind: Any) -> bool:
        return name != first and is_string(kind)

    def is_score(name: str, kind: Any) -> bool:
        return is_number(kind)

    first = find_column(part, "sentence1", FIRST_NAMES, is_text, wanted.get("sentence1"))
    second = find_column(part, "sentence2", SECOND_NAMES, is_other_text, wanted.get("sentence2"))
    score = find_column(part, "score", SCORE_NAMES, is_score, wanted.get("score"))
    if not is_number(part.features[score]):
        raise InvalidRequestError(
            f"score-column: '{score}' does not hold numbers; name another with --column score=NAME."
        )
    return first, second, score


def is_string(kind: Any) -> bool:
    """Whether a feature is plain text."""
    return getattr(kind, "dtype", None) in ("string", "large_string")


def is_float(kind: Any) -> bool:
    """Whether a feature is a number that need not be whole."""
    return str(getattr(kind, "dtype", "")).startswith(("float", "double", "decimal"))


def is_number(kind: Any) -> bool:
    """Whether a feature is a number, but not one that stands for a class."""
    whole = str(getattr(kind, "dtype", "")).startswith(("int", "uint"))
    return is_float(kind) or (whole and not hasattr(kind, "names"))


def listed(part: Dataset) -> str:
    """The columns of a dataset, for a sentence."""
    return ", ".join(f"'{name}'" for name in part.column_names)
