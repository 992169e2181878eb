"""What is in a collection: add, describe, move, take out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from phub_jupyter.errors import ConflictError, InvalidRequestError, NotFoundError
from phub_jupyter.hub.access import Action, Actor, Verdict, decide
from phub_jupyter.hub.accounts import new_uid
from phub_jupyter.hub.collections.address import missing, uid_in
from phub_jupyter.hub.collections.views import CollectionView, may, views
from phub_jupyter.hub.database.tables import Collection, CollectionItem, Repo
from phub_jupyter.identifiers import RepoType

__all__ = ["CollectionItems", "placed"]

_MOST_ITEMS = 1000

Changed = Callable[[Actor, str], AbstractContextManager[tuple[Session, Collection]]]
"""Opens a transaction over the collection at an address, if the actor may change it."""


class CollectionItems:
    """Changes the items of collections, for people who may change those."""

    def __init__(self, changed: Changed) -> None:
        self._changed = changed

    def add(
        self, actor: Actor, slug: str, kind: str, name: str, note: str | None = None
    ) -> CollectionView:
        """Put a repository or collection at the end of a collection.

        Raises NotFoundError if the actor sees no such thing, ConflictError if it is there already.
        """
        with self._changed(actor, slug) as (session, row):
            item = CollectionItem(uid=new_uid(), collection_pk=row.pk, note=note or None)
            if kind == "collection":
                item.child_pk = _child(session, actor, row, name).pk
            else:
                item.repo_pk = _repo(session, actor, kind, name).pk
            others = _items(session, row)
            if any((one.repo_pk, one.child_pk) == (item.repo_pk, item.child_pk) for one in others):
                raise ConflictError("That is in the collection already.")
            if len(others) >= _MOST_ITEMS:
                raise InvalidRequestError(f"item: a collection has at most {_MOST_ITEMS} items.")
            item.position = others[-1].position + 1 if others else 0
            session.add(item)
            session.flush()
            return views(session, actor, [row])[0]

    def update(
        self, actor: Actor, slug: str, uid: str, note: str | None, position: int | None
    ) -> None:
        """Set a note (an empty one removes it), or move an item; None leaves either as it is."""
        with self._changed(actor, slug) as (session, row):
            items = _items(session, row)
            item = _named(items, uid)
            if note is not None:
                item.note = note or None
            if position is not None:
                placed(items, item, position)

    def remove(self, actor: Actor, slug: str, uid: str) -> None:
        """Take an item out."""
        with self._changed(actor, slug) as (session, row):
            session.delete(_named(_items(session, row), uid))


def placed(rows: Sequence[Any], moved: Any, position: int) -> None:
    """Number rows anew with one of them at another place; the last if there are not so many."""
    others = [row for row in rows if row is not moved]
    others.insert(position, moved)
    for number, row in enumerate(others):
        if row.position != number:
            row.position = number


def _items(session: Session, row: Collection) -> list[CollectionItem]:
    query = select(CollectionItem).where(CollectionItem.collection_pk == row.pk)
    return list(session.scalars(query.order_by(CollectionItem.position, CollectionItem.pk)))


def _named(items: list[CollectionItem], uid: str) -> CollectionItem:
    for item in items:
        if item.uid == uid:
            return item
    raise NotFoundError("The collection has no such item.")


def _repo(session: Session, actor: Actor, kind: str, name: str) -> Repo:
    if kind not in [repo_type.value for repo_type in RepoType]:
        raise NotFoundError(
            f"item.type: this hub has no {kind}; add a model, dataset, space, kernel or collection."
        )
    repo = session.scalar(select(Repo).where(Repo.key == f"{kind}/{name.lower()}"))
    if repo is None or decide(actor, Action.READ, repo) is not Verdict.ALLOW:
        raise NotFoundError("item: there is no such repository, or you have no access to it.")
    return repo


def _child(session: Session, actor: Actor, parent: Collection, slug: str) -> Collection:
    child = session.scalar(select(Collection).where(Collection.uid == uid_in(slug)))
    if child is None or may(actor, Action.READ, child) is not Verdict.ALLOW:
        raise missing()
    if _reaches(session, child, parent):
        raise InvalidRequestError("item: a collection cannot hold itself, not even through others.")
    return child


def _reaches(session: Session, start: Collection, goal: Collection) -> bool:
    seen: set[int] = set()
    front = {start.pk}
    while front - seen:
        seen |= front
        query = select(CollectionItem.child_pk).where(
            CollectionItem.collection_pk.in_(front), CollectionItem.child_pk.is_not(None)
        )
        front = {pk for pk in session.scalars(query) if pk is not None}
    return goal.pk in seen
