"""What a transformers model is for, by the name of its architecture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from phub_jupyter.hub.cards.front_matter import listed

__all__ = ["auto_class", "task_of"]

_HEADS = {
    "ForSequenceClassification": "text-classification",
    "ForTokenClassification": "token-classification",
    "ForMaskedLM": "fill-mask",
    "ForQuestionAnswering": "question-answering",
    "ForCausalLM": "text-generation",
    "ForImageClassification": "image-classification",
    "ForObjectDetection": "object-detection",
    "ForAudioClassification": "audio-classification",
}


def task_of(config: Mapping[str, Any]) -> str | None:
    """The task that the architecture's head is for; None without a known head."""
    head = _head(config)
    return None if head is None else _HEADS[head]


def auto_class(config: Mapping[str, Any]) -> str:
    """The class of transformers that loads the model with its head."""
    return f"AutoModel{_head(config) or ''}"


def _head(config: Mapping[str, Any]) -> str | None:
    for architecture in listed(config.get("architectures")):
        for head in _HEADS:
            if architecture.endswith(head):
                return head
    return None
