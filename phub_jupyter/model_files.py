"""What the names of a model's files, and its configuration, tell before anything is loaded."""

from __future__ import annotations

import json
from collections.abc import Collection
from fnmatch import fnmatchcase
from typing import Any

from phub_jupyter.errors import InvalidRequestError, NotSupportedError

__all__ = ["check_transformers_files"]

_PICKLES = ("*.bin", "*.pt", "*.pth", "*.pkl", "*.ckpt")


def check_transformers_files(names: Collection[str], config: str | None) -> None:
    """Refuse what can be told from the ``names`` beside ``config.json`` and from its text.

    Raises InvalidRequestError or NotSupportedError with what to upload instead.
    """
    _check_config(config)
    if any(name.endswith(".safetensors") for name in names):
        return
    pickles = sorted(
        name for name in names if any(fnmatchcase(name, pattern) for pattern in _PICKLES)
    )
    if pickles:
        raise InvalidRequestError(
            f"model: its weights are a pickle ({pickles[0]}), which can run code when it is "
            "loaded; save it again with safetensors (save_pretrained does) and upload that."
        )
    raise InvalidRequestError("model: the repository has no weights (*.safetensors).")


def _check_config(text: str | None) -> None:
    if text is None:
        raise InvalidRequestError(
            "model: the repository has no config.json, so it is not a transformers model; "
            "upload one with save_pretrained or push_to_hub."
        )
    try:
        config: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidRequestError(f"model: config.json is not valid JSON ({error}).") from None
    if not isinstance(config, dict):
        raise InvalidRequestError("model: config.json must hold a JSON object.")
    if "auto_map" in config:
        raise NotSupportedError(
            "model: it brings its own Python code (auto_map in config.json), which this hub never "
            "runs; upload a model of an architecture that transformers knows."
        )
