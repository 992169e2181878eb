"""Organizations: their members and roles, and their resource groups."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, aliased

from phub_jupyter.errors import (
    ConflictError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
)
from phub_jupyter.hub.access import Action, Actor, require, require_organization, require_own
from phub_jupyter.hub.accounts import ORG_ROLES, account_named, new_uid
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import (
    GroupMember,
    Member,
    Namespace,
    Repo,
    ResourceGroup,
)

__all__ = ["Group", "Organizations"]

_LONGEST_NAME = 96


@dataclass(frozen=True, slots=True)
class Group:
    """A resource group with the roles of its members, by name, and the number of its repos."""

    row: ResourceGroup
    members: dict[str, str]
    repos: int


class Organizations:
    """Changes who is in an organization and in its groups; every change needs an administrator."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def set_role(self, actor: Actor, org: str, user: str, role: str) -> None:
        """Make somebody a member, or give a member another role.

        Raises ConflictError rather than leave the organization without an administrator.
        """
        _check_role(role)
        with self._database.write() as session:
            account = _managed(session, actor, org)
            person = account_named(session, "user", user)
            if role != "admin":
                _keep_an_admin(session, account, person)
            session.merge(Member(org_pk=account.pk, user_pk=person.pk, role=role))

    def remove(self, actor: Actor, org: str, user: str) -> None:
        """End a membership and the roles in all groups; members may leave by themselves."""
        with self._database.write() as session:
            account = account_named(session, "org", org)
            person = account_named(session, "user", user)
            if actor.pk != person.pk or require_own(actor) != person.pk:
                require_organization(actor, account.pk)
            if session.get(Member, (account.pk, person.pk)) is None:
                raise NotFoundError(f"user: {person.name} is not a member of {account.name}.")
            _keep_an_admin(session, account, person)
            groups = select(ResourceGroup.pk).where(ResourceGroup.org_pk == account.pk)
            session.execute(
                delete(GroupMember).where(
                    GroupMember.user_pk == person.pk, GroupMember.group_pk.in_(groups)
                )
            )
            session.execute(
                delete(Member).where(Member.org_pk == account.pk, Member.user_pk == person.pk)
            )

    def roles(self, actor: Actor, org: str) -> dict[str, str]:
        """The role of every member, for members."""
        with self._database.read() as session:
            account = account_named(session, "org", org)
            if account.pk not in actor.roles:
                require_organization(actor, account.pk)
            query = (
                select(Namespace.name, Member.role)
                .join(Member, Member.user_pk == Namespace.pk)
                .where(Member.org_pk == account.pk)
                .order_by(Namespace.key)
            )
            return {row[0]: row[1] for row in session.execute(query)}

    def memberships(self) -> list[tuple[str, str, str]]:
        """Organization, member and role, by name; for whoever looks after the whole hub."""
        org, person = aliased(Namespace), aliased(Namespace)
        query = (
            select(org.name, person.name, Member.role)
            .join(Member, Member.org_pk == org.pk)
            .join(person, person.pk == Member.user_pk)
            .order_by(org.key, person.key)
        )
        with self._database.read() as session:
            return [(row[0], row[1], row[2]) for row in session.execute(query)]

    def groups(self, actor: Actor, org: str) -> list[Group]:
        """The resource groups; an administrator sees all, others those that they are in."""
        with self._database.read() as session:
            account = account_named(session, "org", org)
            query = select(ResourceGroup).where(ResourceGroup.org_pk == account.pk)
            if not _administers(actor, account.pk):
                query = query.where(ResourceGroup.pk.in_(list(actor.groups)))
            rows = list(session.scalars(query.order_by(ResourceGroup.name)))
            return _groups(session, rows)

    def add_group(self, actor: Actor, org: str, name: str, description: str) -> Group:
        """Make an empty resource group. Raises ConflictError if the name is taken."""
        if not 0 < len(name) <= _LONGEST_NAME:
            raise InvalidRequestError(f"name: use 1 to {_LONGEST_NAME} characters.")
        with self._database.write() as session:
            account = _managed(session, actor, org)
            taken = select(ResourceGroup).where(
                ResourceGroup.org_pk == account.pk, ResourceGroup.name == name
            )
            if session.scalars(taken).one_or_none() is not None:
                raise ConflictError(f"name: there is a resource group '{name}' already.")
            row = ResourceGroup(
                uid=new_uid(), org_pk=account.pk, name=name, description=description
            )
            session.add(row)
            session.flush()
            return Group(row, {}, 0)

    def remove_group(self, actor: Actor, org: str, uid: str) -> None:
        """Remove a group that holds no repository any more.

        Raises ConflictError otherwise: its repositories would become visible to all members.
        """
        with self._database.write() as session:
            group = _group(session, _managed(session, actor, org), uid)
            held = select(func.count()).where(Repo.resource_group_pk == group.pk)
            if session.scalar(held):
                raise ConflictError("The group holds repositories; move them out first.")
            session.delete(group)

    def set_group_role(self, actor: Actor, org: str, uid: str, user: str, role: str | None) -> None:
        """Give a member of the organization a role in a group, or none any more."""
        if role is not None:
            _check_role(role)
        with self._database.write() as session:
            account = _managed(session, actor, org)
            group = _group(session, account, uid)
            person = account_named(session, "user", user)
            if role is None:
                session.execute(
                    delete(GroupMember).where(
                        GroupMember.group_pk == group.pk, GroupMember.user_pk == person.pk
                    )
                )
                return
            if session.get(Member, (account.pk, person.pk)) is None:
                raise InvalidRequestError(f"user: {person.name} is not a member of {account.name}.")
            session.merge(GroupMember(group_pk=group.pk, user_pk=person.pk, role=role))

    def place(self, actor: Actor, repo: Repo, uid: str | None) -> None:
        """Put a repository of an organization into one of its groups, or into none."""
        require(actor, Action.ADMIN, repo)
        with self._database.write() as session:
            owner = session.get_one(Namespace, repo.namespace_pk)
            if owner.kind != "org":
                raise InvalidRequestError("resourceGroupId: only organizations have groups.")
            require_organization(actor, owner.pk)
            group = None if uid is None else _group(session, owner, uid).pk
            session.get_one(Repo, repo.pk).resource_group_pk = group


