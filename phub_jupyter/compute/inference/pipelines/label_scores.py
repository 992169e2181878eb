"""Makes scores of labels from what a classifier puts out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from phub_jupyter.compute.inference.pipelines.call import Call, choice, whole_number
from phub_jupyter.compute.inference.pipelines.tensors import finite

__all__ = ["PARAMETERS", "LabelScores", "labels_of", "read_function", "read_top_k"]

PARAMETERS = ("function_to_apply", "top_k")
_DEFAULT_LABELS = 5


def read_function(call: Call) -> str | None:
    """The parameter ``function_to_apply``; None stands for the model's own."""
    sent = call.parameters.get("function_to_apply")
    return None if sent is None else choice("parameters.function_to_apply", sent, tuple(_FUNCTIONS))


def read_top_k(call: Call, default: int = _DEFAULT_LABELS) -> int:
    """The parameter ``top_k``: how many of the best are wanted."""
    return whole_number("parameters.top_k", call.parameters.get("top_k", default))


def labels_of(config: Any) -> list[str]:
    """The names of a model's labels, in the order of its outputs."""
    return [str(config.id2label[index]) for index in range(config.num_labels)]


def _softmax(logits: Any) -> Any:
    import numpy as np

    shares = np.exp(logits - logits.max())
    return shares / shares.sum()


def _sigmoid(logits: Any) -> Any:
    import numpy as np

    return 0.5 + 0.5 * np.tanh(0.5 * logits)  # the usual formula overflows


_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "sigmoid": _sigmoid,
    "softmax": _softmax,
    "none": lambda logits: logits,
}


class LabelScores:
    """The labels of a model, and the function that its kind of problem asks for."""

    def __init__(self, config: Any) -> None:
        self.labels = labels_of(config)
        self.default = _default_function(config)

    def scores(self, logits: Any) -> Any:
        """Scores from many rows of logits, as tensors."""
        if self.default == "softmax":
            return logits.softmax(-1)
        return logits.sigmoid() if self.default == "sigmoid" else logits

    def ranked(self, logits: Any, function: str | None, top_k: int | None) -> list[dict[str, Any]]:
        """``[{label, score}, …]`` of one example, best first; without ``top_k`` all of them.

        ``logits`` are an array of numpy, which for a few numbers is many times faster than torch.
        """
        scores = finite(_FUNCTIONS[function or self.default](logits))
        answer = [
            {"label": label, "score": score}
            for label, score in zip(self.labels, scores.tolist(), strict=True)
        ]
        return sorted(answer, key=lambda entry: entry["score"], reverse=True)[:top_k]


def _default_function(config: Any) -> str:
    if config.problem_type == "regression":
        return "none"
    if config.problem_type == "multi_label_classification" or config.num_labels == 1:
        return "sigmoid"
    return "softmax"
