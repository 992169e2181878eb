"""Text classification: a text in, one of several classes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.evaluation.metrics import compute
from phub_jupyter.compute.training.columns import (
    LABEL_NAMES,
    TEXT_NAMES,
    find_column,
    is_string,
)
from phub_jupyter.compute.training.data import Data, Rows
from phub_jupyter.compute.training.engine import Engine
from phub_jupyter.compute.training.plan import Candidate
from phub_jupyter.compute.training.recipes.classes import check_classes, class_names, class_targets
from phub_jupyter.compute.training.recipes.loading import load_base
from phub_jupyter.compute.training.recipes.recipe import Trial, Work
from phub_jupyter.compute.training.recipes.text_encoding import Encoded, encode, run_batches
from phub_jupyter.compute.training.recipes.text_heads import TextHead
from phub_jupyter.compute.training.recipes.text_spaces import TEXT_HEADS, encoder_families
from phub_jupyter.compute.training.recipes.texts import texts_of
from phub_jupyter.compute.training.scores import Scores
from phub_jupyter.compute.training.settings import Settings
from phub_jupyter.compute.training.space import FamilySpace
from phub_jupyter.compute.training.stepwise import StepwiseTrial

if TYPE_CHECKING:
    import torch
    from datasets import Dataset
    from transformers import PreTrainedModel

__all__ = ["RECIPE"]


@dataclass(frozen=True, slots=True)
class _TextClassification:
    task: str = "text-classification"
    metrics: tuple[str, ...] = ("accuracy", "f1")

    def fits(self, part: Dataset) -> bool:
        kinds = dict(part.features)
        label = next((kinds[name] for name in LABEL_NAMES if name in kinds), None)
        is_text = [_may_be_text(name, kind) for name, kind in kinds.items()]
        return any(is_text) and label is not None and _may_be_class(label)

    def read(self, parts: Mapping[str, Dataset], settings: Settings) -> Data:
        train = parts["train"]
        wanted = settings.columns
        text = find_column(train, "text", TEXT_NAMES, _may_be_text, wanted.get("text"))

        def may_be_label(name: str, kind: Any) -> bool:
            return name != text and (name in LABEL_NAMES or hasattr(kind, "names"))

        label = find_column(train, "label", LABEL_NAMES, may_be_label, wanted.get("label"))
        names = class_names(train, label)
        rows = {
            split: Rows(
                {"text": texts_of(part, split, text)}, class_targets(part, split, label, names)
            )
            for split, part in parts.items()
        }
        check_classes(rows["train"].targets, names, label)
        return Data(
            **rows,
            columns={"text": text, "label": label},
            labels=names,
            problem="single_label",
        )

    def engine(self, data: Data, model_folder: Path) -> Engine:
        import torch

        model = _load(model_folder, data.labels)
        tokens = torch.full((16, 32), 5, dtype=torch.long)
        return Engine.choose(
            model, {"input_ids": tokens, "attention_mask": torch.ones_like(tokens)}
        )

    def space(self, data: Data) -> tuple[FamilySpace, ...]:
        return (*TEXT_HEADS, *encoder_families(len(data.train)), FamilySpace("guess", {}))

    def trial(self, candidate: Candidate, work: Work) -> Trial:
        if candidate.stepwise:
            return StepwiseTrial(candidate, _TextModel(candidate, work), work)
        return TextHead(candidate, work)

    def score(self, data: Data, split: str, predictions: Sequence[Any]) -> Scores:
        targets = data.split(split).targets
        return Scores.of(compute(self.task, self.metrics, targets, predictions))


RECIPE = _TextClassification()


class _TextModel:
    """A sequence classifier over the classes of the data."""

    def __init__(self, candidate: Candidate, work: Work) -> None:
        self._wanted_length = int(candidate.parameters["max_length"])
        self._work = work

    @cached_property
    def processor(self) -> Any:
        from transformers import AutoTokenizer

        return AutoTokenizer.from_pretrained(self._work.model_folder)

    @property
    def _max_length(self) -> int:
        return min(self._wanted_length, int(self.processor.model_max_length))

    def load(self, folder: Path) -> PreTrainedModel:
        return _load(folder, self._work.data.labels)

    def examples(self, split: str) -> Any:
        rows = self._work.data.split(split)
        return Encoded(self._tokens(split), rows.targets)

    def _tokens(self, split: str) -> list[list[int]]:
        def make() -> list[list[int]]:
            texts = self._work.data.split(split).inputs["text"]
            return encode(self.processor, texts, None, self._max_length).token_ids

        tokens: list[list[int]] = self._work.once(("tokens", split, self._max_length), make)
        return tokens

    def collator(self) -> Any:
        from transformers import DataCollatorWithPadding

        return DataCollatorWithPadding(self.processor)

    def predict(self, model: PreTrainedModel, split: str) -> Sequence[Any]:
        rows = Encoded(self._tokens(split))
        found: Any = run_batches(model, self.processor, rows, _probabilities, self._work)
        return list(found)


def _load(folder: Path, labels: tuple[str, ...]) -> PreTrainedModel:
    names = dict(enumerate(labels))
    return load_base(
        "AutoModelForSequenceClassification",
        folder,
        id2label=names,
        label2id={name: number for number, name in names.items()},
    )


def _may_be_text(name: str, kind: Any) -> bool:
    return is_string(kind) and name not in LABEL_NAMES


def _may_be_class(kind: Any) -> bool:
    dtype = str(getattr(kind, "dtype", ""))
    return hasattr(kind, "names") or is_string(kind) or dtype.startswith(("int", "uint", "bool"))


def _probabilities(output: Any, mask: torch.Tensor) -> torch.Tensor:
    probabilities: torch.Tensor = output.logits.float().softmax(-1)
    return probabilities
