"""A transformers model that points at the first and the last token of an answer."""

from __future__ import annotations

import random
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.evaluation.readings.reading import ModelFacts
from phub_jupyter.compute.inference.pipelines.answer_spans import WindowScores, score_window
from phub_jupyter.compute.inference.pipelines.answer_windows import (
    QUESTION_TOKENS,
    Window,
    answer_windows,
    shortened,
)
from phub_jupyter.compute.inference.pipelines.question_answering import ANSWER_TOKENS
from phub_jupyter.compute.inference.pipelines.tokens import (
    TokenisedText,
    longest_input,
    pad,
    tokenised,
)
from phub_jupyter.compute.training.recipes.loading import load_base
from phub_jupyter.compute.training.recipes.question_rows import NOWHERE, Place
from phub_jupyter.compute.training.recipes.recipe import Work
from phub_jupyter.compute.training.recipes.token_model import load_tagging_tokenizer
from phub_jupyter.errors import InvalidRequestError

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["QuestionModel", "load_pointer"]

_BATCH = 32
_ROWS_AT_ONCE = 128
_MARKS = ("start_positions", "end_positions")


def load_pointer(folder: Path) -> PreTrainedModel:
    """The model in a folder, with two new outputs a token if it has none.

    Raises InvalidRequestError.
    """
    from transformers.models.auto.modeling_auto import MODEL_FOR_QUESTION_ANSWERING_MAPPING_NAMES

    kind = str(ModelFacts.of("", folder).config.get("model_type", ""))
    if kind and kind not in MODEL_FOR_QUESTION_ANSWERING_MAPPING_NAMES:
        raise InvalidRequestError(
            f"model: one of type '{kind}' cannot learn to point at answers in a text; start from "
            "an encoder of texts such as BERT or RoBERTa."
        )
    return load_base("AutoModelForQuestionAnswering", folder)


@dataclass(frozen=True, slots=True)
class _Examples:
    """Windows to learn from, in the shape that the Trainer takes: a sequence of rows."""

    columns: dict[str, list[Any]]

    @property
    def token_ids(self) -> list[Any]:
        """The tokens of each window."""
        return self.columns["input_ids"]

    def __len__(self) -> int:
        return len(self.token_ids)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return {name: values[index] for name, values in self.columns.items()}


