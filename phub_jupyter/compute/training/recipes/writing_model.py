"""A model with an encoder and a decoder that learns to write the target of a text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.training.recipes.recipe import Work
from phub_jupyter.compute.training.recipes.text_encoding import Encoded
from phub_jupyter.compute.training.recipes.writing_base import (
    MOST_WRITTEN,
    Wording,
    load_writer,
    longest_source,
)

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["WritingModel", "first_target"]

_BATCH = 16
_IGNORED = -100  # the label of what only fills a batch up
_ANSWERS = {
    "summarization": ("Summarization", "summary_text"),
    "translation": ("Translation", "translation_text"),
}


@dataclass(frozen=True, slots=True)
class _Pairs:
    """The tokens of both texts, row by row."""

    sources: list[list[int]]
    targets: list[list[int]]


class WritingModel:
    """One candidate's model for a task. It writes as the Inference API will have it write."""

    def __init__(self, task: str, max_length: int, work: Work) -> None:
        self._task = task
        self._wanted_length = max_length
        self._work = work
        self._wording = Wording.of(task, work.model_folder, work.data.columns)

    @cached_property
    def processor(self) -> Any:
        tokenizer = self._wording.tokenizer(self._work.model_folder)
        # What is published reads as much of a text as what was scored.
        tokenizer.model_max_length = longest_source(self._work.model_folder, self._wanted_length)
        return tokenizer

    def load(self, folder: Path) -> PreTrainedModel:
        model = load_writer(folder)
        self._wording.settle(model, self.processor, self._most)
        return model

    def examples(self, split: str) -> Any:
        pairs = self._pairs(split)
        return Encoded(pairs.sources, pairs.targets)

    def collator(self) -> Any:
        from transformers import DataCollatorForSeq2Seq

        return DataCollatorForSeq2Seq(self.processor, label_pad_token_id=_IGNORED)

    def predict(self, model: PreTrainedModel, split: str) -> Sequence[Any]:
        """What the model writes for each text, found by the pipeline that serves it later."""
        name, key = _ANSWERS[self._task]
        module = import_module(f"phub_jupyter.compute.inference.pipelines.{self._task}")
        model.train(False)
        pipeline = getattr(module, name)(model, self.processor)
        texts = self._work.data.split(split).inputs["source"]
        written = [""] * len(texts)
        for rows in _by_length(texts):
            self._work.check()
            request = module.parse({"inputs": [texts[row] for row in rows]})
            answers = pipeline.shape(request, pipeline.run(pipeline.tokenise(request)))
            for row, answer in zip(rows, answers, strict=True):
                written[row] = answer[key]
        return written

    def cut(self, split: str) -> int:
        """How many texts of a split are longer than what is read of them."""
        longest = int(self.processor.model_max_length)
        found = self.processor(self._asked(split), truncation=False, verbose=False)["input_ids"]
        return sum(len(ids) > longest for ids in found)

    @property
    def _most(self) -> int:
        """How many tokens are written at most: what is enough for 99 of 100 training targets."""

        def count() -> int:
            lengths = sorted(map(len, self._pairs("train").targets))
            return lengths[(len(lengths) * 99) // 100]

        return int(self._work.once(("most written",), count))

    def _pairs(self, split: str) -> _Pairs:
        def make() -> _Pairs:
            cut = {"truncation": True, "max_length": int(self.processor.model_max_length)}
            sources = self.processor(self._asked(split), **cut)["input_ids"]
            targets = [first_target(target) for target in self._work.data.split(split).targets]
            cut["max_length"] = longest_source(self._work.model_folder, MOST_WRITTEN)
            return _Pairs(sources, self.processor(text_target=targets, **cut)["input_ids"])

        pairs: _Pairs = self._work.once(("pairs", split, self.processor.model_max_length), make)
        return pairs

    def _asked(self, split: str) -> list[str]:
        return [
            self._wording.prefix + text for text in self._work.data.split(split).inputs["source"]
        ]


def first_target(target: Any) -> str:
    """What is learnt: of several right texts the first."""
    return str(target if isinstance(target, str) else target[0])


def _by_length(texts: Sequence[str]) -> Iterator[list[int]]:
    order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
    for start in range(0, len(order), _BATCH):
        yield order[start : start + _BATCH]
