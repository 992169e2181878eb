"""The tags of a repository, derived from its card and files as the public hub derives them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from phub_jupyter.hub.cards.architectures import task_of
from phub_jupyter.hub.cards.front_matter import listed
from phub_jupyter.identifiers import RepoType

__all__ = ["library_of", "pipeline_tag_of", "tags_of"]

_PREFIXED = {
    RepoType.MODEL: {"license": "license", "datasets": "dataset", "base_model": "base_model"},
    RepoType.DATASET: {
        "license": "license",
        "task_categories": "task_categories",
        "task_ids": "task_ids",
        "size_categories": "size_categories",
        "multilinguality": "multilinguality",
        "annotations_creators": "annotations_creators",
    },
    RepoType.SPACE: {"license": "license"},
}
_FORMATS = {".safetensors": "safetensors", ".gguf": "gguf", ".onnx": "onnx", ".parquet": "parquet"}
_LIBRARY_FILES = {
    "modules.json": "sentence-transformers",
    "adapter_config.json": "peft",
    "model_index.json": "diffusers",
}
_TASK = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+){0,7}")


def library_of(
    card: Mapping[str, Any], config: Mapping[str, Any], files: Iterable[str]
) -> str | None:
    """The library that loads a model: what the card says, else what the files look like."""
    named = card.get("library_name")
    if isinstance(named, str) and named.strip():
        return named.strip()[:64]
    present = set(files)
    for file, library in _LIBRARY_FILES.items():
        if file in present:
            return library
    return "transformers" if "model_type" in config else None


def pipeline_tag_of(card: Mapping[str, Any], config: Mapping[str, Any]) -> str | None:
    """The task of a model: what the card says, else what the architecture's head is for."""
    named = card.get("pipeline_tag")
    if isinstance(named, str) and _TASK.fullmatch(named):
        return named
    return task_of(config)


def tags_of(
    repo_type: RepoType, card: Mapping[str, Any], config: Mapping[str, Any], files: Iterable[str]
) -> list[str]:
    """All tags, each once, in a stable order."""
    files = list(files)
    found = [_FORMATS[ending] for ending in _FORMATS if any(f.endswith(ending) for f in files)]
    if repo_type is RepoType.MODEL:
        kind = config.get("model_type")
        extra = [library_of(card, config, files), pipeline_tag_of(card, config), kind]
        found = [item for item in extra if isinstance(item, str)] + found
    if repo_type is RepoType.SPACE:
        found += listed(card.get("sdk"))
    found += listed(card.get("tags"))
    for language in listed(card.get("language")):
        found.append(f"language:{language}")
        if repo_type is RepoType.MODEL:  # the public hub gives models the bare code as well
            found.append(language)
    for key, prefix in _PREFIXED.get(repo_type, {}).items():
        found += [f"{prefix}:{value}" for value in listed(card.get(key))]
    return list(dict.fromkeys(tag[:255] for tag in found))