class QuestionModel:
    """One candidate's model. It finds answers in windows, as the Inference API does later."""

    def __init__(self, max_length: int, work: Work) -> None:
        self._wanted_length = max_length
        self._work = work

    @cached_property
    def processor(self) -> Any:
        folder = self._work.model_folder
        tokenizer = load_tagging_tokenizer(folder)
        seen = self._work.once("longest input", lambda: longest_input(self.load(folder), tokenizer))
        # What is published sees as much of a text at a time as what was scored.
        tokenizer.model_max_length = min(self._wanted_length, int(seen))
        return tokenizer

    def load(self, folder: Path) -> PreTrainedModel:
        return load_pointer(folder)

    def examples(self, split: str) -> Any:
        key = ("questions", split, int(self.processor.model_max_length))
        return self._work.once(key, lambda: self._examples(split))

    def collator(self) -> Any:
        return self._batch

    def predict(self, model: PreTrainedModel, split: str) -> list[list[WindowScores]]:
        """What the windows of each row hold, of which answers are to be made.

        Windows are cut again each time: all of a split would take more memory than the model.
        """
        model.train(False).to(self._work.engine.device)
        count = len(self._work.data.split(split))
        scored: list[list[WindowScores]] = []
        for first in range(0, count, _ROWS_AT_ONCE):
            rows = range(first, min(count, first + _ROWS_AT_ONCE))
            scored += self._scored(model, [self._windows(split, row) for row in rows])
        return scored

    def _scored(
        self, model: PreTrainedModel, rows: list[list[TokenisedText]]
    ) -> list[list[WindowScores]]:
        import torch

        pairs = [(row, item) for row, items in enumerate(rows) for item in items]
        pairs.sort(key=lambda pair: pair[1].length)
        scored: list[list[WindowScores]] = [[] for _ in rows]
        for first in range(0, len(pairs), _BATCH):
            self._work.check()
            some = pairs[first : first + _BATCH]
            batch = pad(self.processor, [item for _, item in some])
            batch = {name: value.to(self._work.engine.device) for name, value in batch.items()}
            with torch.inference_mode(), self._work.engine.autocast():
                output = model(**batch)
            starts = output.start_logits.float().cpu().numpy()
            ends = output.end_logits.float().cpu().numpy()
            for (row, item), start, end in zip(some, starts, ends, strict=True):
                size, window = item.length, item.about
                found = score_window(
                    start[:size],
                    end[:size],
                    window.places,
                    window.nothing,
                    longest=ANSWER_TOKENS,
                    count=1,
                )
                scored[row].append(found)
        return scored

    def _windows(self, split: str, row: int, whole_words: bool = True) -> list[TokenisedText]:
        """A row in windows, each about its `Window`. Raises InvalidRequestError naming the row."""
        tokenizer, inputs = self.processor, self._work.data.split(split).inputs
        try:
            question = shortened(tokenizer, inputs["question"][row], QUESTION_TOKENS)
            encoding, windows = answer_windows(
                tokenizer,
                question,
                inputs["context"][row],
                int(tokenizer.model_max_length),
                whole_words=whole_words,
            )
            return tokenised(tokenizer, encoding, windows)
        except InvalidRequestError as error:
            raise InvalidRequestError(
                f"dataset: row {row} of split '{split}' cannot be read; change or remove it "
                f"({error.message})"
            ) from None

    def _examples(self, split: str) -> _Examples:
        places, columns = self._work.data.split(split).inputs["place"], dict[str, list[Any]]()
        drawn = random.Random(self._work.seed)  # noqa: S311
        for row, place in enumerate(places):
            if place == NOWHERE:
                continue
            self._work.check()
            for item, marked in self._learnt(split, row, place, drawn):
                for name, tokens in item.columns.items():
                    columns.setdefault(name, []).append(array("l", tokens))
                for name, token in zip(_MARKS, marked, strict=True):
                    columns.setdefault(name, []).append(token)
        if not columns:
            raise InvalidRequestError(
                f"dataset: no answer of split '{split}' fits into a window of "
                f"{self.processor.model_max_length} tokens; shorten them."
            )
        return _Examples(columns)

    def _learnt(
        self, split: str, row: int, place: Place | None, drawn: random.Random
    ) -> Iterator[tuple[TokenisedText, Place]]:
        """The windows of a row that hold its answer, and one of those that do not.

        All of those would drown the others where texts are long.
        """
        without = []
        for item in self._windows(split, row, whole_words=False):
            marked = None if place is None else _marked(item.about, place)
            if marked is not None:
                yield item, marked
            elif item.about.nothing is not None:
                without.append(item)
        if without:
            item = drawn.choice(without)
            yield item, (item.about.nothing, item.about.nothing)

    def _batch(self, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
        import torch

        plain = [{name: list(row[name]) for name in row if name not in _MARKS} for row in rows]
        batch = pad(self.processor, [TokenisedText(columns) for columns in plain])
        for name in _MARKS:
            batch[name] = torch.tensor([row[name] for row in rows])
        return batch


def _marked(window: Window, place: Place) -> Place | None:
    """The first and last token of the answer; None where the window does not hold all of it."""
    inside = [(at, spot) for at, spot in enumerate(window.places) if spot is not None]
    if not inside or inside[0][1][0] > place[0] or inside[-1][1][1] < place[1]:
        return None
    touched = [at for at, spot in inside if spot[0] < place[1] and spot[1] > place[0]]
    return (touched[0], touched[-1]) if touched else None
