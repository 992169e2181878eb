"""The small files that tell how a model wants to be called."""

from __future__ import annotations

import json
from typing import Any

from phub_jupyter.errors import RevisionNotFoundError
from phub_jupyter.hub.repos.git_repository import MAIN, Entry, GitRepository
from phub_jupyter.json_values import json_value

__all__ = ["SmallFiles"]

_LARGEST = 2_000_000


class SmallFiles:
    """The files in the first folder of ``main``, which may have no commit yet."""

    def __init__(self, git: GitRepository) -> None:
        self._git = git
        try:
            self.commit: str | None = git.head(MAIN)
        except RevisionNotFoundError:
            self.commit = None
        entries = [] if self.commit is None else git.tree(self.commit)
        self._entries: dict[str, Entry] = {it.path: it for it in entries if it.kind == "file"}

    @property
    def names(self) -> set[str]:
        """What they are called."""
        return set(self._entries)

    def text(self, name: str) -> str | None:
        """A file's text; None if there is none, or too much of it."""
        entry = self._entries.get(name)
        if entry is None or entry.lfs is not None or entry.size > _LARGEST:
            return None
        return self._git.read_blob(entry.oid).decode("utf-8", "replace")

    def json(self, name: str) -> dict[str, Any]:
        """A file's JSON object; empty if it is not one."""
        try:
            found = json_value(json.loads(self.text(name) or "{}"))
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}
