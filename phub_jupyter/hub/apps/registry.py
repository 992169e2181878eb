"""The apps that people and organizations have registered: who they are, and how they prove it."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from phub_jupyter.errors import (
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
)
from phub_jupyter.hub.access import Actor, require_organization, require_own
from phub_jupyter.hub.accounts import Accounts
from phub_jupyter.hub.apps.redirects import check_redirect
from phub_jupyter.hub.apps.scopes import parse_scopes
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import App, Member, Namespace, Repo

__all__ = ["AppWish", "Apps", "RegisteredApp", "digest"]

_MOST_APPS = 100
_MOST_REDIRECTS = 20
_MINUTES = range(5, 30 * 24 * 60 + 1)
_USUAL_MINUTES = 8 * 60


@dataclass(frozen=True, slots=True)
class AppWish:
    """What an app should be; ``owner`` is a person or an organization by name."""

    name: str
    redirect_uris: tuple[Any, ...]
    scopes: tuple[str, ...] = ("openid", "profile")
    owner: str | None = None
    confidential: bool = True
    token_minutes: int = _USUAL_MINUTES


@dataclass(frozen=True, slots=True)
class RegisteredApp:
    """An app with the name of its owner, and with its secret while that is known."""

    app: App
    owner: str
    secret: str | None = None


class Apps:
    """Registers apps, finds them by their client id, and checks their secrets."""

    def __init__(self, database: Database, accounts: Accounts) -> None:
        self._database = database
        self._accounts = accounts

    def all(self, actor: Actor) -> list[RegisteredApp]:
        """One's own apps, and those of organizations that one administers; none of Spaces."""
        pk = require_own(actor)
        led = select(Member.org_pk).where(Member.user_pk == pk, Member.role == "admin")
        query = (
            select(App, Namespace.name)
            .join(Namespace, Namespace.pk == App.owner_pk)
            .where((App.owner_pk == pk) | App.owner_pk.in_(led), App.repo_pk.is_(None))
            .order_by(App.pk)
        )
        with self._database.read() as session:
            return [RegisteredApp(app, owner) for app, owner in session.execute(query)]

    def add(self, actor: Actor, wish: AppWish) -> RegisteredApp:
        """Register an app. Its secret, if it can keep one, cannot be shown again."""
        _refuse_passing(self._accounts, actor)
        owner = self._owner(actor, wish.owner)
        redirects = [check_redirect(address) for address in wish.redirect_uris]
        if not 1 <= len(redirects) <= _MOST_REDIRECTS:
            raise InvalidRequestError(f"redirectUris: send 1 to {_MOST_REDIRECTS} addresses.")
        if wish.token_minutes not in _MINUTES:
            raise InvalidRequestError(
                f"tokenMinutes: use a number from {_MINUTES.start} to {_MINUTES.stop - 1}."
            )
        secret = _new_secret() if wish.confidential else None
        app = App(
            client_id=str(uuid.uuid4()),
            owner_pk=owner.pk,
            name=wish.name,
            secret_digest=None if secret is None else digest(secret),
            redirect_uris=redirects,
            scopes=parse_scopes(wish.scopes),
            token_minutes=wish.token_minutes,
        )
        with self._database.write() as session:
            count = select(func.count()).select_from(App).where(App.owner_pk == owner.pk)
            if (session.scalar(count) or 0) >= _MOST_APPS:
                raise ForbiddenError(f"app: {owner.name} has {_MOST_APPS} already; remove one.")
            session.add(app)
        return RegisteredApp(app, owner.name, secret)

    def remove(self, actor: Actor, client_id: str) -> None:
        """Forget an app; with it ends whatever people let it do."""
        self._change(actor, client_id, lambda session, app: session.delete(app))

    def renew_secret(self, actor: Actor, client_id: str) -> RegisteredApp:
        """Give an app another secret; the old one is worthless from now on."""
        secret = _new_secret()

        def renew(session: Session, app: App) -> None:
            if app.secret_digest is None:
                raise InvalidRequestError("confidential: this app keeps no secret.")
            app.secret_digest = digest(secret)

        app = self._change(actor, client_id, renew)
        return RegisteredApp(app, self._accounts.name_of(app.owner_pk), secret)

    def find(self, client_id: str) -> RegisteredApp | None:
        """The app of that id, if there is one."""
        query = (
            select(App, Namespace.name)
            .join(Namespace, Namespace.pk == App.owner_pk)
            .where(App.client_id == client_id)
        )
        with self._database.read() as session:
            row = session.execute(query).first()
        return None if row is None else RegisteredApp(*row)

    def space_of(self, app: App) -> Repo | None:
        """The Space that the app is of."""
        with self._database.read() as session:
            return None if app.repo_pk is None else session.get(Repo, app.repo_pk)

    def authenticate(self, client_id: str, secret: str | None) -> App | None:
        """The app, if this is its secret, or if it is one that keeps none and sent none."""
        found = self.find(client_id)
        if found is None:
            return None
        known = found.app.secret_digest
        if known is None:
            return found.app if not secret else None
        return found.app if secret and hmac.compare_digest(known, digest(secret)) else None

    def for_space(self, repo: Repo, scopes: tuple[str, ...], minutes: int) -> tuple[str, str]:
        """Id and a new secret for the app of a Space that starts."""
        secret = _new_secret()
        with self._database.write() as session:
            app = session.scalar(select(App).where(App.repo_pk == repo.pk))
            if app is None:
                app = App(client_id=str(uuid.uuid4()), repo_pk=repo.pk)
                session.add(app)
            app.owner_pk = repo.namespace_pk
            app.name = f"{repo.namespace}/{repo.name}"[:96]
            app.secret_digest = digest(secret)
            app.redirect_uris = []
            app.scopes = parse_scopes(scopes)
            app.token_minutes = min(max(minutes, _MINUTES.start), _MINUTES.stop - 1)
            client_id = app.client_id
        return client_id, secret

    def _owner(self, actor: Actor, name: str | None) -> Namespace:
        account = self._accounts.find(name or actor.name or "")
        if account is None:
            raise NotFoundError(f"owner: there is no person or organization '{name}'.")
        _require_owner(actor, account.pk)
        return account

    def _change(self, actor: Actor, client_id: str, edit: Any) -> App:
        require_own(actor)
        with self._database.write() as session:
            app = session.scalar(select(App).where(App.client_id == client_id))
            if app is None or app.repo_pk is not None or not _owns(actor, app.owner_pk):
                raise NotFoundError(f"app: you have no app '{client_id}'.")
            edit(session, app)
            return app


def digest(secret: str) -> str:
    """What is kept of a secret that is long and by chance."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _new_secret() -> str:
    return secrets.token_urlsafe(32)


def _owns(actor: Actor, owner_pk: int) -> bool:
    return actor.pk == owner_pk or actor.roles.get(owner_pk) == "admin" or actor.is_hub_admin


def _require_owner(actor: Actor, owner_pk: int) -> None:
    if actor.pk == owner_pk:
        require_own(actor)
    else:
        require_organization(actor, owner_pk)


def _refuse_passing(accounts: Accounts, actor: Actor) -> None:
    require_own(actor)
    if accounts.end_of(actor) is not None:
        raise ForbiddenError("token: use one that does not expire; an app stays.")
