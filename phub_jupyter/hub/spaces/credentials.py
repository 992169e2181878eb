"""The token with which an app calls the hub."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from phub_jupyter.errors import HubError, MovedError
from phub_jupyter.hub.access import Action, Actor
from phub_jupyter.hub.accounts import Accounts
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.repos.repositories import Repositories
from phub_jupyter.hub.spaces.settings import SpaceSettings
from phub_jupyter.identifiers import RepoType

__all__ = ["mint_token"]


def mint_token(
    accounts: Accounts,
    repositories: Repositories,
    repo: Repo,
    settings: SpaceSettings,
    lifetime: timedelta,
) -> str:
    """A token for reading the Space and those repositories of its card that it may read.

    It acts for who created the Space. Everybody who may write to the Space can change its card, so
    the Space of an organization gets nothing private from outside of that organization: otherwise
    a colleague could read its creator's own repositories through it.
    """
    publisher = accounts.name_of(repo.created_by)
    readable = _readable(accounts, repositories, publisher, settings)
    scopes = [_read_scope(repo)]
    scopes += [
        _read_scope(found)
        for found in readable
        if repo.namespace_pk in (repo.created_by, found.namespace_pk)
    ]
    return accounts.add_token(
        publisher,
        name=f"Space {repo.namespace}/{repo.name}",
        role="fineGrained",
        scopes=scopes,
        lifetime=lifetime,
    )


def _readable(
    accounts: Accounts, repositories: Repositories, publisher: str, settings: SpaceSettings
) -> Iterator[Repo]:
    actor = accounts.actor_for_user(publisher)
    named = [(RepoType.MODEL, name) for name in settings.models]
    named += [(RepoType.DATASET, name) for name in settings.datasets]
    for repo_type, name in named:
        with contextlib.suppress(HubError):  # what the publisher may not read, the app may not
            yield _find(repositories, actor, repo_type, name)


def _find(repositories: Repositories, actor: Actor, repo_type: RepoType, name: str) -> Repo:
    try:
        return repositories.find(actor, Action.CONTENT, repo_type, name)
    except MovedError as moved:
        return repositories.find(actor, Action.CONTENT, repo_type, moved.name)


def _read_scope(repo: Repo) -> dict[str, Any]:
    return {"type": repo.type, "id": repo.uid, "rights": ["read"]}
