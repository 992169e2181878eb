"""The model and dataset of a run on the disk of whichever machine works on it."""

from __future__ import annotations

import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

from phub_jupyter.compute.training.on_ray.spec import Spec

__all__ = ["dataset_folder", "model_folder"]


def model_folder(spec: Spec, token: str) -> Path:
    """The base model at its commit; downloaded once a machine.

    Recipes that start from no model never look into the folder that they are given.
    """
    if not spec.has_model:
        return Path(tempfile.gettempdir())
    return _download(spec, token, "model", list(spec.model_files))


def dataset_folder(spec: Spec, token: str) -> Path:
    """The dataset at its commit; downloaded once a machine."""
    return _download(spec, token, "dataset", None)


def _download(spec: Spec, token: str, kind: str, patterns: list[str] | None) -> Path:
    from huggingface_hub import snapshot_download

    bars: Any = import_module("huggingface_hub.utils")
    bars.disable_progress_bars()
    source = spec.sources[kind]
    return Path(
        snapshot_download(
            source["repo"],
            repo_type=kind,
            revision=source["commit"],
            endpoint=spec.endpoint,
            token=token,
            allow_patterns=patterns,
        )
    )
