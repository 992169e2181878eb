"""A transformers model that points at the first and the last token of an answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.inference.pipelines.answer_spans import best_spans, score_window
from phub_jupyter.compute.inference.pipelines.answer_windows import (
    QUESTION_TOKENS,
    Window,
    answer_windows,
    shortened,
)
from phub_jupyter.compute.inference.pipelines.question_answering import ANSWER_TOKENS
from phub_jupyter.compute.inference.pipelines.tokens import TokenisedText, pad, tokenised
from phub_jupyter.compute.training.recipes.loading import load_base
from phub_jupyter.compute.training.recipes.question_rows import NOWHERE, Place
from phub_jupyter.compute.training.recipes.recipe import Work
from phub_jupyter.compute.training.recipes.token_model import load_tagging_tokenizer

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["QuestionModel", "has_silence", "load_pointer"]

_BATCH = 32
_MARKS = ("start_positions", "end_positions")


def load_pointer(folder: Path) -> PreTrainedModel:
    """The model in a folder, with two new outputs a token if it has none."""
    return load_base("AutoModelForQuestionAnswering", folder)


def has_silence(work: Work) -> bool:
    """Whether a training row says that its text holds no answer, so that a model may say so."""
    return any(not answers for answers in work.data.train.targets)


@dataclass(frozen=True, slots=True)
class _Cut:
    """A split in windows: the tokens of each, the row that it is of, and what is where in it."""

    items: list[TokenisedText]
    rows: list[int]
    windows: list[Window]


class QuestionModel:
    """One candidate's model. It finds answers in windows, as the Inference API does later."""

    def __init__(self, max_length: int, work: Work) -> None:
        self._wanted_length = max_length
        self._work = work

    @cached_property
    def processor(self) -> Any:
        tokenizer = load_tagging_tokenizer(self._work.model_folder)
        # What is published sees as much of a text at a time as what was scored.
        tokenizer.model_max_length = min(self._wanted_length, int(tokenizer.model_max_length))
        return tokenizer

    def load(self, folder: Path) -> PreTrainedModel:
        return load_pointer(folder)

    def examples(self, split: str) -> Any:
        cut, places = self._cut(split), self._work.data.split(split).inputs["place"]
        rows = []
        for item, row, window in zip(cut.items, cut.rows, cut.windows, strict=True):
            marked = None if places[row] == NOWHERE else _marked(window, places[row])
            if marked is not None:
                rows.append((item, marked))
        return _Examples(rows)

    def collator(self) -> Any:
        return self._batch

    def _batch(self, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
        import torch

        plain = [{name: row[name] for name in row if name not in _MARKS} for row in rows]
        batch = pad(self.processor, [TokenisedText(columns) for columns in plain])
        for name in _MARKS:
            batch[name] = torch.tensor([row[name] for row in rows])
        return batch

    def predict(self, model: PreTrainedModel, split: str) -> Sequence[Any]:
        """The most likely part of each text; an empty one where it is that there is no answer."""
        cut, contexts = self._cut(split), self._work.data.split(split).inputs["context"]
        scored: list[list[Any]] = [[] for _ in contexts]
        for places, starts, ends in self._run(model, cut):
            for place, start, end in zip(places, starts, ends, strict=True):
                window, size = cut.windows[place], cut.items[place].length
                found = score_window(
                    start[:size],
                    end[:size],
                    window.places,
                    window.nothing,
                    longest=ANSWER_TOKENS,
                    count=1,
                )
                scored[cut.rows[place]].append(found)
        silent = has_silence(self._work)
        answers = []
        for context, windows in zip(contexts, scored, strict=True):
            spans = best_spans(windows, count=1, may_be_missing=silent)
            answers.append(context[spans[0].start : spans[0].end].strip() if spans else "")
        return answers

    def _run(self, model: PreTrainedModel, cut: _Cut) -> Iterator[tuple[list[int], Any, Any]]:
        """Numbers of windows with the scores of their tokens as first and as last ones."""
        import torch

        model.train(False).to(self._work.engine.device)
        order = sorted(range(len(cut.items)), key=lambda place: cut.items[place].length)
        for first in range(0, len(order), _BATCH):
            self._work.check()
            places = order[first : first + _BATCH]
            batch = pad(self.processor, [cut.items[place] for place in places])
            batch = {name: value.to(self._work.engine.device) for name, value in batch.items()}
            with torch.inference_mode(), self._work.engine.autocast():
                output = model(**batch)
            yield (
                places,
                output.start_logits.float().cpu().numpy(),
                output.end_logits.float().cpu().numpy(),
            )

    def _cut(self, split: str) -> _Cut:
        longest = int(self.processor.model_max_length)

        def make() -> _Cut:
            cut, inputs = _Cut([], [], []), self._work.data.split(split).inputs
            pairs = zip(inputs["question"], inputs["context"], strict=True)
            for row, (question, context) in enumerate(pairs):
                short = shortened(self.processor, question, QUESTION_TOKENS)
                encoding, windows = answer_windows(self.processor, short, context, longest)
                cut.items.extend(tokenised(self.processor, encoding))
                cut.windows.extend(windows)
                cut.rows.extend([row] * len(windows))
            return cut

        found: _Cut = self._work.once(("questions", split, longest), make)
        return found


class _Examples:
    """Windows in the shape that the Trainer takes."""

    def __init__(self, rows: Sequence[tuple[TokenisedText, Place]]) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> dict[str, Any]:
        item, marked = self._rows[index]
        return {**item.columns, **dict(zip(_MARKS, marked, strict=True))}


def _marked(window: Window, place: Place | None) -> Place | None:
    """The first and last token of the answer; of no answer where a window does not hold all of it.

    None if the model has no token that says so.
    """
    nothing = None if window.nothing is None else (window.nothing, window.nothing)
    inside = [(at, spot) for at, spot in enumerate(window.places) if spot is not None]
    if place is None or not inside or inside[0][1][0] > place[0] or inside[-1][1][1] < place[1]:
        return nothing
    touched = [at for at, spot in inside if spot[0] < place[1] and spot[1] > place[0]]
    return (touched[0], touched[-1]) if touched else nothing
