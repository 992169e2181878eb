"""Collections as one caller sees them: what is hidden from them is left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from phub_jupyter.hub.access import Action, Actor, Verdict, decide
from phub_jupyter.hub.collections.address import slug_of
from phub_jupyter.hub.database.tables import Collection, CollectionItem, Namespace, Repo

__all__ = ["CollectionView", "ItemView", "may", "views"]


@dataclass(frozen=True, slots=True)
class ItemView:
    """One entry; exactly one of ``repo`` and ``collection`` is set."""

    item: CollectionItem
    repo: Repo | None = None
    collection: CollectionView | None = None


@dataclass(frozen=True, slots=True)
class CollectionView:
    """A collection with its owner and those of its items that the caller may see."""

    row: Collection
    owner: Namespace
    items: list[ItemView] = field(default_factory=list)

    @property
    def slug(self) -> str:
        """Its address at this moment."""
        return slug_of(self.owner.name, self.row.title, self.row.uid)


def may(actor: Actor, action: Action, row: Collection) -> Verdict:
    """The hub's one access rule, asked as for a repository in the same place."""
    stand_in = Repo(
        pk=-1,
        uid=row.uid,
        type="collection",
        namespace_pk=row.namespace_pk,
        namespace="",
        name=row.title,
        private=row.private,
        resource_group_pk=row.resource_group_pk,
        created_by=row.created_by,
    )
    return decide(actor, action, stand_in)


def views(
    session: Session, actor: Actor, rows: Sequence[Collection], most_items: int | None = None
) -> list[CollectionView]:
    """The rows as ``actor`` sees them, each with at most so many items."""
    owners = _owners(session, rows)
    found = {row.pk: CollectionView(row, owners[row.namespace_pk]) for row in rows}
    query = (
        select(CollectionItem, Repo, Collection)
        .outerjoin(Repo, Repo.pk == CollectionItem.repo_pk)
        .outerjoin(Collection, Collection.pk == CollectionItem.child_pk)
        .where(CollectionItem.collection_pk.in_(list(found)))
        .order_by(CollectionItem.collection_pk, CollectionItem.position, CollectionItem.pk)
    )
    entries = list(session.execute(query))
    owners |= _owners(session, [child for _, _, child in entries if child is not None])
    for item, repo, child in entries:
        items = found[item.collection_pk].items
        if most_items is not None and len(items) >= most_items:
            continue
        if repo is not None and decide(actor, Action.READ, repo) is Verdict.ALLOW:
            items.append(ItemView(item, repo=repo))
        if child is not None and may(actor, Action.READ, child) is Verdict.ALLOW:
            view = CollectionView(child, owners[child.namespace_pk])
            items.append(ItemView(item, collection=view))
    return list(found.values())


def _owners(session: Session, rows: Sequence[Collection]) -> dict[int, Namespace]:
    pks = {row.namespace_pk for row in rows}
    found = session.scalars(select(Namespace).where(Namespace.pk.in_(pks)))
    return {owner.pk: owner for owner in found}
