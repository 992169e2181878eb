"""A transformers model that reads a whole text: into classes, several labels, or a number."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.training.data import Data
from phub_jupyter.compute.training.plan import Candidate
from phub_jupyter.compute.training.recipes.loading import load_base, load_tokenizer
from phub_jupyter.compute.training.recipes.number_scale import NumberScale
from phub_jupyter.compute.training.recipes.recipe import Work
from phub_jupyter.compute.training.recipes.text_encoding import Encoded, encode, run_batches
from phub_jupyter.compute.training.stepwise import StepwiseTrial
from phub_jupyter.errors import InvalidRequestError

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

__all__ = ["NumberTrial", "TextModel", "last_layer", "load_text_model"]

_PROBLEM_TYPES = {
    "single_label": "single_label_classification",
    "multi_label": "multi_label_classification",
    "regression": "regression",
}


def load_text_model(folder: Path, data: Data) -> PreTrainedModel:
    """The model in a folder with as many outputs as the data needs. Raises InvalidRequestError."""
    labels = data.labels or (data.columns["label"],)
    names = dict(enumerate(labels))
    return load_base(
        "AutoModelForSequenceClassification",
        folder,
        id2label=names,
        label2id={name: number for number, name in names.items()},
        problem_type=_PROBLEM_TYPES[data.problem],
    )


def last_layer(model: PreTrainedModel) -> torch.nn.Linear:
    """The layer that gives the number. Raises InvalidRequestError if there is none to shift."""
    import torch

    layers = [
        layer
        for layer in model.modules()
        if isinstance(layer, torch.nn.Linear) and layer.out_features == 1
    ]
    if not layers or layers[-1].bias is None:
        raise InvalidRequestError(
            "model: its last layer has no bias, so it cannot learn numbers here; start from an "
            "encoder such as BERT."
        )
    return layers[-1]


class TextModel:
    """A sequence classifier or regressor for the labels of the data.

    Numbers are learnt with mean 0 and spread 1, whatever their unit, and predicted in their own.
    """

    def __init__(self, candidate: Candidate, work: Work) -> None:
        self._wanted_length = int(candidate.parameters["max_length"])
        self._work = work

    @cached_property
    def processor(self) -> Any:
        tokenizer = load_tokenizer(self._work.model_folder)
        # What is published sees as much of a text as what was scored.
        tokenizer.model_max_length = min(self._wanted_length, int(tokenizer.model_max_length))
        return tokenizer

    def load(self, folder: Path) -> PreTrainedModel:
        return load_text_model(folder, self._work.data)

    def examples(self, split: str) -> Any:
        return Encoded(self._tokens(split), self._labels(split))

    def collator(self) -> Any:
        from transformers import DataCollatorWithPadding

        return DataCollatorWithPadding(self.processor)

    def predict(self, model: PreTrainedModel, split: str) -> Sequence[Any]:
        rows, problem = Encoded(self._tokens(split)), self._work.data.problem
        found: Any = run_batches(model, self.processor, rows, _PICKS[problem], self._work)
        if problem != "regression":
            return list(found)
        return self.scale.told(found)

    @cached_property
    def scale(self) -> NumberScale:
        """The scale of the training rows' numbers."""
        return NumberScale.of(self._work.data.train.targets)

    def _labels(self, split: str) -> Sequence[Any]:
        targets, problem = self._work.data.split(split).targets, self._work.data.problem
        if problem == "multi_label":
            return [[float(there) for there in row] for row in targets]
        if problem == "regression":
            return self.scale.learnt(targets)
        return targets

    @property
    def _max_length(self) -> int:
        return int(self.processor.model_max_length)

    def _tokens(self, split: str) -> list[list[int]]:
        def make() -> list[list[int]]:
            texts = self._work.data.split(split).inputs["text"]
            return encode(self.processor, texts, None, self._max_length).token_ids

        tokens: list[list[int]] = self._work.once(("tokens", split, self._max_length), make)
        return tokens


class NumberTrial(StepwiseTrial):
    """Publishes a model that gives numbers in their own unit."""

    def __init__(self, candidate: Candidate, model: TextModel, work: Work) -> None:
        super().__init__(candidate, model, work)
        self._text_model = model

    def save(self, folder: Path, step: int) -> None:
        """Put mean and spread into the last layer, and write the model."""
        self._text_model.scale.fold_into(last_layer(self._at(step)))
        super().save(folder, step)
        self.release()  # what is in memory is scaled, checkpoints are not


def _classes(output: Any, mask: torch.Tensor) -> torch.Tensor:
    probabilities: torch.Tensor = output.logits.float().softmax(-1)
    return probabilities


def _labels(output: Any, mask: torch.Tensor) -> torch.Tensor:
    probabilities: torch.Tensor = output.logits.float().sigmoid()
    return probabilities


def _number(output: Any, mask: torch.Tensor) -> torch.Tensor:
    numbers: torch.Tensor = output.logits.float().squeeze(-1)
    return numbers


_PICKS = {"single_label": _classes, "multi_label": _labels, "regression": _number}
