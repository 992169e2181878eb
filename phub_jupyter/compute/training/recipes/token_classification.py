"""Token classification: a text in, a tag for each of its words out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.evaluation.metrics import compute
from phub_jupyter.compute.training.columns import (
    TAG_NAMES,
    WORD_NAMES,
    find_words_and_tags,
    is_string,
)
from phub_jupyter.compute.training.data import Data
from phub_jupyter.compute.training.engine import Engine
from phub_jupyter.compute.training.plan import Candidate
from phub_jupyter.compute.training.recipes.recipe import Trial, Work
from phub_jupyter.compute.training.recipes.text_spaces import encoder_families
from phub_jupyter.compute.training.recipes.token_head import TagHead
from phub_jupyter.compute.training.recipes.token_lookup import TagLookup
from phub_jupyter.compute.training.recipes.token_model import (
    TokenModel,
    load_tagger,
    load_tagging_tokenizer,
)
from phub_jupyter.compute.training.recipes.token_tags import TagColumns
from phub_jupyter.compute.training.scores import Scores
from phub_jupyter.compute.training.settings import Settings
from phub_jupyter.compute.training.space import FamilySpace, LogRange
from phub_jupyter.compute.training.stepwise import StepwiseTrial

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["RECIPE"]

_LENGTHS = (128, 256)  # of tokens; what is longer is cut


# The vectors of all tokens of so many rows are in memory at once.
_FROZEN = FamilySpace(
    "embeddings",
    {"C": 1.0, "max_rows": 400, "max_length": _LENGTHS[0]},
    {"C": LogRange(0.1, 10.0)},
)


@dataclass(frozen=True, slots=True)
class _TokenClassification:
    task: str = "token-classification"
    metrics: tuple[str, ...] = ("f1", "precision", "recall", "accuracy")

    def fits(self, part: Dataset) -> bool:
        kinds = {name: getattr(kind, "feature", None) for name, kind in part.features.items()}
        words = any(is_string(kinds.get(name)) for name in WORD_NAMES)
        tags = (kinds.get(name) for name in TAG_NAMES)
        return words and any(is_string(kind) or hasattr(kind, "names") for kind in tags)

    def read(self, parts: Mapping[str, Dataset], settings: Settings) -> Data:
        words, tags = find_words_and_tags(parts["train"], settings.columns)
        columns = TagColumns.of(parts, words, tags)
        rows = {split: columns.rows(part, split) for split, part in parts.items()}
        columns.check(rows["train"])
        return Data(
            rows["train"],
            rows["validation"],
            rows["test"],
            columns={"words": words, "tags": tags},
            labels=columns.names,
            metrics=self.metrics if columns.entities else ("accuracy",),
        )

    def engine(self, data: Data, model_folder: Path) -> Engine:
        import torch

        model = load_tagger(model_folder, data.labels)
        load_tagging_tokenizer(model_folder)
        tokens = torch.full((16, 32), 5, dtype=torch.long)
        return Engine.choose(
            model,
            {"input_ids": tokens, "attention_mask": torch.ones_like(tokens)},
        )

    def space(self, data: Data) -> tuple[FamilySpace, ...]:
        encoders = encoder_families(len(data.train), _LENGTHS)
        return (FamilySpace("lookup", {}), _FROZEN, *encoders, FamilySpace("guess", {}))

    def trial(self, candidate: Candidate, work: Work) -> Trial:
        if candidate.stepwise:
            return StepwiseTrial(candidate, TokenModel(candidate, work), work)
        if candidate.family == "embeddings":
            return TagHead(candidate, work)
        return TagLookup(candidate, work)

    def score(self, data: Data, split: str, predictions: Sequence[Any]) -> Scores:
        targets = data.split(split).targets
        return Scores.of(compute(self.task, data.metrics, targets, predictions))


RECIPE = _TokenClassification()
