"""Extractive question answering: a question and a text in, the part that answers it out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.evaluation.metrics import compute
from phub_jupyter.compute.evaluation.readings.answers import find_answers
from phub_jupyter.compute.inference.pipelines.answer_windows import WINDOW_TOKENS
from phub_jupyter.compute.training.columns import is_string
from phub_jupyter.compute.training.data import Data
from phub_jupyter.compute.training.engine import Engine
from phub_jupyter.compute.training.plan import Candidate
from phub_jupyter.compute.training.recipes.question_model import QuestionModel, load_pointer
from phub_jupyter.compute.training.recipes.question_overlap import QuestionOverlap
from phub_jupyter.compute.training.recipes.question_rows import NOWHERE, question_rows
from phub_jupyter.compute.training.recipes.recipe import Trial, Work
from phub_jupyter.compute.training.recipes.text_spaces import encoder_families
from phub_jupyter.compute.training.recipes.token_model import load_tagging_tokenizer
from phub_jupyter.compute.training.scores import Scores
from phub_jupyter.compute.training.settings import Settings
from phub_jupyter.compute.training.space import FamilySpace
from phub_jupyter.errors import InvalidRequestError

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["RECIPE"]

_ANSWERS = ("answers", "answer", "answer_text")
_LENGTHS = (WINDOW_TOKENS // 3 * 2, WINDOW_TOKENS)


@dataclass(frozen=True, slots=True)
class _QuestionAnswering:
    task: str = "question-answering"
    metrics: tuple[str, ...] = ("f1", "exact_match")

    def fits(self, part: Dataset) -> bool:
        texts = {name for name, kind in part.features.items() if is_string(kind)}
        answered = any(name in part.column_names for name in _ANSWERS)
        return {"question", "context"} <= texts and answered

    def read(self, parts: Mapping[str, Dataset], settings: Settings) -> Data:
        found = find_answers(parts["train"], settings.columns)
        rows = {split: question_rows(found, part, split) for split, part in parts.items()}
        some = any(not answers for answers in rows["train"].targets)
        return Data(
            rows["train"],
            rows["validation"],
            rows["test"],
            columns=found.columns,
            problem="some_without_answer" if some else "",
        )

    def engine(self, data: Data, model_folder: Path) -> Engine:
        import torch

        model, tokenizer = load_pointer(model_folder), load_tagging_tokenizer(model_folder)
        if data.problem and tokenizer.cls_token_id is None:
            raise InvalidRequestError(
                "model: its tokenizer has no [CLS] token to point at when there is no answer; "
                "start from an encoder such as BERT, or remove the rows without an answer."
            )
        tokens = torch.full((4, 64), 5, dtype=torch.long)
        return Engine.choose(
            model, {"input_ids": tokens, "attention_mask": torch.ones_like(tokens)}
        )

    def remarks(self, data: Data, model_folder: Path) -> Sequence[str]:
        places = data.train.inputs["place"]
        nowhere = sum(place == NOWHERE for place in places)
        if not nowhere:
            return []
        return [
            f"{nowhere:,} of {len(places):,} train answers do not stand in their text word for "
            "word; nothing is learnt from those rows."
        ]

    def space(self, data: Data) -> tuple[FamilySpace, ...]:
        encoders = encoder_families(len(data.train), _LENGTHS)
        return (FamilySpace("overlap", {}), *encoders, FamilySpace("guess", {}))

    def trial(self, candidate: Candidate, work: Work) -> Trial:
        if candidate.stepwise:
            from phub_jupyter.compute.training.recipes.question_trial import QuestionTrial

            length = int(candidate.parameters["max_length"])
            return QuestionTrial(candidate, QuestionModel(length, work), work)
        return QuestionOverlap(candidate, work)

    def score(self, data: Data, split: str, predictions: Sequence[Any]) -> Scores:
        targets = data.split(split).targets
        return Scores.of(compute(self.task, self.metrics, targets, predictions))


RECIPE = _QuestionAnswering()
