"""Sentence similarity: two texts in, how alike they are out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.evaluation.metrics import compute
from phub_jupyter.compute.training.columns import (
    FIRST_NAMES,
    SCORE_NAMES,
    SECOND_NAMES,
    find_pair,
    is_float,
    is_string,
)
from phub_jupyter.compute.training.data import Data, Rows
from phub_jupyter.compute.training.engine import Engine
from phub_jupyter.compute.training.plan import Candidate
from phub_jupyter.compute.training.recipes.classes import check_numbers, number_targets
from phub_jupyter.compute.training.recipes.recipe import Trial, Work
from phub_jupyter.compute.training.recipes.sentence_encoder import SentenceEncoder, SentenceTrial
from phub_jupyter.compute.training.recipes.sentence_folder import SentenceFolder
from phub_jupyter.compute.training.recipes.sentence_unlearnt import Unlearnt
from phub_jupyter.compute.training.recipes.text_spaces import encoder_families
from phub_jupyter.compute.training.recipes.texts import texts_of
from phub_jupyter.compute.training.scores import Scores
from phub_jupyter.compute.training.settings import Settings
from phub_jupyter.compute.training.space import FamilySpace

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["RECIPE"]

_LENGTH = 128  # of tokens, for the base model as it is


@dataclass(frozen=True, slots=True)
class _SentenceSimilarity:
    task: str = "sentence-similarity"
    metrics: tuple[str, ...] = ("spearman", "pearson")

    def fits(self, part: Dataset) -> bool:
        kinds = dict(part.features)
        sides = [
            any(is_string(kinds.get(name)) for name in names)
            for names in (FIRST_NAMES, SECOND_NAMES)
        ]
        return all(sides) and any(is_float(kinds.get(name)) for name in SCORE_NAMES)

    def read(self, parts: Mapping[str, Dataset], settings: Settings) -> Data:
        first, second, score = find_pair(parts["train"], settings.columns)
        rows = {
            split: Rows(
                {
                    "sentence1": texts_of(part, split, first, "sentence1"),
                    "sentence2": texts_of(part, split, second, "sentence2"),
                },
                number_targets(part, split, score, "score"),
            )
            for split, part in parts.items()
        }
        check_numbers(rows["train"].targets, score, "score")
        return Data(
            rows["train"],
            rows["validation"],
            rows["test"],
            columns={"sentence1": first, "sentence2": second, "score": score},
        )

    def engine(self, data: Data, model_folder: Path) -> Engine:
        import torch

        base = SentenceFolder.of(model_folder)
        model = base.load(model_folder)
        base.tokenizer()
        tokens = torch.full((16, 32), 5, dtype=torch.long)
        return Engine.choose(
            model, {"input_ids": tokens, "attention_mask": torch.ones_like(tokens)}
        )

    def space(self, data: Data) -> tuple[FamilySpace, ...]:
        return (
            FamilySpace("cosine", {}),
            FamilySpace("unchanged", {"max_length": _LENGTH}),
            FamilySpace("overlap", {}),
            *encoder_families(len(data.train)),
        )

    def trial(self, candidate: Candidate, work: Work) -> Trial:
        if not candidate.stepwise:
            return Unlearnt(candidate, work)
        encoder = SentenceEncoder(int(candidate.parameters["max_length"]), work)
        return SentenceTrial(candidate, encoder, work)

    def score(self, data: Data, split: str, predictions: Sequence[Any]) -> Scores:
        targets = data.split(split).targets
        return Scores.of(compute(self.task, self.metrics, targets, predictions))


RECIPE = _SentenceSimilarity()
