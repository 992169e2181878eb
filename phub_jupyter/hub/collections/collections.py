"""The life of a collection: create, find, list, change, delete."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, desc, false, func, literal, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from phub_jupyter.errors import (
    AuthenticationError,
    ConflictError,
    ForbiddenError,
    InvalidRequestError,
)
from phub_jupyter.hub.access import Action, Actor, Verdict, require_namespace, require_own
from phub_jupyter.hub.accounts import new_uid
from phub_jupyter.hub.collections.address import missing, slug_of, uid_in
from phub_jupyter.hub.collections.items import CollectionItems, placed
from phub_jupyter.hub.collections.views import CollectionView, may, views
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import (
    Collection,
    CollectionItem,
    CollectionUpvote,
    Namespace,
    Repo,
    ResourceGroup,
    utc_now,
)

__all__ = ["CollectionQuery", "Collections"]

_SORTS: dict[str, InstrumentedAttribute[Any]] = {
    "lastModified": Collection.updated_at,
    "trending": Collection.updated_at,
    "upvotes": Collection.upvotes,
}
_ITEMS_IN_LISTS = 4


@dataclass(frozen=True, slots=True)
class CollectionQuery:
    """Which collections to list; ``items`` are like ``models/ada/bert``, any of them matches."""

    owners: Sequence[str] = ()
    items: Sequence[str] = ()
    sort: str = "lastModified"
    limit: int = 100
    after: int | None = None  # the key of the last one seen


class Collections:
    """Finds and changes collections; every look-up passes the access rule."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.items = CollectionItems(self.changed)

    def create(
        self,
        actor: Actor,
        owner: str,
        title: str,
        description: str = "",
        private: bool = False,
        group_uid: str | None = None,
    ) -> CollectionView:
        """Make an empty collection. Raises ConflictError if the owner has one of that title."""
        with self._database.write() as session:
            namespace = session.scalar(select(Namespace).where(Namespace.key == owner.lower()))
            if namespace is None:
                raise InvalidRequestError(
                    f"namespace: there is no user or organization '{owner}' on this hub."
                )
            require_namespace(actor, namespace.pk)
            assert actor.pk is not None
            _refuse_taken(session, namespace, title)
            number = select(func.count(Collection.pk)).where(
                Collection.namespace_pk == namespace.pk
            )
            row = Collection(
                uid=new_uid(),
                namespace_pk=namespace.pk,
                title=title,
                description=description,
                private=private,
                position=session.scalar(number) or 0,
                created_by=actor.pk,
            )
            if group_uid is not None:
                row.resource_group_pk = _group(session, actor, row, group_uid)
            session.add(row)
            session.flush()
            return CollectionView(row, namespace)

    def get(self, actor: Actor, slug: str) -> CollectionView:
        """The collection at an address, also one with a former title. Raises NotFoundError."""
        with self._database.read() as session:
            return views(session, actor, [_found(session, actor, slug)])[0]

    def listed(self, actor: Actor, query: CollectionQuery) -> list[CollectionView]:
        """A page of the collections that the actor may see, and one more if there are more."""
        if query.sort not in _SORTS:
            raise InvalidRequestError(f"sort: '{query.sort}' is not one of {', '.join(_SORTS)}.")
        with self._database.read() as session:
            rows: list[Collection] = []
            for row in session.scalars(_listed(session, actor, query)).yield_per(200):
                if may(actor, Action.READ, row) is Verdict.ALLOW:
                    rows.append(row)
                if len(rows) > query.limit:
                    break
            return views(session, actor, rows, _ITEMS_IN_LISTS)

    def update(self, actor: Actor, slug: str, changes: Mapping[str, Any]) -> CollectionView:
        """Set title, description, private, theme or position."""
        with self.changed(actor, slug) as (session, row):
            owner = session.get_one(Namespace, row.namespace_pk)
            if "title" in changes and changes["title"] != row.title:
                _refuse_taken(session, owner, changes["title"])
            for name in ("title", "description", "private", "theme"):
                if name in changes:
                    setattr(row, name, changes[name])
            if "position" in changes:
                same = select(Collection).where(Collection.namespace_pk == row.namespace_pk)
                rest = session.scalars(same.order_by(Collection.position, Collection.pk)).all()
                placed(rest, row, changes["position"])
            session.flush()
            return views(session, actor, [row])[0]

    def delete(self, actor: Actor, slug: str) -> None:
        """Remove a collection; what was in it stays where it is."""
        with self.changed(actor, slug) as (session, row):
            session.delete(row)

    def set_group(self, actor: Actor, slug: str, group_uid: str | None) -> None:
        """Put a collection of an organization into a resource group, or out of any."""
        with self.changed(actor, slug) as (session, row):
            row.resource_group_pk = _group(session, actor, row, group_uid)

    def upvote(self, actor: Actor, slug: str, wanted: bool) -> int:
        """Recommend a collection or take that back. Returns how many people recommend it."""
        with self._database.write() as session:
            row = _found(session, actor, slug)
            person = require_own(actor)
            vote = session.get(CollectionUpvote, (row.pk, person))
            if wanted and vote is None:
                session.add(CollectionUpvote(collection_pk=row.pk, user_pk=person))
            if not wanted and vote is not None:
                session.delete(vote)
            session.flush()
            votes = select(func.count(CollectionUpvote.user_pk)).where(
                CollectionUpvote.collection_pk == row.pk
            )
            row.upvotes = session.scalar(votes) or 0
            return row.upvotes

    @contextmanager
    def changed(self, actor: Actor, slug: str) -> Iterator[tuple[Session, Collection]]:
        """A transaction over a collection that the actor may change, which it then notes."""
        with self._database.write() as session:
            row = _found(session, actor, slug)
            _require_change(actor, row)
            row.updated_at = utc_now()
            yield session, row


