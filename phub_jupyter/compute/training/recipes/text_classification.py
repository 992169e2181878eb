"""Text classification: a text in; out comes one of several classes, labels, or a number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.evaluation.metrics import compute
from phub_jupyter.compute.evaluation.targets import Targets
from phub_jupyter.compute.training.columns import (
    LABEL_NAMES,
    NUMBER_NAMES,
    TEXT_NAMES,
    find_column,
    is_float,
    is_string,
)
from phub_jupyter.compute.training.data import Data, Rows
from phub_jupyter.compute.training.engine import Engine
from phub_jupyter.compute.training.plan import Candidate
from phub_jupyter.compute.training.recipes.classes import (
    check_classes,
    check_label_sets,
    check_numbers,
    class_names,
    class_targets,
    label_sets,
    number_targets,
)
from phub_jupyter.compute.training.recipes.loading import load_tokenizer
from phub_jupyter.compute.training.recipes.recipe import Trial, Work
from phub_jupyter.compute.training.recipes.text_heads import TextHead
from phub_jupyter.compute.training.recipes.text_sequences import (
    NumberTrial,
    TextModel,
    last_layer,
    load_text_model,
)
from phub_jupyter.compute.training.recipes.text_spaces import encoder_families, head_families
from phub_jupyter.compute.training.recipes.texts import texts_of
from phub_jupyter.compute.training.scores import Scores
from phub_jupyter.compute.training.settings import Settings
from phub_jupyter.compute.training.space import FamilySpace
from phub_jupyter.compute.training.stepwise import StepwiseTrial

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["RECIPE"]

_METRICS = {
    "single_label": ("accuracy", "f1"),
    "multi_label": ("f1_micro", "f1", "subset_accuracy"),
    "regression": ("rmse", "mae", "spearman"),
}


@dataclass(frozen=True, slots=True)
class _TextClassification:
    task: str = "text-classification"
    metrics: tuple[str, ...] = tuple(dict.fromkeys(sum(_METRICS.values(), ())))

    def fits(self, part: Dataset) -> bool:
        kinds = dict(part.features)
        is_text = any(_may_be_text(name, kind) for name, kind in kinds.items())
        return is_text and any(_may_be_label(name, kind) for name, kind in kinds.items())

    def read(self, parts: Mapping[str, Dataset], settings: Settings) -> Data:
        train, wanted = parts["train"], settings.columns
        text = find_column(train, "text", TEXT_NAMES, _may_be_text, wanted.get("text"))

        def may_be_label(name: str, kind: Any) -> bool:
            usual = name in LABEL_NAMES or (name in NUMBER_NAMES and is_float(kind))
            return name != text and (usual or hasattr(kind, "names"))

        label = find_column(
            train, "label", (*LABEL_NAMES, *NUMBER_NAMES), may_be_label, wanted.get("label")
        )
        problem = _problem_of(train, label)
        names, targets = _LABELS[problem](parts, label)
        rows = {
            split: Rows({"text": texts_of(part, split, text)}, targets[split])
            for split, part in parts.items()
        }
        return Data(
            rows["train"],
            rows["validation"],
            rows["test"],
            columns={"text": text, "label": label},
            labels=names,
            problem=problem,
            metrics=_METRICS[problem],
        )

    def engine(self, data: Data, model_folder: Path) -> Engine:
        import torch

        model = load_text_model(model_folder, data)
        load_tokenizer(model_folder)
        if data.problem == "regression":
            last_layer(model)
        tokens = torch.full((16, 32), 5, dtype=torch.long)
        return Engine.choose(
            model, {"input_ids": tokens, "attention_mask": torch.ones_like(tokens)}
        )

    def space(self, data: Data) -> tuple[FamilySpace, ...]:
        cheap, encoders = head_families(data.problem), encoder_families(len(data.train))
        return (*cheap, *encoders, FamilySpace("guess", {}))

    def trial(self, candidate: Candidate, work: Work) -> Trial:
        if not candidate.stepwise:
            return TextHead(candidate, work)
        model = TextModel(candidate, work)
        if work.data.problem == "regression":
            return NumberTrial(candidate, model, work)
        return StepwiseTrial(candidate, model, work)

    def score(self, data: Data, split: str, predictions: Sequence[Any]) -> Scores:
        targets, names = data.split(split).targets, _METRICS[data.problem]
        return Scores.of(compute(self.task, names, targets, predictions, problem=data.problem))


RECIPE = _TextClassification()

_Labels = tuple[tuple[str, ...], Mapping[str, Sequence[Any]]]


def _classes(parts: Mapping[str, Dataset], label: str) -> _Labels:
    names = class_names(parts["train"], label)
    found = {split: class_targets(part, split, label, names) for split, part in parts.items()}
    check_classes(found["train"], names, label)
    return names, found


def _label_sets(parts: Mapping[str, Dataset], label: str) -> _Labels:
    targets = Targets.of(parts["train"], label)
    found = {split: label_sets(part, split, targets) for split, part in parts.items()}
    check_label_sets(found["train"], label)
    return targets.classes, found


def _numbers(parts: Mapping[str, Dataset], label: str) -> _Labels:
    found = {split: number_targets(part, split, label) for split, part in parts.items()}
    check_numbers(found["train"], label)
    return (), found


_LABELS = {"single_label": _classes, "multi_label": _label_sets, "regression": _numbers}


def _problem_of(train: Dataset, label: str) -> str:
    kind = train.features[label]
    if hasattr(kind, "feature"):
        return "multi_label"
    return "regression" if is_float(kind) else "single_label"


def _may_be_text(name: str, kind: Any) -> bool:
    return is_string(kind) and name not in LABEL_NAMES


def _may_be_label(name: str, kind: Any) -> bool:
    """Whether a column is called like a label and holds what can be one."""
    if is_float(kind):
        return name in (*LABEL_NAMES, *NUMBER_NAMES)
    dtype = str(getattr(kind, "dtype", ""))
    classes = hasattr(kind, "names") or is_string(kind) or dtype.startswith(("int", "uint", "bool"))
    return name in LABEL_NAMES and (classes or hasattr(kind, "feature"))
