"""A transformers model that looks at pictures: into classes, or a number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.training.data import Data, Rows
from phub_jupyter.compute.training.plan import Candidate
from phub_jupyter.compute.training.recipes.loading import load_base
from phub_jupyter.compute.training.recipes.number_scale import NumberScale
from phub_jupyter.compute.training.recipes.recipe import Work
from phub_jupyter.compute.training.recipes.text_sequences import last_layer
from phub_jupyter.compute.training.stepwise import StepwiseTrial
from phub_jupyter.errors import InvalidRequestError

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray
    from transformers import PreTrainedModel

__all__ = ["ImageModel", "ImageTrial", "load_image_model", "load_processor", "look_at"]

_BATCH = 32
_PROBLEM_TYPES = {"single_label": "single_label_classification", "regression": "regression"}


def load_image_model(folder: Path, data: Data) -> PreTrainedModel:
    """The model in a folder with as many outputs as the data needs. Raises InvalidRequestError."""
    names = dict(enumerate(data.labels or (data.columns["label"],)))
    return load_base(
        "AutoModelForImageClassification",
        folder,
        id2label=names,
        label2id={name: number for number, name in names.items()},
        problem_type=_PROBLEM_TYPES[data.problem],
    )


def load_processor(folder: Path) -> Any:
    """What makes tensors of pictures for a model. Raises InvalidRequestError."""
    import transformers

    classes: Any = transformers.AutoImageProcessor
    try:
        return classes.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError, KeyError, ImportError):
        raise InvalidRequestError(
            "model: it has no preprocessor_config.json that says how it looks at pictures; start "
            "from a model of pictures, such as a ViT."
        ) from None


class _Examples:
    """The rows of a split in the shape that the Trainer takes; a picture is read when its row is.

    ``targets`` are what the loss takes.
    """

    def __init__(self, processor: Any, pictures: Sequence[Any], targets: Sequence[Any]) -> None:
        self._processor, self._pictures, self._targets = processor, pictures, targets

    def __len__(self) -> int:
        return len(self._targets)

    def __getitem__(self, index: int) -> dict[str, Any]:
        tensors = self._processor(images=[self._pictures[index]], return_tensors="pt")
        return {"pixel_values": tensors["pixel_values"][0], "labels": self._targets[index]}


class ImageModel:
    """A classifier of pictures, or one that gives a number.

    Numbers are learnt with mean 0 and spread 1, whatever their unit, and predicted in their own.
    """

    def __init__(self, candidate: Candidate, work: Work) -> None:
        self._work = work

    @cached_property
    def processor(self) -> Any:
        return load_processor(self._work.model_folder)

    def load(self, folder: Path) -> PreTrainedModel:
        return load_image_model(folder, self._work.data)

    def examples(self, split: str) -> Any:
        rows = self._work.data.split(split)
        targets = rows.targets
        if self.has_numbers:
            targets = self.scale.learnt(targets)
        return _Examples(self.processor, rows.inputs["image"], targets)

    def collator(self) -> Any:
        from transformers import default_data_collator

        return default_data_collator

    def predict(self, model: PreTrainedModel, split: str) -> Sequence[Any]:
        rows = self._work.data.split(split)
        if not self.has_numbers:
            return list(look_at(model, self.processor, rows, _probabilities, self._work))
        found = look_at(model, self.processor, rows, _number, self._work)
        return self.scale.told([float(value) for value in found])

    @property
    def has_numbers(self) -> bool:
        """Whether a number comes out rather than classes."""
        return self._work.data.problem == "regression"

    @cached_property
    def scale(self) -> NumberScale:
        """The scale of the training rows' numbers."""
        return NumberScale.of(self._work.data.train.targets)


class ImageTrial(StepwiseTrial):
    """Reads pictures as they come, in any order; what is published gives numbers in their unit."""

    def __init__(self, candidate: Candidate, model: ImageModel, work: Work) -> None:
        super().__init__(candidate, model, work)
        self._image_model = model

    def save(self, folder: Path, step: int) -> None:
        """Write the model, with mean and spread of a number in its last layer."""
        if not self._image_model.has_numbers:
            super().save(folder, step)
            return
        self._image_model.scale.fold_into(last_layer(self._at(step)))
        super().save(folder, step)
        self.release()  # what is in memory is scaled, checkpoints are not

    def _arguments(self) -> Any:
        arguments = super()._arguments()
        arguments.train_sampling_strategy = "random"  # to group them, all would be read first
        return arguments


def look_at(
    model: PreTrainedModel,
    processor: Any,
    rows: Rows,
    pick: Callable[[Any], torch.Tensor],
    work: Work,
) -> NDArray[np.float32]:
    """Call the model on the pictures of ``rows``; what ``pick(output)`` takes, a row each."""
    import numpy as np
    import torch

    pictures, count = rows.inputs["image"], len(rows)
    model.train(False).to(work.engine.device)
    results: list[NDArray[np.float32]] = []
    for start in range(0, count, _BATCH):
        work.check()
        images = pictures[start : min(start + _BATCH, count)]
        batch = processor(images=images, return_tensors="pt").to(work.engine.device)
        with torch.inference_mode(), work.engine.autocast():
            picked = pick(model(pixel_values=batch["pixel_values"]))
        results.append(picked.float().cpu().numpy())
    return np.concatenate(results)


def _probabilities(output: Any) -> torch.Tensor:
    probabilities: torch.Tensor = output.logits.float().softmax(-1)
    return probabilities


def _number(output: Any) -> torch.Tensor:
    numbers: torch.Tensor = output.logits.float().squeeze(-1)
    return numbers
