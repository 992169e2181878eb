"""Passes: tickets that stand for a person's right to one repository for a while.

Clients move large files without their own credentials: with a Xet token, or by addresses that
carry their proof. Such a pass names the person, their token, the repository and the right, but is
no right by itself: each use asks again what the person may do now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from phub_jupyter.errors import ForbiddenError
from phub_jupyter.hub.access import ANONYMOUS, Action, Actor, Grant, require
from phub_jupyter.hub.accounts import Accounts, grant_of
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import Repo, Token, utc_now
from phub_jupyter.hub.objects.tickets import Tickets

__all__ = ["Pass", "Passes"]

_NO_TIME = timedelta(0)


@dataclass(frozen=True, slots=True)
class Pass:
    """``actor`` may do ``action`` to ``repo``; ``claims`` narrow down to what."""

    actor: Actor
    action: Action
    repo: Repo
    claims: Mapping[str, Any] = field(default_factory=dict)


class Passes:
    """Issues passes and opens them."""

    def __init__(self, tickets: Tickets, database: Database, accounts: Accounts) -> None:
        self._tickets = tickets
        self._database = database
        self._accounts = accounts

    def issue(self, purpose: str, right: Pass, lifetime: timedelta) -> str:
        """Write down a right that was found to exist."""
        actor = right.actor
        claims = {
            "user": actor.name,
            "token": actor.grant and [actor.grant.pk, actor.grant.uid],
            "public": actor.sees_public,
            "repo": right.repo.uid,
            "action": int(right.action),
            "claims": dict(right.claims),
        }
        return self._tickets.issue(purpose, claims, lifetime)

    def open(self, purpose: str, text: str, leeway: timedelta = _NO_TIME) -> Pass:
        """Return the right that a pass stands for, if it still exists.

        Raises ForbiddenError for a pass that is not valid, has expired, or whose token was
        revoked; RepoNotFoundError and ForbiddenError as `access.require` does.
        """
        claims = self._tickets.open(purpose, text, leeway)
        actor = self._actor(claims["user"], claims["token"], claims["public"])
        with self._database.read() as session:
            repo = session.scalars(select(Repo).where(Repo.uid == claims["repo"])).one_or_none()
        action = Action(claims["action"])
        return Pass(actor, action, require(actor, action, repo), claims["claims"])

    def _actor(self, user: str | None, token: tuple[int, str] | None, sees_public: bool) -> Actor:
        if user is None:
            return replace(ANONYMOUS, sees_public=sees_public)
        actor = self._accounts.actor_for_user(user)
        return actor if token is None else replace(actor, grant=self._grant(*token))

    def _grant(self, pk: int, uid: str) -> Grant:
        with self._database.read() as session:
            row = session.get(Token, pk)
        ended = row is None or (row.expires_at is not None and row.expires_at < utc_now())
        if row is None or ended or grant_of(row).uid != uid:
            raise ForbiddenError("The token that this was issued for is no longer valid.")
        return grant_of(row)
