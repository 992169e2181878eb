"""How models that write or speak by ``generate`` are told to, by the fields of the public API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from phub_jupyter.compute.inference.abandoned import is_abandoned
from phub_jupyter.compute.inference.pipelines.call import flag, number, object_of, whole_number
from phub_jupyter.errors import InvalidRequestError

__all__ = ["FIELDS", "MAX_BEAMS", "MAX_NEW_TOKENS", "Settings", "generated", "read_settings"]

MAX_NEW_TOKENS = 1024
MAX_BEAMS = 8
_COUNTS = {
    "max_length": MAX_NEW_TOKENS,
    "max_new_tokens": MAX_NEW_TOKENS,
    "min_length": MAX_NEW_TOKENS,
    "min_new_tokens": MAX_NEW_TOKENS,
    "no_repeat_ngram_size": 100,
    "num_beams": MAX_BEAMS,
    "top_k": 100_000,
}
_FACTORS = {"length_penalty": 100.0, "repetition_penalty": 10.0, "temperature": 100.0}
_SHARES = ("epsilon_cutoff", "eta_cutoff", "top_p", "typical_p")
_FLAGS = ("do_sample", "early_stopping", "use_cache")

FIELDS = (*_COUNTS, *_SHARES, *_FLAGS, *_FACTORS)

Settings = tuple[tuple[str, Any], ...]
"""Checked fields in an order, so that calls with equal ones can share a batch."""


def read_settings(name: str, value: Any) -> Settings:
    """Check the fields in the object ``value``. Raises InvalidRequestError naming the field."""
    sent = object_of(name, value)
    return tuple(
        (field, _checked(f"{name}.{field}", field, sent[field]))
        for field in sorted(sent)
        if sent[field] is not None
    )


def _checked(name: str, field: str, value: Any) -> Any:
    if field in _COUNTS:
        return whole_number(name, value, high=_COUNTS[field])
    if field in _SHARES:
        return number(name, value, low=0, high=1)
    if field in _FLAGS:
        return flag(name, value)
    if field in _FACTORS:
        return number(name, value, low=0, high=_FACTORS[field], above=True)
    raise InvalidRequestError(f"{name}: unknown; this task takes {', '.join(FIELDS)}.")


def generated(model: Any, inputs: Mapping[str, Any], settings: Settings, **more: Any) -> Any:
    """What a model generates from tensors, within the limits here whatever the model asks for."""
    given = dict(settings)
    own = model.generation_config
    wanted = given.get("max_new_tokens") or given.get("max_length")
    limit = wanted or own.max_new_tokens or own.max_length or 256
    given.pop("max_length", None)
    given["max_new_tokens"] = min(int(limit), MAX_NEW_TOKENS, _room(model))
    given.setdefault("num_beams", min(int(own.num_beams or 1), MAX_BEAMS))
    return model.generate(**inputs, **given, **more, stopping_criteria=[_nobody_waits])


def _nobody_waits(ids: Any, scores: Any, **options: Any) -> Any:
    """Stop every text at the next token once no caller is left."""
    import torch

    return torch.full((ids.shape[0],), is_abandoned(), dtype=torch.bool, device=ids.device)


def _room(model: Any) -> int:
    config = model.config.get_text_config(decoder=True)
    for field in ("max_target_positions", "max_position_embeddings"):
        positions = getattr(config, field, None)
        if positions:
            return max(1, int(positions) - 8)  # prompts take the first places
    return MAX_NEW_TOKENS
