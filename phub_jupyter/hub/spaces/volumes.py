"""The volumes of Spaces: who may set them, who may see them, and where their files are.

Whoever sets a volume lends the Space what they may read themselves. It is asked again at every
start, so that an app loses what its lender lost.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from phub_jupyter.errors import ForbiddenError, HubError, InvalidRequestError, MovedError
from phub_jupyter.hub.access import Action, Actor, Verdict, decide, require, require_own
from phub_jupyter.hub.accounts import Accounts
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.repos.repositories import Repositories
from phub_jupyter.hub.repos.snapshots import Snapshots
from phub_jupyter.hub.spaces.volume import AskedVolume, SpaceVolumes, Volume

__all__ = ["Volumes"]

_LOG = logging.getLogger("phub")
_NOT_ALLOWED = (
    "volumes: who set them may not manage this Space any more; let somebody who may set them anew."
)


class Volumes:
    """Finds what volumes name, always through the access rule."""

    def __init__(
        self, repositories: Repositories, accounts: Accounts, snapshots: Snapshots
    ) -> None:
        self._repositories = repositories
        self._accounts = accounts
        self._snapshots = snapshots

    def find(self, actor: Actor, asked: Sequence[AskedVolume]) -> SpaceVolumes | None:
        """What is asked for, if ``actor`` may read all of it now; None if it is nothing.

        Raises InvalidRequestError naming the field, ForbiddenError for a token that ends.
        """
        if not asked:
            return None
        pk = require_own(actor)
        if self._accounts.end_of(actor) is not None:
            raise ForbiddenError("token: use one that does not expire; a volume stays.")
        person = _without_power(actor)
        items = [self._find(person, one, f"volumes[{at}]") for at, one in enumerate(asked)]
        return SpaceVolumes(pk, tuple(items))

    def shown(self, actor: Actor, volumes: SpaceVolumes | None) -> list[dict[str, Any]]:
        """Those whose repository ``actor`` may see, in the words of the contract."""
        items = () if volumes is None else volumes.items
        repos = self._repositories.by_uids(item.uid for item in items)
        return [
            _about(item, repos[item.uid])
            for item in items
            if item.uid in repos and decide(actor, Action.READ, repos[item.uid]) is Verdict.ALLOW
        ]

    def folders(self, space: Repo, volumes: SpaceVolumes | None) -> dict[str, Path]:
        """The folders with the files of now, by mount path; nothing in them may be changed.

        Raises InvalidRequestError, which names no repository: visitors of the Space read it.
        """
        if volumes is None:
            return {}
        try:
            person = self._accounts.actor_for_user(self._accounts.name_of(volumes.set_by))
            require(person, Action.ADMIN, space)
        except HubError:
            raise InvalidRequestError(_NOT_ALLOWED) from None
        reader = _without_power(person)
        return {
            item.mount_path: self._folder(reader, item, f"volumes[{number}]")
            for number, item in enumerate(volumes.items)
        }

    def _find(self, person: Actor, asked: AskedVolume, field: str) -> Volume:
        try:
            repo = self._repositories.find(person, Action.CONTENT, asked.type, asked.source)
        except MovedError as moved:
            raise InvalidRequestError(
                f"{field}.source: it is called {moved.name} by now; send that."
            ) from None
        except HubError as error:
            raise InvalidRequestError(f"{field}.source: {error.message}") from None
        found = Volume(repo.uid, asked.mount_path, asked.revision, asked.path)
        self._commit(repo, found, field)
        return found

    def _folder(self, reader: Actor, volume: Volume, field: str) -> Path:
        try:
            repo = self._repositories.by_uid(volume.uid)
            require(reader, Action.CONTENT, repo)
        except HubError:
            raise InvalidRequestError(
                f"{field}: who set the volumes cannot read it any more; set them anew."
            ) from None
        commit = self._commit(repo, volume, field)
        try:
            folder = self._snapshots.folder(repo, commit) / (volume.path or "")
            _protect(folder)
        except (HubError, OSError) as error:
            _LOG.warning("A volume of a Space cannot be laid out: %s", error)
            raise InvalidRequestError(
                f"{field}: its files cannot be laid out; the log of the hub says why."
            ) from None
        return folder

    def _commit(self, repo: Repo, volume: Volume, field: str) -> str:
        git = self._repositories.open(repo)
        try:
            commit = git.resolve(volume.revision or "main")
        except HubError:
            raise InvalidRequestError(
                f"{field}.revision: there is no such branch, tag or commit; name another."
            ) from None
        try:
            git.tree(commit, volume.path or "")
        except HubError:
            raise InvalidRequestError(
                f"{field}.path: there is no such folder in that revision; name another."
            ) from None
        return commit


def _without_power(actor: Actor) -> Actor:
    """The person without an administrator's power over the whole hub: no app is lent that."""
    return replace(actor, is_admin=False)


def _about(volume: Volume, repo: Repo) -> dict[str, Any]:
    optional = {"revision": volume.revision, "path": volume.path}
    return {
        "type": repo.type,
        "source": f"{repo.namespace}/{repo.name}",
        "mountPath": volume.mount_path,
        "readOnly": True,
        **{key: value for key, value in optional.items() if value is not None},
    }


def _protect(folder: Path) -> None:
    # Checkouts are shared: what an app wrote by mistake would be read by all others of the commit.
    for place, _, names in os.walk(folder):
        for name in names:
            Path(place, name).chmod(0o444)
