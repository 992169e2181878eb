"""Merges pull requests, and shows what a merge would do.

The row says what the branch is about to be moved to before it is moved. Should the hub be killed
between that and the end, whoever comes next finds out from git whether the merge was made.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from sqlalchemy import select

from phub_jupyter.errors import ConflictError, HubError, InvalidRequestError, StaleParentError
from phub_jupyter.hub.access import Action, Actor, Verdict, decide, require
from phub_jupyter.hub.community import ledger, notices
from phub_jupyter.hub.community.merging import Sides, conflicts, contains, merge, unified_diff
from phub_jupyter.hub.community.pull_requests import pull_request_ref
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import Discussion, Repo
from phub_jupyter.hub.events import Event, Events, RefChange
from phub_jupyter.hub.repos.git_repository import GitRepository
from phub_jupyter.hub.repos.references import References
from phub_jupyter.hub.repos.repositories import Repositories

__all__ = ["Changes", "Merges"]

_ATTEMPTS = 5
_UNDER_WAY = ("open", "draft")
_GATED = "# The changes are shown to people who were let in to this gated repository.\n"
_LOG = logging.getLogger("phub")


@dataclass(frozen=True, slots=True)
class Changes:
    """What a pull request would change, or has changed."""

    base: str
    merge_commit: str | None
    conflicts: list[str]
    diff: str | None


class Merges:
    """Merges pull requests under the lock of their repository."""

    def __init__(
        self,
        database: Database,
        repositories: Repositories,
        references: References,
        events: Events,
    ) -> None:
        self._database = database
        self._repositories = repositories
        self._references = references
        self._events = events

    def merge(self, actor: Actor, repo: Repo, number: int, comment: str) -> str:
        """Merge a pull request into its branch and return the commit that has both.

        Raises ConflictError, saying why, if it cannot be merged as things are; then nothing was
        changed.
        """
        require(actor, Action.WRITE, repo)
        text = ledger.checked_text("comment", comment)
        git = self._repositories.open(repo)
        with git.lock():
            row = self._settled(git, repo, number)
            _require_mergeable(row)
            moved = self._move(git, row, actor, text)
            self._finish(actor, repo, number, text)
        self._tell(actor, repo, number, moved)
        assert moved.new is not None
        return moved.new

    def changes(self, actor: Actor, repo: Repo, number: int, *, diff: bool) -> Changes:
        """What the pull request changes; the ``diff`` only for who may read the files."""
        git = self._repositories.open(repo)
        with self._database.read() as session:
            row = ledger.find(session, repo.pk, number)
        assert row.base is not None
        base, head = git.find(row.base), git.find(pull_request_ref(number))
        merged = row.merge_commit if row.status == "merged" else None
        if head is None:
            return Changes(row.base, merged, [], None)
        sides = Sides.of(git, base or head, head, row.start)
        start = row.start if merged else sides.parted
        found = conflicts(git, sides) if row.status in _UNDER_WAY else []
        shown = None
        if diff and decide(actor, Action.CONTENT, repo) is Verdict.ALLOW:
            shown = unified_diff(git, start, head)
        elif diff:
            shown = _GATED
        return Changes(row.base, merged, found, shown)

    def settle(self, repo: Repo, number: int) -> None:
        """Finish or forget a merge that a crash left half way, if there is one."""
        with self._database.read() as session:
            row = ledger.find(session, repo.pk, number)
        if row.merge_commit is not None and row.status != "merged":
            git = self._repositories.open(repo)
            with git.lock():  # whoever is merging right now is waited for
                self._settled(git, repo, number)

    def recover(self) -> None:
        """Settle all merges that were under way when the hub was killed."""
        query = select(Repo, Discussion.number).join(Discussion, Discussion.repo_pk == Repo.pk)
        pending = query.where(Discussion.merge_commit.is_not(None), Discussion.status != "merged")
        with self._database.read() as session:
            found = session.execute(pending).all()
        for repo, number in found:
            try:
                self.settle(repo, number)
            except HubError as error:  # one damaged repository must not keep the hub closed
                _LOG.error("%s/%s: %s", repo.namespace, repo.name, error)

    def _settled(self, git: GitRepository, repo: Repo, number: int) -> Discussion:
        """The row as it is once a merge that was left half way is settled; under the lock."""
        with self._database.read() as session:
            row = ledger.find(session, repo.pk, number)
        if row.merge_commit is None or row.status == "merged":
            return row
        assert row.base is not None
        base = git.find(row.base)
        made = base is not None and contains(git, base, row.merge_commit)
        with self._database.write() as session:
            row = ledger.find(session, repo.pk, number, change=True)
            if made:
                row.status = "merged"
                ledger.add_event(session, row, "status-change", None, status="merged")
            else:
                row.merge_commit = None
            return row

    def _move(self, git: GitRepository, row: Discussion, actor: Actor, text: str) -> RefChange:
        assert row.base is not None
        for _ in range(_ATTEMPTS):
            base, head = git.find(row.base), git.find(pull_request_ref(row.number))
            if base is None or head is None:
                raise ConflictError(f"There is no branch {row.base} any more to merge into.")
            sides = Sides.of(git, base, head, row.start)
            message = f"{row.title} (#{row.number})\n\n{text}".strip()
            oid = merge(git, sides, message, actor)
            self._announce(row, oid, sides)
            try:
                if oid != base:
                    git.move_ref(row.base, base, oid)
            except StaleParentError:  # somebody with a git program of their own
                continue
            return RefChange(row.base, base, oid)
        raise ConflictError("The branch is being updated all the time; try again.")

    def _announce(self, row: Discussion, oid: str, sides: Sides) -> None:
        """Write down what is about to happen, and what the changes are counted from."""
        with self._database.write() as session:
            found = ledger.find(session, row.repo_pk, row.number, change=True)
            _require_mergeable(found)
            found.merge_commit, found.start = oid, sides.parted

    def _finish(self, actor: Actor, repo: Repo, number: int, text: str) -> None:
        with self._database.write() as session:
            row = ledger.find(session, repo.pk, number, change=True)
            if text:
                ledger.add_comment(session, row, actor, text)
            row.status = "merged"
            ledger.add_event(session, row, "status-change", actor, status="merged")
            notices.tell(session, repo, row, actor, text)

    def _tell(self, actor: Actor, repo: Repo, number: int, moved: RefChange) -> None:
        if moved.old != moved.new:
            self._references.tell(repo, actor, moved)
        self._events.publish(Event("update", "discussion", repo, actor, discussion=number))


def _require_mergeable(row: Discussion) -> None:
    if not row.is_pull_request:
        raise InvalidRequestError(f"{row.number} is a discussion: there is nothing to merge.")
    if row.status == "draft":
        raise ConflictError("It is a draft: open it before it is merged.")
    if row.status != "open":
        raise ConflictError(f"It is {row.status} already.")