def _administers(actor: Actor, org_pk: int) -> bool:
    try:
        require_organization(actor, org_pk)
    except ForbiddenError:
        return False
    return True


def _check_role(role: str) -> None:
    if role not in ORG_ROLES:
        raise InvalidRequestError(f"role: '{role}' is not one of {', '.join(ORG_ROLES)}.")


def _managed(session: Session, actor: Actor, name: str) -> Namespace:
    account = account_named(session, "org", name)
    require_organization(actor, account.pk)
    return account


def _group(session: Session, org: Namespace, uid: str) -> ResourceGroup:
    query = select(ResourceGroup).where(ResourceGroup.org_pk == org.pk, ResourceGroup.uid == uid)
    found = session.scalars(query).one_or_none()
    if found is None:
        raise NotFoundError(f"resourceGroupId: {org.name} has no resource group '{uid}'.")
    return found


def _keep_an_admin(session: Session, org: Namespace, leaving: Namespace) -> None:
    others = select(func.count()).where(
        Member.org_pk == org.pk, Member.role == "admin", Member.user_pk != leaving.pk
    )
    if not session.scalar(others):
        raise ConflictError(f"role: {org.name} needs an administrator; name another one first.")


def _groups(session: Session, rows: list[ResourceGroup]) -> list[Group]:
    pks = [row.pk for row in rows]
    members: dict[int, dict[str, str]] = {pk: {} for pk in pks}
    people = (
        select(GroupMember.group_pk, Namespace.name, GroupMember.role)
        .join(Namespace, Namespace.pk == GroupMember.user_pk)
        .where(GroupMember.group_pk.in_(pks))
    )
    for pk, name, role in session.execute(people):
        members[pk][name] = role
    counted = (
        select(Repo.resource_group_pk, func.count())
        .where(Repo.resource_group_pk.in_(pks))
        .group_by(Repo.resource_group_pk)
    )
    repos = {row[0]: row[1] for row in session.execute(counted)}
    return [Group(row, members[row.pk], repos.get(row.pk, 0)) for row in rows]
