"""Summarization: a text in, a shorter one out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phub_jupyter.compute.inference.model_folder import load_parts
from phub_jupyter.compute.inference.pipelines.call import read_call, texts
from phub_jupyter.compute.inference.pipelines.sequence_model import (
    PARAMETERS,
    SequenceModel,
    WritingWishes,
    read_wishes,
)
from phub_jupyter.compute.inference.pipelines.tokens import TokenisedText

__all__ = ["Summarization", "SummarizationRequest", "load", "parse"]


@dataclass(frozen=True, slots=True)
class SummarizationRequest:
    """Checked texts, and how the model is told to write."""

    texts: tuple[str, ...]
    wishes: WritingWishes


def parse(body: Mapping[str, Any]) -> SummarizationRequest:
    """Check a call. Raises InvalidRequestError naming the field and the remedy."""
    call = read_call(body, parameters=PARAMETERS)
    return SummarizationRequest(texts("inputs", call.inputs), read_wishes(call))


class Summarization:
    """A loaded model."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self._sequence_model = SequenceModel(model, tokenizer)
        self._own = self._sequence_model.own_settings("summarization")
        prefix = self._own.get("prefix", getattr(model.config, "prefix", None))
        self._prefix = prefix if isinstance(prefix, str) else ""

    def describe(self) -> dict[str, Any]:
        """How the model runs here."""
        return self._sequence_model.describe()

    def tokenise(self, request: SummarizationRequest) -> list[TokenisedText]:
        """Cut every text, behind the words that ask the model for a summary, into tokens."""
        found = [
            text if text.startswith(self._prefix) else self._prefix + text for text in request.texts
        ]
        return self._sequence_model.tokenise(found, request.wishes, self._own)

    def run(self, items: Sequence[TokenisedText]) -> list[str]:
        """Run one batch; the summary of each text."""
        return self._sequence_model.run(items)

    def shape(self, request: SummarizationRequest, outputs: Sequence[str]) -> list[dict[str, str]]:
        """``[{summary_text}, …]``, one a text."""
        return [{"summary_text": text} for text in outputs]


def load(folder: Path) -> Summarization:
    """Load the model in ``folder``. Raises InvalidRequestError, NotSupportedError."""
    return Summarization(*load_parts(folder, "AutoModelForSeq2SeqLM"))
