"""Lets an app that may only create repositories reach those that it created."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from phub_jupyter.hub.access import Actor
from phub_jupyter.hub.database.tables import AppLogin, Repo, Token

__all__ = ["remember_creation"]


def remember_creation(session: Session, actor: Actor, repo: Repo) -> None:
    """Extend the token that made ``repo``, and the login that it is of, by the right to it."""
    if actor.grant is None or actor.grant.role != "fineGrained":
        return
    token = session.get(Token, actor.grant.pk)
    login = (
        None if token is None or token.login_pk is None else session.get(AppLogin, token.login_pk)
    )
    if token is None or login is None:
        return
    right: dict[str, Any] = {"type": repo.type, "id": repo.uid, "rights": ["read", "write"]}
    token.scopes = [*token.scopes, right]
    login.rights = [*login.rights, right]
