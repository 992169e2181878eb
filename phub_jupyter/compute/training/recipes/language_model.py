"""A causal language model: how surely it writes what the rows say, and how it learns to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.training.recipes.language_base import (
    load_language_model,
    load_language_tokenizer,
    rows_length,
    stop_tokens,
)
from phub_jupyter.compute.training.recipes.language_tokens import IGNORED, TokenRows, tokenized
from phub_jupyter.compute.training.recipes.recipe import Work
from phub_jupyter.compute.training.recipes.text_encoding import Encoded

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

__all__ = ["LanguageModel", "token_rows"]

_TOKENS_AT_A_TIME = 1024  # while scoring: a number for each word of the vocabulary and each token


def token_rows(work: Work, split: str) -> TokenRows:
    """The tokens of a split, the same for all candidates, so that their scores compare."""

    def make() -> TokenRows:
        folder = work.model_folder
        return tokenized(
            load_language_tokenizer(folder),
            stop_tokens(folder),
            work.data.split(split).targets,
            split,
            rows_length(folder),
        )

    rows: TokenRows = work.once(("language", split), make)
    return rows


class LanguageModel:
    """The base model with its tokenizer; its own head is what writes, so none is new."""

    def __init__(self, work: Work) -> None:
        self._work = work

    @cached_property
    def processor(self) -> Any:
        return load_language_tokenizer(self._work.model_folder)

    def load(self, folder: Path) -> PreTrainedModel:
        return load_language_model(folder)

    def examples(self, split: str) -> Any:
        rows = token_rows(self._work, split).learnable()
        return Encoded(rows.ids, rows.labels)

    def collator(self) -> Any:
        return _batch

    def predict(self, model: PreTrainedModel, split: str) -> Sequence[Any]:
        """For each row the summed negative logarithm of its tokens, and how many those are."""
        import torch

        engine, rows = self._work.engine, token_rows(self._work, split)
        counts = rows.counts()
        model.train(False).to(engine.device)
        found = [0.0] * len(counts)
        for numbers in _by_length(rows.ids):
            self._work.check()
            picked = [
                {"input_ids": rows.ids[number], "labels": rows.labels[number]} for number in numbers
            ]
            batch = {name: value.to(engine.device) for name, value in _batch(picked).items()}
            labels = batch.pop("labels")
            with torch.inference_mode(), engine.autocast():
                logits = model(**batch, use_cache=False).logits
            for number, loss in zip(numbers, _losses(logits, labels), strict=True):
                found[number] = loss
        return list(zip(found, counts, strict=True))


def _losses(logits: torch.Tensor, labels: torch.Tensor) -> list[float]:
    """The summed negative logarithm of each row. Only asked tokens are looked at: it is much."""
    import torch

    found = []
    for scores, wanted in zip(logits, labels, strict=True):
        asked = wanted[1:] != IGNORED
        loss = torch.nn.functional.cross_entropy(
            scores[:-1][asked].float(), wanted[1:][asked], reduction="sum"
        )
        found.append(float(loss) if bool(asked.any()) else 0.0)
    return found


def _batch(rows: Sequence[dict[str, Any]]) -> dict[str, torch.Tensor]:
    """Rows filled up at their ends; what fills is not looked at, so any token will do."""
    import torch

    longest = max(len(row["input_ids"]) for row in rows)

    def filled(name: str, value: int) -> torch.Tensor:
        return torch.tensor([row[name] + [value] * (longest - len(row[name])) for row in rows])

    masks = [{"mask": [1] * len(row["input_ids"])} for row in rows]
    return {
        "input_ids": filled("input_ids", 0),
        "attention_mask": torch.tensor(
            [row["mask"] + [0] * (longest - len(row["mask"])) for row in masks]
        ),
        "labels": filled("labels", IGNORED),
    }


def _by_length(ids: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Rows of about the same length, about so many tokens at a time."""
    chosen: list[int] = []
    for number in sorted(range(len(ids)), key=lambda number: len(ids[number])):
        if chosen and (len(chosen) + 1) * len(ids[number]) > _TOKENS_AT_A_TIME:
            yield chosen
            chosen = []
        chosen.append(number)
    if chosen:
        yield chosen
