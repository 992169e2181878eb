"""Text classification: a text in, labels with scores out.

The scores, their order and the meaning of the parameters are those of the public Inference API.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phub_jupyter.compute.inference.model_folder import load_parts
from phub_jupyter.compute.inference.pipelines.call import read_call, texts, whole_number
from phub_jupyter.compute.inference.pipelines.label_scores import (
    PARAMETERS,
    LabelScores,
    read_function,
)
from phub_jupyter.compute.inference.pipelines.text_model import TextModel
from phub_jupyter.compute.inference.pipelines.tokens import TokenisedText

__all__ = ["TextClassification", "TextClassificationRequest", "load", "parse"]


@dataclass(frozen=True, slots=True)
class TextClassificationRequest:
    """Checked texts and parameters; None stands for the model's own default."""

    texts: tuple[str, ...]
    function_to_apply: str | None = None
    top_k: int | None = None


def parse(body: Mapping[str, Any]) -> TextClassificationRequest:
    """Check a call. Raises InvalidRequestError naming the field and the remedy."""
    call = read_call(body, parameters=PARAMETERS)
    top_k = call.parameters.get("top_k")
    return TextClassificationRequest(
        texts("inputs", call.inputs),
        read_function(call),
        None if top_k is None else whole_number("parameters.top_k", top_k),
    )


class TextClassification:
    """A loaded classifier."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self._labels = LabelScores(model.config)
        self._text_model = TextModel(model, tokenizer, self._labels.scores)

    def describe(self) -> dict[str, Any]:
        """How the model runs here."""
        return {**self._text_model.describe(), "labels": self._labels.labels}

    def tokenise(self, request: TextClassificationRequest) -> list[TokenisedText]:
        """Cut every text into the model's tokens, no more than the model can see."""
        return self._text_model.items(self._text_model.encode(request.texts))

    def run(self, items: Sequence[TokenisedText]) -> list[Any]:
        """Run one batch; the raw output of the model for each text, as a row of floats."""
        return list(self._text_model.forward(items).logits.float().cpu().numpy())

    def shape(
        self, request: TextClassificationRequest, outputs: Sequence[Any]
    ) -> list[list[dict[str, Any]]]:
        """``[[{label, score}, …], …]``: one list a text, best label first."""
        return [
            self._labels.ranked(row, request.function_to_apply, request.top_k) for row in outputs
        ]


def load(folder: Path) -> TextClassification:
    """Load the classifier in ``folder``. Raises InvalidRequestError, NotSupportedError."""
    return TextClassification(*load_parts(folder, "AutoModelForSequenceClassification"))
