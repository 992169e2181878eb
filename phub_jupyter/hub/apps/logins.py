"""People who let apps in: codes, tokens and what renews them (OAuth 2.0 with PKCE).

Every code and every renewing token is good once. Whoever shows one again may have stolen it, so
that ends the whole login, with its tokens. Only digests are kept.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from phub_jupyter.errors import ForbiddenError, InvalidRequestError, NotFoundError
from phub_jupyter.hub.access import Actor, require_own
from phub_jupyter.hub.accounts import Accounts
from phub_jupyter.hub.apps.registry import digest
from phub_jupyter.hub.apps.scopes import parse_scopes, rights_of
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import (
    App,
    AppLogin,
    AppRefresh,
    Namespace,
    Token,
    utc_now,
)

__all__ = ["PREFIX", "AppLogins", "AppTokens", "Consent", "check_challenge"]

PREFIX = "hfr_"
"""What a token that renews begins with."""

_CODE_LIFETIME = timedelta(minutes=2)
_LOGIN_LIFETIME = timedelta(days=90)
_MOST_REMEMBERED = 500
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


@dataclass(frozen=True, slots=True)
class Consent:
    """What a person agreed to on the page."""

    app: App
    scopes: Sequence[str]
    redirect_uri: str
    challenge: str | None
    nonce: str | None


@dataclass(frozen=True, slots=True)
class AppTokens:
    """What an app gets; with ``person`` and ``login`` the server writes the id token."""

    access_token: str
    refresh_token: str
    expires_in: int
    scopes: tuple[str, ...]
    person: Namespace
    login: AppLogin


class AppLogins:
    """Begins logins of apps, hands their tokens out, and ends them."""

    def __init__(self, database: Database, accounts: Accounts) -> None:
        self._database = database
        self._accounts = accounts

    def allow(self, actor: Actor, consent: Consent) -> str:
        """Write down that a person agreed, and return the code for the app."""
        pk = require_own(actor)
        if self._accounts.end_of(actor) is not None:
            raise ForbiddenError("token: use one that does not expire; a login goes on and on.")
        code, now = secrets.token_urlsafe(32), utc_now()
        with self._database.write() as session:
            session.execute(delete(AppLogin).where(AppLogin.expires_at <= now))
            session.add(
                AppLogin(
                    app_pk=consent.app.pk,
                    user_pk=pk,
                    scopes=list(consent.scopes),
                    rights=_created_before(session, consent, pk),
                    code_digest=digest(code),
                    code_expires_at=now + _CODE_LIFETIME,
                    redirect_uri=consent.redirect_uri,
                    challenge=consent.challenge,
                    nonce=consent.nonce,
                    expires_at=now + _CODE_LIFETIME,
                )
            )
        return code

    def exchange(self, app: App, code: str, redirect_uri: str, verifier: str | None) -> AppTokens:
        """The tokens for a code. Raises ForbiddenError for one that is not good, or was used."""
        now = utc_now()
        with self._database.write() as session:
            login = session.scalar(
                select(AppLogin).where(
                    AppLogin.code_digest == digest(code), AppLogin.app_pk == app.pk
                )
            )
            answer = self._first(session, app, login, now, redirect_uri, verifier)
        return _or_refuse(answer)

    def renew(self, app: App, refresh_token: str, scope: str | None) -> AppTokens:
        """New tokens for an old one. Raises ForbiddenError for one that is not good, or was used.

        ``scope`` may ask for less than was agreed to, from then on, and never for more.
        """
        now = utc_now()
        with self._database.write() as session:
            row = session.get(AppRefresh, digest(refresh_token))
            login = None if row is None else session.get(AppLogin, row.login_pk)
            answer = self._next(session, app, row, login, now, scope)
        return _or_refuse(answer)

    def end(self, app: App, token: str) -> None:
        """End the login that a token of this app belongs to; others are left alone."""
        key = digest(token)
        refreshed = select(AppRefresh.login_pk).where(AppRefresh.digest == key)
        accessed = select(Token.login_pk).where(Token.digest == key)
        with self._database.write() as session:
            session.execute(
                delete(AppLogin).where(
                    AppLogin.app_pk == app.pk,
                    AppLogin.pk.in_(refreshed) | AppLogin.pk.in_(accessed),
                )
            )

    def connected(self, actor: Actor) -> list[tuple[App, AppLogin]]:
        """The apps that the person let in, with the newest login of each."""
        pk = require_own(actor)
        query = (
            select(App, AppLogin)
            .join(AppLogin, AppLogin.app_pk == App.pk)
            .where(AppLogin.user_pk == pk, AppLogin.expires_at > utc_now(), AppLogin.code_used)
            .order_by(AppLogin.pk)
        )
        with self._database.read() as session:
            newest = {app.pk: (app, login) for app, login in session.execute(query)}
        return list(newest.values())

    def disconnect(self, actor: Actor, client_id: str) -> None:
        """End all logins of an app with this person. Raises NotFoundError if there is none."""
        pk = require_own(actor)
        of_app = select(App.pk).where(App.client_id == client_id)
        with self._database.write() as session:
            done = session.execute(
                delete(AppLogin).where(AppLogin.user_pk == pk, AppLogin.app_pk.in_(of_app))
            )
        if not getattr(done, "rowcount", 0):
            raise NotFoundError(f"app: you have let no app '{client_id}' in.")

    def scopes_of(self, actor: Actor) -> list[str] | None:
        """What the person agreed to for the token that asks; None if it is not an app's."""
        if actor.grant is None:
            return None
        query = (
            select(AppLogin.scopes)
            .join(Token, Token.login_pk == AppLogin.pk)
            .where(Token.pk == actor.grant.pk)
        )
        with self._database.read() as session:
            return session.scalar(query)

    def _first(
        self,
        session: Session,
        app: App,
        login: AppLogin | None,
        now: datetime,
        redirect_uri: str,
        verifier: str | None,
    ) -> AppTokens | str:
        if login is None:
            return "code: it is not valid."
        if login.code_used:
            session.delete(login)
            return "code: it was used before; everything that it opened has ended."
        if login.code_expires_at <= now:
            return "code: it has expired; begin again."
        if login.redirect_uri != redirect_uri:
            return "redirect_uri: send the one of the request for the code."
        if not _verified(login.challenge, verifier):
            return "code_verifier: it does not belong to the code_challenge of the request."
        taken = session.execute(
            update(AppLogin)
            .where(AppLogin.pk == login.pk, AppLogin.code_used.is_(False))
            .values(code_used=True)
        )
        if getattr(taken, "rowcount", 0) != 1:  # at the same moment, by somebody else
            session.delete(login)
            return "code: it was used before; everything that it opened has ended."
        return self._issue(session, app, login, list(login.scopes), now)

    def _next(
        self,
        session: Session,
        app: App,
        row: AppRefresh | None,
        login: AppLogin | None,
        now: datetime,
        scope: str | None,
    ) -> AppTokens | str:
        if row is None or login is None or login.app_pk != app.pk or login.expires_at <= now:
            return "refresh_token: it is not valid any more; sign in again."
        if row.used:
            session.delete(login)
            return "refresh_token: it was used before; everything that it opened has ended."
        scopes = list(login.scopes) if not scope else parse_scopes(scope)
        if not set(scopes) <= set(login.scopes):
            raise InvalidRequestError("scope: ask for no more than the person agreed to.")
        taken = session.execute(
            update(AppRefresh)
            .where(AppRefresh.digest == row.digest, AppRefresh.used.is_(False))
            .values(used=True)
        )
        if getattr(taken, "rowcount", 0) != 1:  # at the same moment, by somebody else
            session.delete(login)
            return "refresh_token: it was used before; everything that it opened has ended."
        login.scopes = scopes  # what was given back stays so
        session.execute(delete(Token).where(Token.login_pk == login.pk))
        _forget_old(session, row)
        return self._issue(session, app, login, scopes, now)

    def _issue(
        self, session: Session, app: App, login: AppLogin, scopes: list[str], now: datetime
    ) -> AppTokens:
        person = session.get_one(Namespace, login.user_pk)
        lifetime = timedelta(minutes=app.token_minutes)
        text, row = self._accounts.new_token(
            person,
            name=f"{app.name} (app)",
            role="fineGrained",
            scopes=[*rights_of(session, person, scopes), *login.rights],
            lifetime=lifetime,
            reads_gated="gated-repos" in scopes,
        )
        row.login_pk = login.pk
        refresh = PREFIX + secrets.token_urlsafe(32)
        session.add_all([row, AppRefresh(digest=digest(refresh), login_pk=login.pk)])
        login.expires_at = now + _LOGIN_LIFETIME
        session.flush()
        seconds = int(lifetime.total_seconds())
        return AppTokens(text, refresh, seconds, tuple(scopes), person, login)


