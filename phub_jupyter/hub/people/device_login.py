"""Logins of programs that a person approves elsewhere: OAuth 2.0 Device Authorization (RFC 8628).

A program shows a short code and waits; a person who is logged in types it and agrees; the program
gets a token of that person's, and another secret to renew it with. Only digests are kept.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from phub_jupyter.errors import (
    ForbiddenError,
    NotFoundError,
    OverloadedError,
    TooManyCallsError,
)
from phub_jupyter.hub.access import Actor, require_own
from phub_jupyter.hub.accounts import Accounts
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import DeviceLogin, Login, Namespace, Token, utc_now

__all__ = ["INTERVAL", "LIFETIME", "DeviceLogins", "Issued", "NotYetError", "Started"]

LIFETIME = timedelta(minutes=15)
INTERVAL = 5
"""Seconds that a program waits between two questions."""

_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"  # no vowels, so that no code is a word
_TOKEN_LIFETIME = timedelta(days=30)
_REFRESH_LIFETIME = timedelta(days=90)
_MOST_WAITING = 1000
_MOST_FROM_ONE = 100  # of them from one network, in the time that they wait


class NotYetError(Exception):
    """The program gets no token; ``code`` is the word that the standard has for why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Started:
    """What a program needs to know: the secret to ask with, and the code to show."""

    device_code: str
    user_code: str


@dataclass(frozen=True, slots=True)
class Issued:
    """A token, what renews it, and for how many seconds it is valid."""

    access_token: str
    refresh_token: str
    expires_in: int


class DeviceLogins:
    """Begins, approves and completes logins of programs."""

    def __init__(self, database: Database, accounts: Accounts) -> None:
        self._database = database
        self._accounts = accounts
        self._begun: dict[str, list[datetime]] = {}
        self._lock = threading.Lock()

    def start(self, origin: str = "") -> Started:
        """Begin a login for somebody who comes from the network ``origin``.

        Raises OverloadedError when too many wait already, TooManyCallsError when one network has
        begun too many.
        """
        started = Started(secrets.token_urlsafe(32), _user_code())
        now = utc_now()
        self._count(origin, now)
        with self._database.write() as session:
            session.execute(delete(DeviceLogin).where(DeviceLogin.expires_at <= now))
            waiting = session.scalar(select(func.count()).select_from(DeviceLogin)) or 0
            if waiting >= _MOST_WAITING:
                raise OverloadedError("Too many logins wait for approval.", retry_after=60)
            session.add(
                DeviceLogin(
                    device_digest=_digest(started.device_code),
                    user_digest=_digest(_plain(started.user_code)),
                    expires_at=now + LIFETIME,
                )
            )
        return started

    def _count(self, origin: str, now: datetime) -> None:
        with self._lock:
            recent = {
                place: [moment for moment in begun if now - moment < LIFETIME]
                for place, begun in self._begun.items()
            }
            self._begun = {place: begun for place, begun in recent.items() if begun}
            begun = self._begun.setdefault(origin, [])
            if len(begun) >= _MOST_FROM_ONE:
                raise TooManyCallsError(
                    "Too many logins were begun from your network; approve one, or wait.",
                    retry_after=60,
                )
            begun.append(now)

    def decide(self, actor: Actor, user_code: str, approve: bool) -> None:
        """Let the program that shows this code in, as the person who asks, or turn it away.

        Raises NotFoundError for a code that nobody waits with.
        """
        pk = require_own(actor)
        if self._accounts.end_of(actor) is not None:  # a login lasts as long as it is renewed
            raise ForbiddenError("token: use one that does not expire; a login goes on and on.")
        with self._database.write() as session:
            query = select(DeviceLogin).where(
                DeviceLogin.user_digest == _digest(_plain(user_code)),
                DeviceLogin.status == "pending",
                DeviceLogin.expires_at > utc_now(),
            )
            found = session.scalars(query).one_or_none()
            if found is None:
                raise NotFoundError(
                    "code: no program waits with this code; look at it again, or start over."
                )
            found.status = "approved" if approve else "denied"
            found.user_pk = pk if approve else None

    def complete(self, device_code: str) -> Issued:
        """Answer the program: its token, once. Raises NotYetError."""
        now = utc_now()
        with self._database.write() as session:
            found = session.get(DeviceLogin, _digest(device_code))
            answer = self._answer(session, found, now)
        if isinstance(answer, str):
            raise NotYetError(answer)
        return answer

    def renew(self, refresh_token: str) -> Issued:
        """A new token for an old one, which ends. Raises ForbiddenError for what is not valid."""
        now = utc_now()
        with self._database.write() as session:
            found = session.get(Login, _digest(refresh_token))
            if found is None or found.expires_at <= now:
                raise ForbiddenError("refresh_token: it is not valid any more; log in again.")
            old = session.get_one(Token, found.token_pk)
            user_pk = old.user_pk
            session.delete(found)
            session.flush()
            session.delete(old)
            session.flush()
            return self._issue(session, user_pk, now)

    def _answer(self, session: Session, found: DeviceLogin | None, now: datetime) -> Issued | str:
        if found is None or found.expires_at <= now:
            return "expired_token"
        if found.status == "denied":
            session.delete(found)
            return "access_denied"
        if found.status == "pending" or found.user_pk is None:
            early = timedelta(seconds=INTERVAL - 1)
            slow_down = found.polled_at is not None and now - found.polled_at < early
            found.polled_at = now
            return "slow_down" if slow_down else "authorization_pending"
        user_pk = found.user_pk
        session.delete(found)
        return self._issue(session, user_pk, now)

    def _issue(self, session: Session, user_pk: int, now: datetime) -> Issued:
        person = session.get_one(Namespace, user_pk)
        refresh = secrets.token_urlsafe(32)
        text, row = self._accounts.new_token(
            person, name=f"login of {now:%Y-%m-%d %H:%M}", role="write", lifetime=_TOKEN_LIFETIME
        )
        session.add(row)
        session.flush()
        login: dict[str, Any] = {"refresh_digest": _digest(refresh), "token_pk": row.pk}
        session.add(Login(**login, expires_at=now + _REFRESH_LIFETIME))
        return Issued(text, refresh, int(_TOKEN_LIFETIME.total_seconds()))


def _user_code() -> str:
    letters = "".join(secrets.choice(_LETTERS) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"


def _plain(user_code: str) -> str:
    return "".join(letter for letter in user_code.upper() if letter in _LETTERS)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
