"""The headers of a model's safetensors files, without the weights themselves."""

from __future__ import annotations

import json
from posixpath import dirname, join
from typing import TYPE_CHECKING, Any

from phub_jupyter.errors import EntryNotFoundError, UnprocessableError
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.objects.large_files import LargeFiles
from phub_jupyter.hub.repos.git_repository import MAIN, GitRepository

if TYPE_CHECKING:
    from phub_jupyter.hub.repos.repositories import Repositories

__all__ = ["Weights"]

_LARGEST_INDEX = 16_000_000
_LARGEST_HEADERS = 64_000_000  # bytes of all headers together
_MOST_SHARDS = 2000
_LENGTH = 8


class Weights:
    """Reads what a client would need a request for each shard for."""

    def __init__(self, repositories: Repositories, large_files: LargeFiles) -> None:
        self._repositories = repositories
        self._large_files = large_files

    def sharded(self, repo: Repo, path: str) -> dict[str, Any]:
        """What the index file at ``path`` says of itself, and the header of each of its shards.

        Raises EntryNotFoundError for an index or shard that is missing, UnprocessableError for one
        that is not what it should be.
        """
        git = self._repositories.open(repo)
        head = git.head(MAIN)
        index = _json(self._read(git, repo, head, path, 0, _LARGEST_INDEX), path)
        names = index.get("weight_map")
        if not isinstance(names, dict) or not all(isinstance(it, str) for it in names.values()):
            raise UnprocessableError(f"{path}: it has no weight_map from tensors to files.")
        shards = list(dict.fromkeys(names.values()))
        if len(shards) > _MOST_SHARDS:
            raise UnprocessableError(f"{path}: it names more than {_MOST_SHARDS} files.")
        headers: dict[str, Any] = {}
        left = _LARGEST_HEADERS
        for shard in shards:
            text = self._header(git, repo, head, join(dirname(path), shard), left)
            left -= len(text)
            headers[shard] = _json(text, shard)
        metadata = index.get("metadata")
        return {"index": {} if metadata is None else {"metadata": metadata}, "headers": headers}

    def _header(self, git: GitRepository, repo: Repo, head: str, path: str, most: int) -> bytes:
        length = int.from_bytes(self._read(git, repo, head, path, 0, _LENGTH), "little")
        if length > most:
            raise UnprocessableError(f"{path}: its header is too large to be shown here.")
        return self._read(git, repo, head, path, _LENGTH, _LENGTH + length)

    def _read(
        self, git: GitRepository, repo: Repo, head: str, path: str, start: int, stop: int
    ) -> bytes:
        entry = git.entry(head, path)
        if entry.kind != "file":
            raise EntryNotFoundError(f"Entry not found: {path} is a folder")
        if entry.lfs is None:
            return git.read_blob(entry.oid)[start:stop]
        found = self._large_files.find(repo.pk, [entry.lfs.sha256]).get(entry.lfs.sha256)
        if found is None:
            raise EntryNotFoundError(f"Entry not found: the content of {path} was never uploaded.")
        return b"".join(self._large_files.read(found, start, stop))


def _json(text: bytes, path: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise UnprocessableError(f"{path}: it does not hold the JSON that it should.")
    return value
