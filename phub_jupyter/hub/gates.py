"""Gated repositories: who asked to read their files, and who was let in.

Whether a repository has a gate is a column of its row; the rows here say who may pass. The access
rule gets them as `Actor.admitted`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from phub_jupyter.errors import ConflictError, InvalidRequestError, NotFoundError
from phub_jupyter.hub.access import Action, Actor, Verdict, decide, require_own
from phub_jupyter.hub.accounts import account_named, new_uid
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import AccessRequest, Namespace, Repo, utc_now

__all__ = ["STATUSES", "Applicant", "Gates", "Status"]

Status = Literal["pending", "accepted", "rejected"]
STATUSES: tuple[Status, ...] = ("pending", "accepted", "rejected")

_MOST_FIELDS = 50
_LONGEST_FIELD = 2000


@dataclass(frozen=True, slots=True)
class Applicant:
    """A request with the person who made it."""

    request: AccessRequest
    person: Namespace


class Gates:
    """Takes requests in and lets people through. Callers have checked who may decide."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ask(self, actor: Actor, repo: Repo, fields: dict[str, Any]) -> Status:
        """Note that somebody wants to read the files; tells where that stands.

        An automatic gate opens at once. Asking again changes nothing, whatever the answer was.
        Raises InvalidRequestError if there is no gate, or nothing to ask for.
        """
        pk = require_own(actor)
        mode = _gate_of(repo)
        _check_fields(fields)
        if decide(actor, Action.CONTENT, repo) is Verdict.ALLOW:
            return "accepted"
        status: Status = "accepted" if mode == "auto" else "pending"
        with self._database.write() as session:
            found = _find(session, repo, pk)
            if found is None:
                session.add(_request(repo, pk, status, fields=fields))
                return status
            return _status(found)

    def list(self, repo: Repo, status: Status, after: int, limit: int) -> list[Applicant]:
        """The requests of a status behind the key ``after``, oldest first."""
        _gate_of(repo)
        query = (
            select(AccessRequest, Namespace)
            .join(Namespace, Namespace.pk == AccessRequest.user_pk)
            .where(
                AccessRequest.repo_pk == repo.pk,
                AccessRequest.status == status,
                AccessRequest.pk > after,
            )
            .order_by(AccessRequest.pk)
            .limit(limit)
        )
        with self._database.read() as session:
            return [Applicant(request, person) for request, person in session.execute(query)]

    def decide(
        self,
        repo: Repo,
        status: Status,
        *,
        user: str | None,
        request: str | None,
        reason: str | None,
    ) -> None:
        """Give a request, by its person or its id, another status.

        Raises NotFoundError if there is none, ConflictError if it has that status already, and
        InvalidRequestError if there is no gate, or a reason for something other than a rejection.
        """
        _gate_of(repo)
        if reason is not None and status != "rejected":
            raise InvalidRequestError("rejectionReason: only a rejection has a reason.")
        with self._database.write() as session:
            found = self._requested(session, repo, user, request)
            if found.status == status:
                raise ConflictError(f"status: the request is {status} already.")
            found.status, found.reason = status, reason

    def grant(self, repo: Repo, user: str) -> None:
        """Let somebody in who may not even have asked.

        Raises NotFoundError for nobody, ConflictError if they were let in before.
        """
        _gate_of(repo)
        with self._database.write() as session:
            person = account_named(session, "user", user)
            found = _find(session, repo, person.pk)
            if found is None:
                session.add(_request(repo, person.pk, "accepted", granted=True))
            elif found.status == "accepted":
                raise ConflictError(f"user: '{person.name}' has access already.")
            else:
                found.status, found.reason = "accepted", None

    def _requested(
        self, session: Session, repo: Repo, user: str | None, request: str | None
    ) -> AccessRequest:
        if request is not None:
            query = select(AccessRequest).where(
                AccessRequest.repo_pk == repo.pk, AccessRequest.uid == request
            )
            found = session.scalars(query).one_or_none()
        elif user is not None:
            found = _find(session, repo, account_named(session, "user", user).pk)
        else:
            raise InvalidRequestError("user: name the person, or the request by requestId.")
        if found is None:
            raise NotFoundError(f"user: there is no request of '{user or request}'.")
        return found


def _gate_of(repo: Repo) -> str:
    if repo.gated is None:
        raise InvalidRequestError(
            "gated: this repository is open to everybody who sees it; set gated to auto or manual."
        )
    return repo.gated


def _find(session: Session, repo: Repo, user_pk: int) -> AccessRequest | None:
    return session.scalars(
        select(AccessRequest).where(
            AccessRequest.repo_pk == repo.pk, AccessRequest.user_pk == user_pk
        )
    ).one_or_none()


def _request(
    repo: Repo,
    user_pk: int,
    status: Status,
    *,
    granted: bool = False,
    fields: dict[str, Any] | None = None,
) -> AccessRequest:
    return AccessRequest(
        uid=new_uid(),
        repo_pk=repo.pk,
        user_pk=user_pk,
        status=status,
        granted=granted,
        fields=fields or {},
        created_at=utc_now(),
    )


def _status(request: AccessRequest) -> Status:
    return next(status for status in STATUSES if status == request.status)


def _check_fields(fields: dict[str, Any]) -> None:
    if len(fields) > _MOST_FIELDS:
        raise InvalidRequestError(f"fields: at most {_MOST_FIELDS}.")
    for name, value in fields.items():
        long = len(name) > _LONGEST_FIELD or (
            isinstance(value, str) and len(value) > _LONGEST_FIELD
        )
        if long or not isinstance(value, str | bool | int | float):
            raise InvalidRequestError(
                f"{name[:50]}: send a text of at most {_LONGEST_FIELD} characters, a number, true "
                "or false."
            )
