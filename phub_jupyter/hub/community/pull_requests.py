"""Pull requests: numbered like discussions, each with a ref ``refs/pr/N`` that holds its commits.

A pull request appears together with its ref: the row is committed once the ref is there. What a
crash leaves between the two is a ref without a row, which means nothing to anybody, and the next
pull request, which gets the same number, takes it over.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from itertools import islice

import pygit2
from pygit2.enums import SortMode
from sqlalchemy import select
from sqlalchemy.orm import Session

from phub_jupyter.errors import ForbiddenError, HubError, NotFoundError
from phub_jupyter.hub.access import Action, Actor, Verdict, decide, require
from phub_jupyter.hub.community import ledger, notices
from phub_jupyter.hub.community.merging import contains
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import Discussion, DiscussionEvent, Repo
from phub_jupyter.hub.events import Event, Events
from phub_jupyter.hub.repos.commits import branch_ref
from phub_jupyter.hub.repos.git_repository import GitRepository, flush
from phub_jupyter.hub.repos.repositories import Repositories

__all__ = ["PullRequests", "pull_request_ref"]

_UNDER_WAY = ("open", "draft")
_MOST_NOTED = 500  # commits at once; of more, the newest
_LONGEST_SUBJECT = 300
_LOG = logging.getLogger("phub")


def pull_request_ref(number: int) -> str:
    """The ref that holds the commits of a pull request."""
    return f"refs/pr/{number}"


class PullRequests:
    """Opens pull requests and says who may add to them."""

    def __init__(self, database: Database, repositories: Repositories, events: Events) -> None:
        self._database = database
        self._repositories = repositories
        self._events = events

    def open(
        self,
        repo: Repo,
        base: str,
        title: str,
        description: str,
        actor: Actor,
        *,
        draft: bool,
        head: str | None = None,
    ) -> int:
        """Open a pull request for the branch ``base`` and return its number.

        Its ref starts at the branch's head, or at ``head``: a commit that is written already, so
        that there is either a pull request with it or none. Callers do not hold the repository's
        lock. Raises RevisionNotFoundError if there is no such branch, InvalidRequestError.
        """
        require(actor, Action.PROPOSE, repo)
        if head is not None:  # title and description are the message of a commit
            title, description = ledger.fitted(title, description)
        title = ledger.checked_title(title)
        text = ledger.checked_text("description", description)
        git = self._repositories.open(repo)
        base_ref = branch_ref(base)
        with git.lock():
            start = git.head(base_ref)
            with self._database.write() as session:
                row = ledger.add_discussion(
                    session,
                    repo,
                    actor,
                    title=title,
                    status="draft" if draft else "open",
                    is_pull_request=True,
                    base=base_ref,
                    start=start,
                )
                comment = ledger.add_comment(session, row, actor, text)
                if head is not None and not contains(git, start, head):
                    _note(session, git, row, [head], actor)
                notices.tell(session, repo, row, actor, text)
                _put_ref(git, pull_request_ref(row.number), head or start)
        created = Event(
            "create", "discussion", repo, actor, discussion=row.number, comment=comment.uid
        )
        self._events.publish(created)
        return row.number

    def may_push(self, actor: Actor, repo: Repo, number: int) -> bool:
        """Whether the actor may add commits to the pull request, which must be open or a draft."""
        with self._database.read() as session:
            try:
                row = ledger.find(session, repo.pk, number)
            except NotFoundError:
                return False
        if not row.is_pull_request or row.status not in _UNDER_WAY:
            return False
        is_author = actor.pk is not None and actor.pk == row.author_pk
        needed = Action.PROPOSE if is_author else Action.WRITE
        return decide(actor, needed, repo) is Verdict.ALLOW

    def has_own(self, actor: Actor, repo: Repo) -> bool:
        """Whether the actor has a pull request under way, to which they may add commits."""
        own = select(Discussion.pk).where(
            Discussion.repo_pk == repo.pk,
            Discussion.author_pk == actor.pk,
            Discussion.is_pull_request,
            Discussion.status.in_(_UNDER_WAY),
        )
        with self._database.read() as session:
            return actor.pk is not None and session.scalar(own.limit(1)) is not None

    def require_push(self, actor: Actor, repo: Repo, number: int) -> None:
        """Raise unless the actor may add commits to the pull request.

        Raises RepoNotFoundError, NotFoundError, or ForbiddenError with a sentence for a person.
        """
        require(actor, Action.READ, repo)
        with self._database.read() as session:
            row = ledger.find(session, repo.pk, number)
        if not self.may_push(actor, repo, number):
            if row.is_pull_request and row.status in _UNDER_WAY:
                require(actor, Action.PROPOSE, repo)
                reason = "only its author and people with write access may add commits to it."
            else:
                reason = f"it is {row.status}." if row.is_pull_request else "it is a discussion."
            raise ForbiddenError(f"You cannot push to pull request {number}: {reason}")

    def note_commits(self, repo: Repo, number: int, oids: Iterable[str], actor: Actor) -> None:
        """Write down that commits were added, oldest first; saying it twice changes nothing."""
        git = self._repositories.open(repo)
        with self._database.write() as session:
            row = ledger.find(session, repo.pk, number, change=True)
            if _note(session, git, row, oids, actor):
                notices.tell(session, repo, row, actor)

    def catch_up(self) -> None:
        """Write down the commits of which nobody heard because the hub was killed."""
        query = select(Repo, Discussion).join(Discussion, Discussion.repo_pk == Repo.pk)
        pending = query.where(Discussion.is_pull_request, Discussion.status.in_(_UNDER_WAY))
        with self._database.read() as session:
            found = session.execute(pending.order_by(Repo.pk)).all()
        for repo, row in found:
            try:
                git = self._repositories.open(repo)
                oids = _own_commits(git, row)
                with self._database.write() as session:
                    _note(session, git, ledger.find(session, repo.pk, row.number), oids, None)
            except HubError as error:  # one damaged repository must not keep the hub closed
                _LOG.error("%s/%s: %s", repo.namespace, repo.name, error)


def _own_commits(git: GitRepository, row: Discussion) -> list[str]:
    """The commits that a pull request has and its branch has not, oldest first."""
    head = git.find(pull_request_ref(row.number))
    if head is None or row.start is None or row.base is None or head == row.start:
        return []
    walker = git.raw.walk(pygit2.Oid(hex=head), SortMode.TOPOLOGICAL)
    for known in (row.start, git.find(row.base)):
        if known is not None and known in git.raw:
            walker.hide(pygit2.Oid(hex=known))
    return [str(commit.id) for commit in islice(walker, _MOST_NOTED)][::-1]


def _note(
    session: Session,
    git: GitRepository,
    row: Discussion,
    oids: Iterable[str],
    actor: Actor | None,
) -> bool:
    """Write the commits down that are not known yet; whether there were any."""
    known = {
        event.data["oid"]
        for event in session.scalars(
            select(DiscussionEvent).where(
                DiscussionEvent.discussion_pk == row.pk, DiscussionEvent.type == "commit"
            )
        )
    }
    new = [oid for oid in list(oids)[-_MOST_NOTED:] if oid not in known]
    for oid in new:
        subject = git.raw[oid].peel(pygit2.Commit).message.strip().partition("\n")[0]
        data = {"subject": subject[:_LONGEST_SUBJECT], "oid": oid}
        session.add(ledger.event_row(row, "commit", actor, data))
    session.flush()
    return bool(new)


def _put_ref(git: GitRepository, ref: str, target: str) -> None:
    found = git.find(ref)
    if found is None:
        git.create_ref(ref, target)
    elif found != target:
        git.move_ref(ref, found, target)
    for folder in (git.path / ref).parent, git.path / "refs":  # the first of them makes a folder
        flush(folder)
