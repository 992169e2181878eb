"""Reads what a person asks the hub to evaluate from a JSON body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.evaluations.wishes import Wish
from phub_server.fields import (
    flag_field,
    number_field,
    pairs_field,
    required_text,
    text_field,
    texts_field,
)

__all__ = ["read_wish"]

_FIELDS = (
    *("models", "dataset", "task", "metrics", "split", "columns", "labels", "rows", "slice"),
    *("seed", "push"),
)
_MOST_MODELS = 10
_MOST = 100
_LONGEST = 500


def read_wish(body: Mapping[str, Any]) -> Wish:
    """Check a body. Raises InvalidRequestError naming the field."""
    unknown = sorted(set(body) - set(_FIELDS))
    if unknown:
        raise InvalidRequestError(f"{unknown[0]:.80}: unknown; use {', '.join(_FIELDS)}.")
    models = texts_field(body, "models", _MOST, _LONGEST)
    if not 1 <= len(models) <= _MOST_MODELS:
        raise InvalidRequestError(f"models: name 1 to {_MOST_MODELS} models.")
    metrics = texts_field(body, "metrics", _MOST, _LONGEST)
    for name in metrics:
        if "/" in name:
            raise InvalidRequestError(
                f"metrics: {name} is code of a repository, which the hub does not run; evaluate in "
                "a notebook with %phub evaluate --trust."
            )
    settings = {
        "task": text_field(body, "task", _LONGEST) or "",
        "metrics": list(metrics),
        "split": text_field(body, "split", _LONGEST) or "",
        "columns": pairs_field(body, "columns", _MOST, _LONGEST),
        "labels": pairs_field(body, "labels", _MOST, _LONGEST),
        "rows": number_field(body, "rows", 1),
        "slice_by": text_field(body, "slice", _LONGEST) or "",
        "seed": number_field(body, "seed") or 0,
    }
    dataset = required_text(body, "dataset", _LONGEST)
    return Wish(models, dataset, settings, bool(flag_field(body, "push")))