def check_challenge(app: App, challenge: str | None, method: str | None) -> str | None:
    """The challenge of a request, which only apps that keep a secret may leave out.

    Raises InvalidRequestError.
    """
    if not challenge:
        if app.secret_digest is None:
            raise InvalidRequestError("code_challenge: this app keeps no secret, so it needs one.")
        if method:
            raise InvalidRequestError("code_challenge: send one, or no code_challenge_method.")
        return None
    if method != "S256":
        raise InvalidRequestError("code_challenge_method: only S256 is accepted.")
    if not _CHALLENGE.fullmatch(challenge):
        raise InvalidRequestError("code_challenge: send the SHA-256 of the verifier, base64url.")
    return challenge


def _verified(challenge: str | None, verifier: str | None) -> bool:
    if challenge is None:
        return not verifier
    if not verifier or not _VERIFIER.fullmatch(verifier):
        return False
    hashed = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
    return hmac.compare_digest(hashed.decode(), challenge)


def _forget_old(session: Session, newest: AppRefresh) -> None:
    """Keep some of the used tokens: a thief who comes later than that gets nothing either."""
    of_login = (AppRefresh.login_pk == newest.login_pk, AppRefresh.digest != newest.digest)
    count = select(func.count()).select_from(AppRefresh).where(*of_login)
    if (session.scalar(count) or 0) >= _MOST_REMEMBERED:
        session.execute(delete(AppRefresh).where(*of_login))


def _created_before(session: Session, consent: Consent, user_pk: int) -> list[dict[str, object]]:
    """The rights to repositories that this app created in earlier logins of the person."""
    if "contribute-repos" not in consent.scopes:
        return []
    query = select(AppLogin.rights).where(
        AppLogin.app_pk == consent.app.pk, AppLogin.user_pk == user_pk
    )
    found = {item["id"]: item for rights in session.scalars(query) for item in rights}
    return list(found.values())


def _or_refuse(answer: AppTokens | str) -> AppTokens:
    if isinstance(answer, str):
        raise ForbiddenError(answer)
    return answer
