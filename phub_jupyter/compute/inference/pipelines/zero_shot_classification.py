"""Zero-shot classification: a text and labels of one's own in, a score for each label out.

A model that was trained on whether one sentence follows from another is asked, for each label,
whether the text makes a sentence about that label true.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phub_jupyter.compute.inference.model_folder import load_parts
from phub_jupyter.compute.inference.pipelines.call import (
    MAX_TEXTS,
    Call,
    flag,
    read_call,
    text,
    texts,
)
from phub_jupyter.compute.inference.pipelines.label_scores import labels_of
from phub_jupyter.compute.inference.pipelines.tensors import finite
from phub_jupyter.compute.inference.pipelines.text_model import TextModel, probabilities
from phub_jupyter.compute.inference.pipelines.tokens import TokenisedText
from phub_jupyter.errors import InvalidRequestError

__all__ = ["ZeroShotClassification", "ZeroShotClassificationRequest", "load", "parse"]

_PARAMETERS = ("candidate_labels", "hypothesis_template", "multi_label")
_TEMPLATE = "This example is {}."


@dataclass(frozen=True, slots=True)
class ZeroShotClassificationRequest:
    """Checked texts and labels, with the sentence that is made of each label."""

    texts: tuple[str, ...]
    single: bool
    labels: tuple[str, ...]
    hypotheses: tuple[str, ...]
    multi_label: bool


def parse(body: Mapping[str, Any]) -> ZeroShotClassificationRequest:
    """Check a call. Raises InvalidRequestError naming the field and the remedy."""
    call = read_call(body, parameters=_PARAMETERS)
    labels = _labels(call)
    found = texts("inputs", call.inputs)
    if len(found) * len(labels) > MAX_TEXTS:
        raise InvalidRequestError(
            f"parameters.candidate_labels: {len(found)} texts with {len(labels)} labels make more "
            f"than {MAX_TEXTS} pairs; send fewer at a time."
        )
    return ZeroShotClassificationRequest(
        found,
        isinstance(call.inputs, str),
        labels,
        _hypotheses(call, labels),
        flag("parameters.multi_label", call.parameters.get("multi_label", False)),
    )


def _labels(call: Call) -> tuple[str, ...]:
    name = "parameters.candidate_labels"
    sent = call.parameters.get("candidate_labels")
    if sent is None:
        raise InvalidRequestError(f"{name}: missing; send the labels to choose from as a list.")
    if isinstance(sent, str):  # as widgets and older clients write them
        sent = [label.strip() for label in sent.split(",") if label.strip()]
    return tuple(dict.fromkeys(texts(name, sent)))


def _hypotheses(call: Call, labels: Sequence[str]) -> tuple[str, ...]:
    name = "parameters.hypothesis_template"
    template = text(name, call.parameters.get("hypothesis_template", _TEMPLATE))
    if "{}" not in template:
        raise InvalidRequestError(f"{name}: write {{}} where the label shall stand.")
    return tuple(template.replace("{}", label) for label in labels)


class ZeroShotClassification:
    """A loaded model of natural language inference."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self._entailment, self._contradiction = _sides(labels_of(model.config))
        self._text_model = TextModel(model, tokenizer, probabilities)

    def describe(self) -> dict[str, Any]:
        """How the model runs here."""
        return self._text_model.describe()

    def tokenise(self, request: ZeroShotClassificationRequest) -> list[TokenisedText]:
        """One pair of text and hypothesis a label; only the text may be cut."""
        hypotheses = self._text_model.encode(request.hypotheses, truncation=False, max_length=None)
        longest = max(map(len, hypotheses["input_ids"]))
        if longest >= self._text_model.max_length:
            raise InvalidRequestError(
                "parameters.candidate_labels: a label with its template is longer than the model "
                f"can see ({self._text_model.max_length} tokens); use shorter ones."
            )
        pairs = [(text, hypothesis) for text in request.texts for hypothesis in request.hypotheses]
        return self._text_model.items(self._text_model.encode(pairs, truncation="only_first"))

    def run(self, items: Sequence[TokenisedText]) -> list[Any]:
        """Run one batch; for each pair how much the model is against and for it."""
        logits = self._text_model.forward(items).logits.float().cpu()
        return list(finite(logits)[:, [self._contradiction, self._entailment]])

    def shape(self, request: ZeroShotClassificationRequest, outputs: Sequence[Any]) -> list[Any]:
        """``[{label, score}, …]``, best label first; for a list of texts a list of those."""
        count = len(request.labels)
        answers = [
            _ranked(request, outputs[start : start + count])
            for start in range(0, len(outputs), count)
        ]
        return list(answers[0]) if request.single else answers


def _ranked(request: ZeroShotClassificationRequest, outputs: Sequence[Any]) -> list[dict[str, Any]]:
    import torch

    logits = torch.stack(list(outputs))
    if request.multi_label or len(request.labels) == 1:
        scores = probabilities(logits)[:, 1]
    else:
        scores = logits[:, 1].softmax(0)
    answer = [
        {"label": label, "score": score}
        for label, score in zip(request.labels, scores.tolist(), strict=True)
    ]
    return sorted(answer, key=lambda entry: entry["score"], reverse=True)


def _sides(labels: Sequence[str]) -> tuple[int, int]:
    """Which outputs say that the second sentence follows, and that it cannot be true."""
    names = [label.lower() for label in labels]
    entailment = [index for index, name in enumerate(names) if name.startswith("entail")]
    if not entailment or len(names) < 2:
        raise InvalidRequestError(
            f"model: its labels are {', '.join(labels[:5])}, and none is 'entailment'; zero-shot "
            "classification needs a model of natural language inference, with its labels named "
            "in config.json."
        )
    against = [index for index, name in enumerate(names) if name.startswith("contradict")]
    fallback = len(names) - 1 if entailment[0] == 0 else 0
    return entailment[0], (against or [fallback])[0]


def load(folder: Path) -> ZeroShotClassification:
    """Load the model in ``folder``. Raises InvalidRequestError, NotSupportedError."""
    return ZeroShotClassification(*load_parts(folder, "AutoModelForSequenceClassification"))
