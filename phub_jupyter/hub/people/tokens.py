"""A person's own tokens: listed, made with no more rights than the maker has, and revoked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select

from phub_jupyter.errors import ForbiddenError, InvalidRequestError, NotFoundError
from phub_jupyter.hub.access import Action, Actor, require_own
from phub_jupyter.hub.accounts import TOKEN_ROLES, Accounts
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import AppLogin, Token, utc_now
from phub_jupyter.hub.repos.repositories import Repositories
from phub_jupyter.identifiers import RepoType

__all__ = ["Tokens", "Wish"]

_MOST_SCOPES = 200
_RIGHTS = frozenset({"read", "write"})


@dataclass(frozen=True, slots=True)
class Wish:
    """What a new token should be; ``scopes`` are ``{"type", "name", "rights"}``."""

    name: str
    role: str
    scopes: tuple[dict[str, Any], ...] = ()
    lifetime: timedelta | None = None
    reads_gated: bool = False


class Tokens:
    """The tokens of the person who asks."""

    def __init__(self, database: Database, accounts: Accounts, repositories: Repositories) -> None:
        self._database = database
        self._accounts = accounts
        self._repositories = repositories

    def all(self, actor: Actor) -> list[Token]:
        """One's tokens, oldest first; their texts are not kept."""
        pk = require_own(actor)
        with self._database.read() as session:
            return list(
                session.scalars(select(Token).where(Token.user_pk == pk).order_by(Token.pk))
            )

    def add(self, actor: Actor, wish: Wish) -> str:
        """Mint a token and return its text, which cannot be shown again.

        A token that may only read, or only reach some repositories, cannot make another one.
        """
        require_own(actor)
        if wish.role not in TOKEN_ROLES:
            raise InvalidRequestError(
                f"role: '{wish.role}' is not one of {', '.join(TOKEN_ROLES)}."
            )
        if wish.role == "admin" and not actor.is_hub_admin:
            raise ForbiddenError("role: only administrators of the hub have tokens of role admin.")
        fine = wish.role == "fineGrained"
        if not fine and (wish.scopes or wish.reads_gated):
            raise InvalidRequestError("scopes: only tokens of the role fineGrained have any.")
        assert actor.name is not None
        self._outlive_nothing(actor, wish.lifetime)
        return self._accounts.add_token(
            actor.name,
            name=wish.name,
            role=wish.role,
            scopes=self._scopes(actor, wish.scopes),
            lifetime=wish.lifetime,
            reads_gated=wish.reads_gated,
        )

    def revoke(self, actor: Actor, pk: int) -> None:
        """Make a token of one's own worthless from now on, with all that it opened."""
        user = require_own(actor)
        mine = (Token.pk == pk, Token.user_pk == user)
        with self._database.write() as session:
            login = session.scalar(select(Token.login_pk).where(*mine))
            done = session.execute(delete(Token).where(*mine))
            if login is not None:  # or the app would renew it
                session.execute(delete(AppLogin).where(AppLogin.pk == login))
        if not getattr(done, "rowcount", 0):
            raise NotFoundError(f"token: {actor.name} has no token {pk}.")

    def _outlive_nothing(self, actor: Actor, lifetime: timedelta | None) -> None:
        """A token that ends some day makes none that lasts longer."""
        end = self._accounts.end_of(actor)
        if end is not None and (lifetime is None or utc_now() + lifetime > end):
            raise ForbiddenError(
                "expiresInDays: the token that asks ends sooner than the new one would."
            )

    def _scopes(self, actor: Actor, scopes: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        wanted = list(scopes)
        if len(wanted) > _MOST_SCOPES:
            raise InvalidRequestError(f"scopes: at most {_MOST_SCOPES}.")
        return [self._scope(actor, scope) for scope in wanted]

    def _scope(self, actor: Actor, scope: dict[str, Any]) -> dict[str, Any]:
        kind, name, rights = scope.get("type"), scope.get("name"), scope.get("rights")
        if not isinstance(kind, str) or not isinstance(name, str):
            raise InvalidRequestError("scopes: each needs a type and a name.")
        if not isinstance(rights, list) or not rights or not set(map(str, rights)) <= _RIGHTS:
            raise InvalidRequestError("scopes: rights are read and write.")
        if kind in ("user", "org"):
            account = self._accounts.find(name)
            if account is None or account.kind != kind:
                raise NotFoundError(f"scopes: there is no {kind} '{name}'.")
            if account.pk != actor.pk and account.pk not in actor.roles:
                raise ForbiddenError(f"scopes: you do not belong to '{name}'.")
            return {"type": kind, "id": account.uid, "namespace": account.pk, "rights": rights}
        repo = self._repositories.find(actor, Action.READ, RepoType.parse(kind), name)
        return {"type": kind, "id": repo.uid, "rights": rights}