def _require_change(actor: Actor, row: Collection) -> None:
    """Raise unless the actor may change a collection that they see."""
    if may(actor, Action.WRITE, row) is Verdict.ALLOW:
        return
    if actor.is_anonymous:
        raise AuthenticationError("Log in: this needs a token with write access.")
    raise ForbiddenError("You cannot change this collection with these credentials.")


def _found(session: Session, actor: Actor, slug: str) -> Collection:
    row = session.scalar(select(Collection).where(Collection.uid == uid_in(slug)))
    if row is None or may(actor, Action.READ, row) is not Verdict.ALLOW:
        raise missing()
    return row


def _group(session: Session, actor: Actor, row: Collection, uid: str | None) -> int | None:
    if may(actor, Action.ADMIN, row) is not Verdict.ALLOW:
        raise ForbiddenError("Only an administrator of the organization may do that.")
    if uid is None:
        return None
    group = session.scalar(select(ResourceGroup).where(ResourceGroup.uid == uid))
    if group is None or group.org_pk != row.namespace_pk:
        raise InvalidRequestError("resourceGroupId: the owner has no such group.")
    return group.pk


def _refuse_taken(session: Session, owner: Namespace, title: str) -> None:
    same = (Collection.namespace_pk == owner.pk) & (Collection.title == title)
    other = session.scalar(select(Collection).where(same))
    if other is not None:
        raise ConflictError(
            f"{owner.name} has a collection of that title already.",
            slug=slug_of(owner.name, other.title, other.uid),
        )


def _listed(session: Session, actor: Actor, query: CollectionQuery) -> Select[Collection]:
    column = _SORTS[query.sort]
    rows = select(Collection).order_by(desc(column), desc(Collection.pk))
    if not actor.is_hub_admin:  # a first sieve; the rule itself looks at every row
        mine = Collection.namespace_pk.in_([*actor.roles, *([actor.pk] if actor.pk else [])])
        public = Collection.private.is_(False) if actor.sees_public else false()
        rows = rows.where(or_(public, mine))
    if query.owners:
        keys = [owner.lower() for owner in query.owners]
        owners = select(Namespace.pk).where(Namespace.key.in_(keys))
        rows = rows.where(Collection.namespace_pk.in_(owners))
    if query.items:
        rows = rows.where(or_(*(_holds(item) for item in query.items)))
    if query.after is not None:
        last = session.get(Collection, query.after)
        if last is None:
            raise InvalidRequestError("cursor: that collection is gone; start without it.")
        value = literal(getattr(last, column.key), column.type)
        rows = rows.where(tuple_(column, Collection.pk) < tuple_(value, literal(last.pk)))
    return rows


def _holds(item: str) -> ColumnElement[bool]:
    kind, _, name = item.partition("/")
    found = select(CollectionItem.collection_pk)
    if kind == "collections":
        child = select(Collection.pk).where(Collection.uid == uid_in(name)).correlate(None)
        found = found.where(CollectionItem.child_pk.in_(child))
    else:
        repo = select(Repo.pk).where(Repo.key == f"{kind.removesuffix('s')}/{name.lower()}")
        found = found.where(CollectionItem.repo_pk.in_(repo))
    return Collection.pk.in_(found)
