"""Summarization and translation: a text that people wrote, against the model's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.evaluation.readings.reading import Batch, ModelFacts, is_written
from phub_jupyter.compute.training.columns import find_column, is_string
from phub_jupyter.errors import InvalidRequestError

if TYPE_CHECKING:
    from datasets import Dataset

    from phub_jupyter.compute.evaluation.settings import Settings

__all__ = ["Written", "find_texts", "read"]

_NAMES = {
    "summarization": (
        ("document", "article", "text", "dialogue", "content", "source"),
        ("summary", "highlights", "abstract", "target", "title"),
    ),
    "translation": (("source", "src", "text"), ("target", "tgt", "translation", "reference")),
}
_KEYS = {"summarization": "summary_text", "translation": "translation_text"}


@dataclass(frozen=True, slots=True)
class Written:
    """``inside`` is the column that holds both texts by language, if they are kept like that."""

    task: str
    source: str
    target: str
    inside: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""
    classes: Sequence[str] = ()
    textual: bool = True
    window: int = 32

    @property
    def columns(self) -> Mapping[str, str]:
        if self.inside:
            return {"translation": self.inside, "source": self.source, "target": self.target}
        return {"source": self.source, "target": self.target}

    @property
    def checked(self) -> Sequence[str]:
        return (self.inside,) if self.inside else (self.source, self.target)

    def usable(self, rows: Batch) -> list[bool]:
        pairs = zip(self.inputs(rows), self.references(rows), strict=True)
        return [is_written(source) and bool(target) for source, target in pairs]

    def references(self, rows: Batch) -> list[Any]:
        return self._texts(rows, self.target)

    def calls(self, rows: Batch) -> list[dict[str, Any]]:
        return [{"inputs": text, "parameters": dict(self.parameters)} for text in self.inputs(rows)]

    def predictions(self, rows: Batch, answers: Sequence[Any]) -> list[Any]:
        return [answer[0][_KEYS[self.task]] for answer in answers]

    def inputs(self, rows: Batch) -> list[str]:
        return self._texts(rows, self.source)

    def _texts(self, rows: Batch, name: str) -> list[Any]:
        if self.inside:
            return [(value or {}).get(name) for value in rows[self.inside]]
        return list(rows[name])


def read(part: Dataset, model: ModelFacts, settings: Settings) -> Written:
    """Find both texts. Raises InvalidRequestError."""
    return find_texts(part, settings.task, settings.columns)


def find_texts(part: Dataset, task: str, wanted: Mapping[str, str]) -> Written:
    """The columns of both texts, of which ``wanted`` are named. Raises InvalidRequestError."""
    languages = {
        name: wanted[role]
        for name, role in (("src_lang", "source-language"), ("tgt_lang", "target-language"))
        if role in wanted
    }
    kind = part.features.get("translation")
    if task == "translation" and kind is not None and not is_string(kind):
        return _by_language(kind, wanted, languages)
    sources, targets = _NAMES[task]

    def is_target(name: str, kind: Any) -> bool:
        return name != source and (is_string(kind) or is_string(getattr(kind, "feature", None)))

    source = find_column(
        part, "source", sources, lambda _, kind: is_string(kind), wanted.get("source")
    )
    target = find_column(part, "target", targets, is_target, wanted.get("target"))
    return Written(task, source, target, parameters=languages)


def _by_language(kind: Any, wanted: Mapping[str, str], languages: Mapping[str, Any]) -> Written:
    names = list(kind if isinstance(kind, dict) else getattr(kind, "languages", ()))
    source, target = wanted.get("source"), wanted.get("target")
    if source is None and len(names) == 2 and target in (None, *names):
        source = names[0] if target is None else names[1 - names.index(target)]
    if target is None and len(names) == 2 and source in names:
        target = names[1 - names.index(source)]
    if source is None or target is None or not {source, target} <= set(names):
        raise InvalidRequestError(
            f"source-column: 'translation' holds {', '.join(names)}; say which to translate with "
            "--column source=LANGUAGE --column target=LANGUAGE."
        )
    return Written("translation", source, target, "translation", languages)
