"""Summarization and translation: a text in, another out, learnt from what people wrote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.evaluation.metrics import compute
from phub_jupyter.compute.evaluation.readings.written import Written, find_texts
from phub_jupyter.compute.training.columns import is_string
from phub_jupyter.compute.training.data import Data, Rows
from phub_jupyter.compute.training.engine import Engine
from phub_jupyter.compute.training.plan import BATCH_SIZE, Candidate
from phub_jupyter.compute.training.recipes.recipe import Trial, Work
from phub_jupyter.compute.training.recipes.writing_base import (
    Wording,
    check_writer,
    load_writer,
    longest_source,
)
from phub_jupyter.compute.training.recipes.writing_model import WritingModel
from phub_jupyter.compute.training.recipes.writing_unlearnt import WritingUnlearnt
from phub_jupyter.compute.training.scores import Scores
from phub_jupyter.compute.training.settings import Settings
from phub_jupyter.compute.training.space import Choice, FamilySpace, LogRange
from phub_jupyter.compute.training.stepwise import StepwiseTrial
from phub_jupyter.errors import InvalidRequestError

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["Writing"]

_BATCH = 8
_QUICK_ROWS = 200  # a text takes as many passes through the model as it has tokens
_MANY_STEPS = 200  # of BATCH_SIZE rows: more are worth reading once
_LANGUAGES = ("source-language", "target-language")
_SUMMARIES = frozenset({"summary", "highlights", "abstract"})


@dataclass(frozen=True, slots=True)
class Writing:
    """The recipe of one of both tasks. ``lengths`` are tokens that are read, the first by default;
    ``baseline`` is what needs no model.
    """

    task: str
    metrics: tuple[str, ...]
    lengths: tuple[int, ...]
    baseline: str

    def fits(self, part: Dataset) -> bool:
        if self.task == "translation":
            kind = part.features.get("translation")
            return kind is not None and not is_string(kind)
        texts = {name for name, kind in part.features.items() if is_string(kind)}
        return bool(texts & _SUMMARIES) and bool(texts - _SUMMARIES)

    def read(self, parts: Mapping[str, Dataset], settings: Settings) -> Data:
        found = find_texts(parts["train"], self.task, settings.columns)
        rows = {split: _rows(found, part, split) for split, part in parts.items()}
        languages = {
            role: settings.columns[role] for role in _LANGUAGES if role in settings.columns
        }
        return Data(
            rows["train"],
            rows["validation"],
            rows["test"],
            columns={**found.columns, **languages},
            quick_rows=_QUICK_ROWS,
        )

    def engine(self, data: Data, model_folder: Path) -> Engine:
        import torch

        check_writer(model_folder)
        Wording.of(self.task, model_folder, data.columns)
        model = load_writer(model_folder)
        tokens = torch.full((4, min(64, longest_source(model_folder, 64))), 5, dtype=torch.long)
        batch = {"input_ids": tokens, "attention_mask": torch.ones_like(tokens)}
        return Engine.choose(model, {**batch, "labels": tokens[:, :16].contiguous()})

    def remarks(self, data: Data, model_folder: Path) -> Sequence[str]:
        check_writer(model_folder)
        engine = Engine.without_torch()
        work = Work(data, model_folder, model_folder, engine, 0, 1, 1, check=lambda: None)
        model = WritingModel(self.task, self.lengths[0], work)
        said = []
        for split, count in data.rows().items():
            cut = model.cut(split)
            if cut:
                longest = longest_source(model_folder, self.lengths[0])
                said.append(f"{cut:,} of {count:,} {split} texts are cut at {longest:,} tokens.")
        return said

    def space(self, data: Data) -> tuple[FamilySpace, ...]:
        epochs = _epochs(len(data.train))
        default = {
            "epochs": epochs.values[0],
            "batch_size": _BATCH,
            "max_length": self.lengths[0],
            "scheduler": "linear",
            "weight_decay": 0.0,
            "warmup": 0.05,
        }
        shared = {
            "epochs": epochs,
            "weight_decay": Choice((0.0, 0.01, 0.1)),
            "scheduler": Choice(("linear", "cosine")),
            "max_length": Choice(self.lengths),
        }
        return (
            FamilySpace(self.baseline, {}),
            FamilySpace("unchanged", {"max_length": self.lengths[0]}),
            FamilySpace(
                "lora",
                {"learning_rate": 1e-3, "rank": 16, **default},
                {"learning_rate": LogRange(2e-4, 5e-3), "rank": Choice((8, 16, 32)), **shared},
            ),
            FamilySpace(
                "full",
                {"learning_rate": 2e-4, "frozen_share": 0.0, **default},
                {
                    "learning_rate": LogRange(3e-5, 1e-3),
                    "frozen_share": Choice((0.0, 0.5)),
                    **shared,
                },
            ),
        )

    def trial(self, candidate: Candidate, work: Work) -> Trial:
        if candidate.stepwise:
            length = int(candidate.parameters["max_length"])
            return StepwiseTrial(candidate, WritingModel(self.task, length, work), work)
        return WritingUnlearnt(self.task, candidate, work)

    def score(self, data: Data, split: str, predictions: Sequence[Any]) -> Scores:
        targets = data.split(split).targets
        return Scores.of(compute(self.task, self.metrics, targets, predictions))


def _rows(found: Written, part: Dataset, split: str) -> Rows:
    missing = set(found.checked) - set(part.column_names)
    if missing:
        raise InvalidRequestError(f"dataset: split '{split}' lacks the column '{min(missing)}'.")
    rows = part.select_columns(list(found.checked))[:]
    usable = found.usable(rows)
    if not all(usable):
        raise InvalidRequestError(
            f"dataset: {usable.count(False):,} rows of split '{split}' have an empty "
            f"'{found.source}' or '{found.target}', the first is row {usable.index(False)}; remove "
            "them or fill them in."
        )
    return Rows({"source": found.inputs(rows)}, found.references(rows))


def _epochs(train_rows: int) -> Choice:
    """Few rows are worth reading several times, many are not."""
    if train_rows >= _MANY_STEPS * BATCH_SIZE:
        return Choice((1, 2))
    return Choice((5, 8)) if train_rows < 1000 else Choice((3, 4))
