"""Translation: a text in one language in, the same in another out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phub_jupyter.compute.inference.model_folder import load_parts
from phub_jupyter.compute.inference.pipelines.call import read_call, text, texts
from phub_jupyter.compute.inference.pipelines.languages import languages_of
from phub_jupyter.compute.inference.pipelines.sequence_model import (
    PARAMETERS,
    SequenceModel,
    WritingWishes,
    read_wishes,
)
from phub_jupyter.compute.inference.pipelines.tokens import TokenisedText

__all__ = ["Translation", "TranslationRequest", "load", "parse"]

_LANGUAGES = ("src_lang", "tgt_lang")


@dataclass(frozen=True, slots=True)
class TranslationRequest:
    """Checked texts, the languages if they are told, and how the model is told to write."""

    texts: tuple[str, ...]
    source: str | None
    target: str | None
    wishes: WritingWishes


def parse(body: Mapping[str, Any]) -> TranslationRequest:
    """Check a call. Raises InvalidRequestError naming the field and the remedy."""
    call = read_call(body, parameters=(*_LANGUAGES, *PARAMETERS))
    source, target = (
        text(f"parameters.{name}", call.parameters[name]) if name in call.parameters else None
        for name in _LANGUAGES
    )
    return TranslationRequest(texts("inputs", call.inputs), source, target, read_wishes(call))


class Translation:
    """A loaded model."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self._sequence_model = SequenceModel(model, tokenizer)
        self._languages = languages_of(self._sequence_model)

    def describe(self) -> dict[str, Any]:
        """How the model runs here."""
        return self._sequence_model.describe()

    def tokenise(self, request: TranslationRequest) -> list[TokenisedText]:
        """Cut every text into tokens, after the model is told the languages."""
        told = self._languages.tell(request.source, request.target)
        found = [told.prefixed(text) for text in request.texts]
        return self._sequence_model.tokenise(found, request.wishes, told.own, **told.forced)

    def run(self, items: Sequence[TokenisedText]) -> list[str]:
        """Run one batch; the translation of each text."""
        return self._sequence_model.run(items)

    def shape(self, request: TranslationRequest, outputs: Sequence[str]) -> list[dict[str, str]]:
        """``[{translation_text}, …]``, one a text."""
        return [{"translation_text": text} for text in outputs]


def load(folder: Path) -> Translation:
    """Load the model in ``folder``. Raises InvalidRequestError, NotSupportedError."""
    return Translation(*load_parts(folder, "AutoModelForSeq2SeqLM"))
