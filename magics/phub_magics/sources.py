"""The model and dataset of a run: looked up on the hub, pinned to commits, downloaded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from phub_jupyter.errors import RepoNotFoundError
from phub_magics.connection import Connection

__all__ = ["MODEL_FILES", "Sources", "download", "find_repo", "quiet_downloads"]

# Weights in formats that can run code when loaded, or that training does not read.
MODEL_FILES = ["*.json", "*.txt", "*.jinja", "*.model", "*.spm", "*.safetensors", "README.md"]


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a run takes its base model, if any, and its rows from; what the record keeps."""

    model: dict[str, Any] | None
    dataset: dict[str, Any]

    @classmethod
    def resolve(cls, connection: Connection, model: str | None, dataset: str) -> Sources:
        """Pin the repositories to their present commits. Raises RepoNotFoundError."""
        base = _base_model(connection, model) if model else None
        rows = find_repo(connection, "dataset", dataset)
        return cls(base, {"repo": rows.id, "commit": rows.sha, "private": bool(rows.private)})

    @property
    def names(self) -> str:
        """The repositories, for a sentence."""
        return " and ".join(source["repo"] for source in (self.dataset, self.model) if source)

    def model_type(self, connection: Connection) -> str:
        """What the base model's configuration calls it (``bert``), empty if nothing does."""
        if self.model is None:
            return ""
        path = download(connection, "model", self.model, ["config.json"]) / "config.json"
        try:
            return str(json.loads(path.read_text("utf-8"))["model_type"])
        except (OSError, ValueError, KeyError, TypeError):
            return ""

    def model_folder(self, connection: Connection) -> Path | None:
        """The base model on this machine's disk."""
        return download(connection, "model", self.model, MODEL_FILES) if self.model else None

    def dataset_folder(self, connection: Connection) -> Path:
        """The dataset on this machine's disk."""
        return download(connection, "dataset", self.dataset, None)


_CARD_KEYS = ("license", "license_name", "license_link", "language")


def _base_model(connection: Connection, repo: str) -> dict[str, Any]:
    base = find_repo(connection, "model", repo)
    data: Any = base.card_data
    card = data.to_dict() if data else {}
    kept = {key: card[key] for key in _CARD_KEYS if card.get(key)}
    return {"repo": base.id, "commit": base.sha, **kept}


def find_repo(connection: Connection, kind: str, repo: str) -> Any:
    """What the hub knows of a model or dataset. Raises RepoNotFoundError."""
    from huggingface_hub.errors import RepositoryNotFoundError

    try:
        return connection.api.repo_info(repo, repo_type=kind)
    except RepositoryNotFoundError:
        raise RepoNotFoundError(
            f"{kind}: '{repo}' does not exist on this hub, or you may not see it; check the name."
        ) from None


def download(
    connection: Connection,
    kind: str,
    source: dict[str, Any],
    patterns: list[str] | None = None,
    leave: list[str] | None = None,
) -> Path:
    """A repository at its commit, on this disk: only ``patterns``, nothing of ``leave``."""
    from huggingface_hub import snapshot_download

    with quiet_downloads():
        return Path(
            snapshot_download(
                source["repo"],
                repo_type=kind,
                revision=source["commit"],
                endpoint=connection.endpoint,
                token=connection.token,
                allow_patterns=patterns,
                ignore_patterns=leave,
            )
        )


@contextmanager
def quiet_downloads() -> Iterator[None]:
    """Keep the client's progress bars out of the cell while the table is there."""
    bars: Any = import_module("huggingface_hub.utils")
    were_off = bars.are_progress_bars_disabled()
    if not were_off:
        bars.disable_progress_bars()
    try:
        yield
    finally:
        if not were_off:
            bars.enable_progress_bars()
