"""The models that were called lately, looked up once until something about them changes."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path

from phub_jupyter.hub.access import Actor
from phub_jupyter.hub.database.changes import Remembered
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.repos.folders import main_stamp

__all__ = ["KnownModel", "KnownModels", "key_of"]


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A repository that ``actor`` may have the content of, and the commit of its branch ``main``.

    ``stamp`` is the state of the folder ``path`` that the commit was read in.
    """

    actor: Actor
    repo: Repo
    commit: str
    path: Path
    stamp: Hashable


class KnownModels(Remembered[KnownModel]):
    """The models of one server. All that the access rule looks at is compared again."""

    def of(self, actor: Actor, namespace: str, name: str) -> KnownModel | None:
        """The model if all is as it was when it was looked up."""
        known = self.get(key_of(actor, namespace, name))
        if known is None or known.actor != actor or known.stamp != main_stamp(known.path):
            return None
        return known


def key_of(actor: Actor, namespace: str, name: str) -> Hashable:
    """Tells the lookups of different callers apart, so that they do not push each other out."""
    return actor.pk, actor.grant and actor.grant.pk, namespace, name
