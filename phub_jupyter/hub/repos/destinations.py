"""Where a new repository, or one that moves, is to be: a free name that its maker may use."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from phub_jupyter.errors import ConflictError, InvalidRequestError
from phub_jupyter.hub.access import Actor, require_namespace
from phub_jupyter.hub.database.tables import FormerName, Namespace, Repo, ResourceGroup
from phub_jupyter.identifiers import RepoId, RepoType

__all__ = ["Destination", "repo_key", "taken"]

_MAY_CREATE = ("contributor", "write", "admin")


def repo_key(repo_type: RepoType, repo_id: RepoId) -> str:
    """Under which a repository is unique: ``type/namespace/name`` in lower case."""
    return f"{repo_type}/{repo_id.key}"


def taken(name: str) -> ConflictError:
    """The refusal of a name that another repository has, with that repository's own spelling."""
    return ConflictError(f"You already created this repo: {name}", name=name)


@dataclass(frozen=True, slots=True)
class Destination:
    """A place that somebody may use: its owner, its name, and the resource group there."""

    type: RepoType
    owner: Namespace
    name: str
    group_pk: int | None = None

    @property
    def key(self) -> str:
        """Under which the repository will be unique."""
        return repo_key(self.type, RepoId(self.owner.name, self.name))

    @classmethod
    def find(
        cls,
        session: Session,
        actor: Actor,
        repo_type: RepoType,
        repo_id: RepoId,
        group: str | None = None,
    ) -> Destination:
        """Look the owner and the resource group up (by its uid).

        Raises ForbiddenError if the namespace is not theirs, InvalidRequestError if there is no
        such owner or group, ConflictError if the name is taken.
        """
        owner = session.scalar(select(Namespace).where(Namespace.key == repo_id.namespace.lower()))
        if owner is None:
            raise InvalidRequestError(
                f"namespace: there is no user or organization '{repo_id.namespace}' on this hub."
            )
        require_namespace(actor, owner.pk)
        group_pk = None if group is None else _group(session, actor, owner, group)
        place = cls(repo_type, owner, repo_id.name, group_pk)
        place.refuse_taken(session)
        return place

    def refuse_taken(self, session: Session) -> None:
        """Raise ConflictError if a repository has the name."""
        repo = session.scalar(select(Repo).where(Repo.key == self.key))
        if repo is not None:
            raise taken(f"{repo.namespace}/{repo.name}")

    def occupy(self, session: Session) -> None:
        """End the redirect of a repository that had the name before."""
        session.execute(delete(FormerName).where(FormerName.key == self.key))


def _group(session: Session, actor: Actor, owner: Namespace, uid: str) -> int:
    group = session.scalar(
        select(ResourceGroup).where(ResourceGroup.uid == uid, ResourceGroup.org_pk == owner.pk)
    )
    administers = actor.is_hub_admin or actor.roles.get(owner.pk) == "admin"
    if group is None or not (administers or actor.groups.get(group.pk) in _MAY_CREATE):
        raise InvalidRequestError(
            f"resourceGroupId: '{uid}' is not a resource group of {owner.name} in which you may "
            "create repositories."
        )
    return group.pk
