"""Pushes: judged before any ref moves, and acknowledged once they are on the disk and indexed."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import pygit2
from pygit2.enums import SortMode

from phub_jupyter.errors import HubError
from phub_jupyter.hub.access import Action, Actor, require
from phub_jupyter.hub.community.community import Community
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.events import RefChange
from phub_jupyter.hub.objects.large_files import LargeFiles
from phub_jupyter.hub.repos import pkt_line
from phub_jupyter.hub.repos.git_repository import flush
from phub_jupyter.hub.repos.lfs_pointer import LfsPointer
from phub_jupyter.hub.repos.push_rules import check_contents, check_refs, pull_request_of
from phub_jupyter.hub.repos.pushers import Pushers
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
    foreign: list[str] = field(default_factory=list)  # commits that name their author otherwise


class Pushes:
    """Takes pushes in."""

    def __init__(
        self,
        repositories: Repositories,
        large_files: LargeFiles,
        references: References,
        community: Community,
        pushers: Pushers,
        hooks: Path,
    ) -> None:
        self._repositories = repositories
        self._large_files = large_files
        self._references = references
        self._community = community
        self._pushers = pushers
        self._hooks = hooks
        install_hook(hooks)

    def require_entry(self, repo: Repo, actor: Actor) -> None:
        """Raise unless there is anything in the repository to which the actor may push."""
        if not self._community.pull_requests.has_own(actor, repo):
            require(actor, Action.WRITE, repo)

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
        reasons = [*check_refs(git, proposal.updates), *self._check_rights(push)]
        if reasons:
            return reasons
        contents = check_contents(git, proposal)
        if contents.reasons:
            return contents.reasons
        push.foreign = [
            commit for commit in contents.commits if _author(git.raw, commit) != push.actor.name
        ]
        git.take_lock(proposal.lock)
        missing = list(self._missing(push.repo, contents.pointers))
        if missing:  # git holds a copy of the lock, which must not outlive the refusal
            fcntl.flock(proposal.lock, fcntl.LOCK_UN)
        return missing

    def _check_rights(self, push: _Push) -> Iterator[str]:
        for update in push.updates:
            number = pull_request_of(update.ref)
            try:
                if number is None:
                    require(push.actor, Action.WRITE, push.repo)
                else:
                    self._community.pull_requests.require_push(push.actor, push.repo, number)
            except HubError as error:
                yield f"{update.ref}: {error.message}"

    def _missing(self, repo: Repo, pointers: dict[LfsPointer, str]) -> Iterator[str]:
        """Under the lock, so that nobody takes a file away that is about to be referred to."""
        found = self._large_files.claim(repo.pk, [pointer.sha256 for pointer in pointers])
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
        if push.actor.pk is not None and push.foreign:
            self._pushers.record(push.repo.pk, push.foreign, push.actor.pk)
        for update in changed:
            self._tell_pull_request(push, update)
        moves = [RefChange(update.ref, update.old, update.new) for update in changed]
        self._references.tell(push.repo, push.actor, *moves)

    def _tell_pull_request(self, push: _Push, update: RefUpdate) -> None:
        number = pull_request_of(update.ref)
        if number is None or update.old is None or update.new is None:
            return
        oids = _added(self._repositories.open(push.repo).raw, update.old, update.new)
        self._community.pull_requests.note_commits(push.repo, number, oids, push.actor)


def _author(raw: pygit2.Repository, commit: str) -> str:
    return raw[commit].peel(pygit2.Commit).author.name


def _added(raw: pygit2.Repository, old: str, new: str) -> list[str]:
    """The commits that a pull request has more than before, oldest first, and no branch has."""
    walker = raw.walk(pygit2.Oid(hex=new), SortMode.TOPOLOGICAL | SortMode.REVERSE)
    walker.hide(pygit2.Oid(hex=old))
    for name in raw.listall_references():
        if name.startswith("refs/heads/"):
            walker.hide(raw.lookup_reference(name).peel(pygit2.Commit).id)
    return [str(commit.id) for commit in walker]


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
