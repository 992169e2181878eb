"""Pushes: judged before any ref moves, and acknowledged once they are on the disk and indexed."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from phub_jupyter.hub.access import Actor
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.events import RefChange
from phub_jupyter.hub.objects.large_files import LargeFiles
from phub_jupyter.hub.repos import pkt_line
from phub_jupyter.hub.repos.git_repository import flush
from phub_jupyter.hub.repos.lfs_pointer import LfsPointer
from phub_jupyter.hub.repos.push_rules import check_contents, check_refs
from phub_jupyter.hub.repos.receive_pack import Proposal, RefUpdate, install_hook, receive_pack
from phub_jupyter.hub.repos.references import References
from phub_jupyter.hub.repos.repositories import Repositories

__all__ = ["Pushes"]

_REPORT_BAND = b"\x01"
_MOST_NAMED = 10


@dataclass(slots=True)
class _Push:
    """One push on its way."""

    repo: Repo
    actor: Actor
    updates: tuple[RefUpdate, ...] = ()


class Pushes:
    """Takes pushes in. Callers have checked that the actor may write to the repository."""

    def __init__(
        self,
        repositories: Repositories,
        large_files: LargeFiles,
        references: References,
        hooks: Path,
    ) -> None:
        self._repositories = repositories
        self._large_files = large_files
        self._references = references
        self._hooks = hooks
        install_hook(hooks)

    async def receive(
        self, repo: Repo, actor: Actor, question: IO[bytes], executor: Executor
    ) -> AsyncIterator[bytes]:
        """Take a push in and yield what git answers: its progress at once, its report last.

        When the report comes out, what it acknowledges is durable and indexed. Whoever reads must
        read to the end: leaving in the middle ends git as a crash would.
        """
        push = _Push(repo, actor)
        loop = asyncio.get_running_loop()

        async def judge(proposal: Proposal) -> list[str]:
            push.updates = proposal.updates
            return await loop.run_in_executor(executor, self._judge, push, proposal)

        answer = _Answer()
        lock = self._repositories.open(repo).open_lock()
        try:
            path = self._repositories.path(repo)
            async for piece in receive_pack(path, self._hooks, question, lock, judge):
                if progress := answer.feed(piece):
                    yield progress
        finally:  # without a thread: all of them may be waiting for this very lock
            os.close(lock)
        moved = answer.moved
        changed = [update for update in push.updates if update.ref in moved]
        if changed:
            await loop.run_in_executor(executor, self._complete, push, changed)
        yield answer.report

    def _judge(self, push: _Push, proposal: Proposal) -> list[str]:
        git = self._repositories.open(push.repo)
        if proposal.quarantine is not None:
            git.raw.odb.add_disk_alternate(str(proposal.quarantine))
        reasons = list(check_refs(git, proposal.updates))
        if reasons:
            return reasons
        contents = check_contents(git, proposal.updates)
        if contents.reasons:
            return contents.reasons
        git.take_lock(proposal.lock)
        missing = list(self._missing(push.repo, contents.pointers))
        if missing:  # git holds a copy of the lock, which must not outlive the refusal
            fcntl.flock(proposal.lock, fcntl.LOCK_UN)
        return missing

    def _missing(self, repo: Repo, pointers: dict[LfsPointer, str]) -> Iterator[str]:
        """Under the lock, so that nobody takes a file away that is about to be referred to."""
        found = self._large_files.find(repo.pk, [pointer.sha256 for pointer in pointers])
        missing = [
            path
            for pointer, path in pointers.items()
            if pointer.sha256 not in found or found[pointer.sha256].size != pointer.size
        ]
        for path in missing[:_MOST_NAMED]:
            yield f"{path}: the content of this large file was not uploaded to this repository."
        if missing:
            yield (
                f"{len(missing)} large files are missing. Run 'git lfs install' and "
                "'git lfs push --all REMOTE BRANCH', and push again."
            )

    def _complete(self, push: _Push, changed: list[RefUpdate]) -> None:
        path = self._repositories.path(push.repo)
        for folder in _folders_of(path, changed):
            flush(folder)
        moves = [RefChange(update.ref, update.old, update.new) for update in changed]
        self._references.tell(push.repo, push.actor, *moves)


def _folders_of(path: Path, changed: list[RefUpdate]) -> Iterator[Path]:
    """Where git has made or renamed files: it flushes those, but not the folders that name them."""
    yield from (path / "objects/pack", path / "objects")
    folders = {folder for update in changed for folder in (path / update.ref).parents}
    yield from (folder for folder in folders if folder.is_relative_to(path) and folder.is_dir())


@dataclass(slots=True)
class _Answer:
    """What git answers, with its report held back."""

    report: bytes = b""
    _rest: bytes = b""
    _bands: bool = False

    def feed(self, piece: bytes) -> bytes:
        """Take a piece in and return what may be sent on already."""
        found, self._rest = pkt_line.packets(self._rest + piece)
        progress = b""
        for packet in found:
            band = pkt_line.payload(packet)[:1]
            if not self.report and band in (b"\x02", b"\x03"):
                progress += packet
            else:
                self._bands = self._bands or band == _REPORT_BAND
                self.report += packet
        return progress

    @property
    def moved(self) -> set[str]:
        """The refs that git reports as moved."""
        text = self.report
        if self._bands:
            inner = (pkt_line.payload(packet) for packet in pkt_line.packets(text)[0])
            text = b"".join(data[1:] for data in inner if data[:1] == _REPORT_BAND)
        return {line[3:] for line in pkt_line.lines(text) if line.startswith("ok ")}
