"""Text generation: a causal language model learns to answer, or to write, as the rows do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.evaluation.metrics import compute
from phub_jupyter.compute.training.columns import is_string
from phub_jupyter.compute.training.data import Data, Rows
from phub_jupyter.compute.training.engine import Engine
from phub_jupyter.compute.training.plan import BATCH_SIZE, Candidate
from phub_jupyter.compute.training.recipes.language_base import (
    check_base,
    check_vocabulary,
    load_language_model,
    load_language_tokenizer,
    rows_length,
    stop_tokens,
)
from phub_jupyter.compute.training.recipes.language_model import LanguageModel
from phub_jupyter.compute.training.recipes.language_rows import Columns, is_chat
from phub_jupyter.compute.training.recipes.language_tokens import tokenized
from phub_jupyter.compute.training.recipes.language_unlearnt import Unlearnt
from phub_jupyter.compute.training.recipes.recipe import Trial, Work
from phub_jupyter.compute.training.scores import Scores
from phub_jupyter.compute.training.settings import Settings
from phub_jupyter.compute.training.space import Choice, FamilySpace, LogRange
from phub_jupyter.compute.training.stepwise import StepwiseTrial
from phub_jupyter.errors import InvalidRequestError

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["RECIPE"]

_BATCH = 8  # rows are long, and each token has a number for every word of the vocabulary
_MANY_STEPS = 200  # of BATCH_SIZE rows: more are worth reading once


@dataclass(frozen=True, slots=True)
class _TextGeneration:
    task: str = "text-generation"
    metrics: tuple[str, ...] = ("loss", "perplexity")

    def fits(self, part: Dataset) -> bool:
        kinds = dict(part.features)
        texts = {name for name, kind in kinds.items() if is_string(kind)}
        chat = any(is_chat(kinds.get(name)) for name in ("messages", "conversations"))
        pairs = ({"prompt", "completion"}, {"instruction", "output"}, {"instruction", "response"})
        return chat or any(pair <= texts for pair in pairs)  # bare texts may be for anything

    def read(self, parts: Mapping[str, Dataset], settings: Settings) -> Data:
        columns = Columns.of(parts["train"], settings.columns)
        rows = {split: Rows({}, columns.examples(part, split)) for split, part in parts.items()}
        return Data(
            rows["train"],
            rows["validation"],
            rows["test"],
            columns=columns.roles,
            problem=columns.kind,
        )

    def engine(self, data: Data, model_folder: Path) -> Engine:
        import torch

        check_base(model_folder)
        tokenizer = load_language_tokenizer(model_folder)
        model = load_language_model(model_folder)
        check_vocabulary(model, tokenizer)
        tokens = torch.full((4, 64), 5, dtype=torch.long)
        return Engine.choose(
            model, {"input_ids": tokens, "attention_mask": torch.ones_like(tokens)}
        )

    def remarks(self, data: Data, model_folder: Path) -> Sequence[str]:
        tokenizer, ends = load_language_tokenizer(model_folder), stop_tokens(model_folder)
        length = rows_length(model_folder)
        said = []
        for split, count in data.rows().items():
            rows = tokenized(tokenizer, ends, data.split(split).targets, split, length)
            unasked = rows.counts().count(0)
            if unasked == count:
                raise InvalidRequestError(
                    f"dataset: in split '{split}' no answer begins within {length:,} tokens, "
                    "beyond which rows are cut; shorten the prompts."
                )
            if rows.cut:
                said.append(
                    f"{rows.cut:,} of {count:,} {split} rows are cut at {length:,} tokens"
                    + (f"; nothing is left to learn of {unasked:,}." if unasked else ".")
                )
        return said

    def space(self, data: Data) -> tuple[FamilySpace, ...]:
        epochs = _epochs(len(data.train))
        default = {
            "epochs": epochs.values[0],
            "batch_size": _BATCH,
            "scheduler": "cosine",
            "weight_decay": 0.0,
            "warmup": 0.05,
        }
        shared = {"epochs": epochs, "weight_decay": Choice((0.0, 0.01, 0.1))}
        return (
            FamilySpace("ngrams", {"max_tokens": 2_000_000}),
            FamilySpace("unchanged", {}),
            FamilySpace(
                "lora",
                {"learning_rate": 5e-4, "rank": 16, "alpha": 32, **default},
                {
                    "learning_rate": LogRange(5e-5, 2e-3),
                    "rank": Choice((8, 16, 32)),
                    "alpha": Choice((16, 32, 64)),
                    **shared,
                },
            ),
            FamilySpace(
                "full",
                {"learning_rate": 5e-5, **default},
                {"learning_rate": LogRange(1e-5, 2e-4), **shared},
            ),
        )

    def trial(self, candidate: Candidate, work: Work) -> Trial:
        if candidate.stepwise:
            return StepwiseTrial(candidate, LanguageModel(work), work)
        return Unlearnt(candidate, work)

    def score(self, data: Data, split: str, predictions: Sequence[Any]) -> Scores:
        surprises, counts = zip(*predictions, strict=True)
        return Scores.of(compute(self.task, self.metrics, counts, surprises))


RECIPE = _TextGeneration()


def _epochs(train_rows: int) -> Choice:
    """Few rows are worth reading several times, many are not."""
    if train_rows >= _MANY_STEPS * BATCH_SIZE:
        return Choice((1, 1.5))
    return Choice((3, 5)) if train_rows < 1000 else Choice((2, 3))
