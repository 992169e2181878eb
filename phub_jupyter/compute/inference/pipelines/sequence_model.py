"""What summarization and translation share: models that read a text whole, then write another."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from phub_jupyter.compute.inference.pipelines.call import Call, choice, flag
from phub_jupyter.compute.inference.pipelines.generation_settings import (
    FIELDS,
    Settings,
    generated,
    read_settings,
)
from phub_jupyter.compute.inference.pipelines.tensors import blame_model
from phub_jupyter.compute.inference.pipelines.tokens import (
    TokenisedText,
    cut,
    longest_input,
    pad,
    tokenised,
)
from phub_jupyter.compute.inference.precision import describe, fit, on_device
from phub_jupyter.errors import InvalidRequestError

__all__ = ["PARAMETERS", "SequenceModel", "WritingWishes", "read_wishes"]

PARAMETERS = (
    *("generate_parameters", "clean_up_tokenization_spaces", "truncation"),
    *FIELDS,
)
_TRUNCATIONS = ("do_not_truncate", "longest_first", "only_first", "only_second")
_BEAMS_AT_ONCE = 64
_SECONDS = 120


@dataclass(frozen=True, slots=True)
class WritingWishes:
    """How the model is told to write; texts with equal wishes share a batch."""

    settings: Settings
    clean_up: bool | None
    cut: bool


def read_wishes(call: Call) -> WritingWishes:
    """The parameters of `PARAMETERS`; the model's settings stand in an object or by themselves."""
    sent = call.parameters
    settings = dict(
        read_settings("parameters.generate_parameters", sent.get("generate_parameters"))
    )
    own = {name: sent[name] for name in FIELDS if name in sent}
    settings.update(read_settings("parameters", own))
    clean_up = sent.get("clean_up_tokenization_spaces")
    truncation = choice(
        "parameters.truncation", sent.get("truncation", "longest_first"), _TRUNCATIONS
    )
    return WritingWishes(
        tuple(sorted(settings.items())),
        None if clean_up is None else flag("parameters.clean_up_tokenization_spaces", clean_up),
        truncation != "do_not_truncate",
    )


class SequenceModel:
    """A model with its tokenizer. ``about`` of its items is how `generate` is called for them."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        if tokenizer.pad_token_id is None and tokenizer.eos_token_id is not None:
            tokenizer.pad_token = tokenizer.eos_token
        self.tokenizer = tokenizer
        self.config = model.config
        self.generation_config = model.generation_config
        self.max_length = longest_input(model, tokenizer)
        self._model = on_device(model)

    def describe(self) -> dict[str, Any]:
        """How the model runs here."""
        return describe(self._model, max_tokens=self.max_length)

    def own_settings(self, task: str) -> dict[str, Any]:
        """What the model's configuration says of a task: its prefix, and how it likes to write."""
        tasks = getattr(self.config, "task_specific_params", None)
        found = tasks.get(task) if isinstance(tasks, dict) else None
        return found if isinstance(found, dict) else {}

    def tokenise(
        self, texts: Sequence[str], wishes: WritingWishes, own: dict[str, Any], **forced: Any
    ) -> list[TokenisedText]:
        """Cut texts into tokens. ``own`` are the model's settings, which the caller's override.

        ``forced`` go to `generate` as they are.
        """
        options = {} if wishes.cut else {"truncation": False, "max_length": None}
        encoding = cut(self.tokenizer, texts, self.max_length, **options)
        self._check(encoding["input_ids"])
        settings = {**_usable(own), **dict(wishes.settings)}
        about = (tuple(sorted(settings.items())), tuple(forced.items()), wishes.clean_up)
        return tokenised(self.tokenizer, encoding, [about] * len(texts))

    def _check(self, rows: Iterable[Sequence[int]]) -> None:
        for index, ids in enumerate(rows):
            if len(ids) > self.max_length:
                raise InvalidRequestError(
                    f"inputs: text {index + 1} has {len(ids)} tokens, and the model sees "
                    f"{self.max_length}; shorten it, or leave parameters.truncation out."
                )

    def run(self, items: Sequence[TokenisedText]) -> list[str]:
        """Run one batch; the text for each item."""
        alike: dict[Any, list[int]] = {}
        for index, item in enumerate(items):
            alike.setdefault(item.about, []).append(index)
        outputs = [""] * len(items)
        for about, indices in alike.items():
            size = max(1, _BEAMS_AT_ONCE // self._beams(about[0]))
            for start in range(0, len(indices), size):
                part = indices[start : start + size]
                written = self._write([items[index] for index in part], *about)
                for index, text in zip(part, written, strict=True):
                    outputs[index] = text
        return outputs

    def _beams(self, settings: Settings) -> int:
        return int(dict(settings).get("num_beams") or self.generation_config.num_beams or 1)

    def _write(
        self,
        items: Sequence[TokenisedText],
        settings: Settings,
        forced: tuple[tuple[str, Any], ...],
        clean_up: bool | None,
    ) -> list[str]:
        started = time.monotonic()
        columns = pad(self.tokenizer, items)
        columns.pop("token_type_ids", None)  # models that write have none, whatever tokenizers do
        with blame_model():
            ids = generated(
                self._model, fit(columns, self._model), settings, max_time=_SECONDS, **dict(forced)
            )
        if time.monotonic() - started >= _SECONDS:
            raise InvalidRequestError(
                f"inputs: writing took more than {_SECONDS} seconds; ask for fewer new tokens, or "
                "send fewer texts at a time."
            )
        texts = self.tokenizer.batch_decode(
            ids, skip_special_tokens=True, clean_up_tokenization_spaces=clean_up
        )
        return [str(text).strip() for text in texts]


def _usable(own: dict[str, Any]) -> dict[str, Any]:
    """Of what a repository's configuration says, the settings that a caller may give too."""
    found: dict[str, Any] = {}
    for name in FIELDS:
        if own.get(name) is not None:
            try:
                found.update(read_settings("config.json", {name: own[name]}))
            except InvalidRequestError:  # beyond the limits here: the model writes as usual
                continue
    return found
