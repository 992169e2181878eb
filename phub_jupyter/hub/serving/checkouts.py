"""Folders of models for the worker of this machine, looked up once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Protocol

from phub_jupyter.hub.database.tables import Repo

__all__ = ["Checkouts", "ModelFolders"]

_MOST = 64


class ModelFolders(Protocol):
    """Where a commit's files lie as plain files (the snapshots)."""

    def folder(self, repo: Repo, commit: str) -> Path:
        """A complete checkout of that commit; blocks."""
        ...


class Checkouts:
    """Many first calls at once share one checkout, and later ones need no thread for it."""

    def __init__(self, snapshots: ModelFolders) -> None:
        self._snapshots = snapshots
        self._tasks: dict[tuple[str, str], asyncio.Task[Path]] = {}

    async def folder(self, repo: Repo, commit: str) -> Path:
        """The folder with all files of a commit."""
        key = (repo.uid, commit)
        task = self._tasks.get(key)
        if task is None or _is_stale(task):
            task = asyncio.create_task(asyncio.to_thread(self._snapshots.folder, repo, commit))
            self._tasks[key] = task
            while len(self._tasks) > _MOST:
                del self._tasks[next(iter(self._tasks))]
        return await asyncio.shield(task)

    def known(self, repo: Repo, commit: str) -> Path | None:
        """The folder, if somebody has asked for it before and it is there."""
        task = self._tasks.get((repo.uid, commit))
        return None if task is None or not task.done() or _is_stale(task) else task.result()


def _is_stale(checkout: asyncio.Task[Path]) -> bool:
    if not checkout.done():
        return False
    failed = checkout.cancelled() or checkout.exception() is not None
    return failed or not checkout.result().is_dir()
