"""What a repository's branch ``main`` holds, as far as the catalog wants to know."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pygit2

from phub_jupyter.errors import EntryNotFoundError, HubError, InvalidRequestError
from phub_jupyter.hub.cards.front_matter import Card, parse
from phub_jupyter.hub.catalog.safetensors import count_parameters, weight_files
from phub_jupyter.hub.database.tables import Repo, utc_now
from phub_jupyter.hub.evaluations.reading import FoundResult, read_files
from phub_jupyter.hub.objects.large_files import LargeFiles
from phub_jupyter.hub.repos.git_repository import MAIN, Entry, GitRepository
from phub_jupyter.identifiers import RepoType
from phub_jupyter.json_values import json_value

__all__ = ["Content", "read_content"]

_LOG = logging.getLogger("phub")
_TEXT_LIMIT = 1_000_000
_CONFIG_KEYS = ("architectures", "model_type", "id2label")
_LARGEST_COUNT = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Content:
    """A commit and what was read from it; ``size`` is that of the files kept in git."""

    head: str
    committed_at: datetime
    card: Card
    config: dict[str, Any] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    size: int = 0
    parameters: dict[str, int] = field(default_factory=dict)
    results: Sequence[FoundResult] = ()


def read_content(git: GitRepository, repo: Repo, large_files: LargeFiles) -> Content:
    """Read ``main``. A card or config that cannot be read counts as empty: it came by git."""
    head = git.head(MAIN)
    entries = [entry for entry in git.tree(head, recursive=True) if entry.kind == "file"]
    is_model = repo.type == RepoType.MODEL
    return Content(
        head=head,
        committed_at=_committed_at(git, head),
        card=_card(git, head),
        config=_config(git, head) if is_model else {},
        files=tuple(entry.path for entry in entries),
        size=sum(entry.size for entry in entries if entry.lfs is None),
        parameters=_parameters(git, repo, entries, large_files) if is_model else {},
        results=read_files(git, entries) if is_model else (),
    )


def _committed_at(git: GitRepository, commit: str) -> datetime:
    now = utc_now()
    try:  # the clock of whoever pushed may be wrong
        return min(
            now, datetime.fromtimestamp(git.raw[commit].peel(pygit2.Commit).commit_time, UTC)
        )
    except (ValueError, OverflowError, OSError):
        return now


def _card(git: GitRepository, commit: str) -> Card:
    try:
        return parse(_text(git, commit, "README.md"))
    except InvalidRequestError as error:
        return Card({}, error.message)


def _config(git: GitRepository, commit: str) -> dict[str, Any]:
    try:
        config = json_value(json.loads(_text(git, commit, "config.json") or "{}"))
    except (ValueError, RecursionError):
        return {}
    if not isinstance(config, dict):
        return {}
    return {key: config[key] for key in _CONFIG_KEYS if key in config}


def _text(git: GitRepository, commit: str, path: str) -> str:
    try:
        entry = git.entry(commit, path)
    except EntryNotFoundError:
        return ""
    if entry.kind != "file" or entry.lfs is not None or entry.size > _TEXT_LIMIT:
        return ""
    return git.read_blob(entry.oid).decode("utf-8", "replace")


def _parameters(
    git: GitRepository, repo: Repo, entries: Sequence[Entry], large_files: LargeFiles
) -> dict[str, int]:
    by_path = {entry.path: entry for entry in entries}
    total: dict[str, int] = {}
    for path in weight_files(by_path):
        try:
            counts = _parameters_of(git, repo, by_path[path], large_files)
        except HubError as error:  # `phub check` says more; the rest of the card is still right
            _LOG.error("%s of %s/%s: %s", path, repo.namespace, repo.name, error)
            return {}
        for dtype, number in counts.items():
            total[dtype] = total.get(dtype, 0) + number
    return total if sum(total.values()) <= _LARGEST_COUNT else {}


def _parameters_of(
    git: GitRepository, repo: Repo, entry: Entry, large_files: LargeFiles
) -> dict[str, int]:
    if entry.lfs is None:
        blob = git.read_blob(entry.oid)
        return count_parameters(lambda start, stop: blob[start:stop])
    file = large_files.find(repo.pk, [entry.lfs.sha256]).get(entry.lfs.sha256)
    if file is None:
        return {}
    return count_parameters(lambda start, stop: b"".join(large_files.read(file, start, stop)))
