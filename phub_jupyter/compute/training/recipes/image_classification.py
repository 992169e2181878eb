"""Image classification: a picture in; out comes one of several classes, or a number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.evaluation.metrics import compute
from phub_jupyter.compute.training.columns import (
    LABEL_NAMES,
    NUMBER_NAMES,
    find_column,
    is_float,
)
from phub_jupyter.compute.training.data import Data, Rows
from phub_jupyter.compute.training.engine import Engine
from phub_jupyter.compute.training.plan import Candidate
from phub_jupyter.compute.training.recipes.classes import (
    check_classes,
    check_numbers,
    class_names,
    class_targets,
    number_targets,
)
from phub_jupyter.compute.training.recipes.image_column import IMAGE_NAMES, Pictures, is_image
from phub_jupyter.compute.training.recipes.image_heads import ImageHead
from phub_jupyter.compute.training.recipes.image_model import (
    ImageModel,
    ImageTrial,
    load_image_model,
    load_processor,
)
from phub_jupyter.compute.training.recipes.recipe import Trial, Work
from phub_jupyter.compute.training.recipes.text_sequences import last_layer
from phub_jupyter.compute.training.recipes.text_spaces import encoder_families, head_families
from phub_jupyter.compute.training.scores import Scores
from phub_jupyter.compute.training.settings import Settings
from phub_jupyter.compute.training.space import FamilySpace

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["RECIPE"]

_LABELS = (*LABEL_NAMES, *NUMBER_NAMES)
_METRICS = {"single_label": ("accuracy", "f1"), "regression": ("rmse", "mae", "spearman")}


@dataclass(frozen=True, slots=True)
class _ImageClassification:
    task: str = "image-classification"
    metrics: tuple[str, ...] = tuple(dict.fromkeys(sum(_METRICS.values(), ())))

    def fits(self, part: Dataset) -> bool:
        return any(is_image(name, kind) for name, kind in part.features.items())

    def read(self, parts: Mapping[str, Dataset], settings: Settings) -> Data:
        train, wanted = parts["train"], settings.columns
        image = find_column(train, "image", IMAGE_NAMES, is_image, wanted.get("image"))
        label = find_column(train, "label", _LABELS, _may_be_label, wanted.get("label"))
        problem = "regression" if is_float(train.features[label]) else "single_label"
        names = class_names(train, label) if problem == "single_label" else ()
        rows = {}
        for split, part in parts.items():
            targets: Sequence[Any] = (
                class_targets(part, split, label, names)
                if names
                else number_targets(part, split, label)
            )
            pictures = Pictures(part, split, image)
            pictures.check()
            rows[split] = Rows({"image": pictures}, targets)
        if names:
            check_classes(rows["train"].targets, names, label)
        else:
            check_numbers(rows["train"].targets, label)
        return Data(
            rows["train"],
            rows["validation"],
            rows["test"],
            columns={"image": image, "label": label},
            labels=names,
            problem=problem,
            metrics=_METRICS[problem],
        )

    def engine(self, data: Data, model_folder: Path) -> Engine:
        import numpy as np

        model, processor = load_image_model(model_folder, data), load_processor(model_folder)
        if data.problem == "regression":
            last_layer(model)
        for rows in (data.train, data.validation, data.test):
            for _ in rows.inputs["image"]:
                pass  # one that is cut off is refused now, not after hours
        noise = np.random.default_rng(0).integers(0, 256, (8, 64, 64, 3), dtype=np.uint8)
        batch = processor(images=list(noise), return_tensors="pt")
        return Engine.choose(model, {"pixel_values": batch["pixel_values"]})

    def space(self, data: Data) -> tuple[FamilySpace, ...]:
        heads = [row for row in head_families(data.problem) if row.family == "embeddings"]
        tuned = encoder_families(len(data.train))
        return (*heads, *map(_without_length, tuned), FamilySpace("guess", {}))

    def trial(self, candidate: Candidate, work: Work) -> Trial:
        if candidate.stepwise:
            return ImageTrial(candidate, ImageModel(candidate, work), work)
        return ImageHead(candidate, work)

    def score(self, data: Data, split: str, predictions: Sequence[Any]) -> Scores:
        targets, problem = data.split(split).targets, data.problem
        found = compute(self.task, _METRICS[problem], targets, predictions, problem=problem)
        return Scores.of(found)


RECIPE = _ImageClassification()


def _may_be_label(name: str, kind: Any) -> bool:
    return not is_image(name, kind) and (name in _LABELS or hasattr(kind, "names"))


def _without_length(space: FamilySpace) -> FamilySpace:
    """Models of pictures see all of them."""
    default = {name: value for name, value in space.default.items() if name != "max_length"}
    varied = {name: row for name, row in space.dimensions.items() if name != "max_length"}
    return FamilySpace(space.family, default, varied, space.weight)
