"""Collections: what people put together from repositories and other collections."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from phub_jupyter.hub.database.tables.base import Base, utc_now

__all__ = ["Collection", "CollectionItem", "CollectionUpvote"]


class Collection(Base):
    """A titled, ordered set of repositories and collections; ``uid`` ends its address.

    ``position`` is its place among the collections of the same owner.
    """

    __tablename__ = "collections"
    __table_args__ = (
        UniqueConstraint("namespace_pk", "title"),
        Index("ix_collections_by_updated_at", "updated_at", "pk"),
    )

    pk: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(24), unique=True)
    namespace_pk: Mapped[int] = mapped_column(ForeignKey("namespaces.pk", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(String(255))
    description: Mapped[str] = mapped_column(Text, default="")
    private: Mapped[bool] = mapped_column(Boolean, default=False)
    theme: Mapped[str] = mapped_column(String(16), default="orange")
    position: Mapped[int] = mapped_column(default=0)
    upvotes: Mapped[int] = mapped_column(default=0)
    resource_group_pk: Mapped[int | None] = mapped_column(
        ForeignKey("resource_groups.pk", ondelete="SET NULL"), index=True
    )
    created_by: Mapped[int] = mapped_column(ForeignKey("namespaces.pk"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(default=utc_now)


class CollectionItem(Base):
    """A repository (``repo_pk``) or another collection (``child_pk``) in a collection."""

    __tablename__ = "collection_items"
    __table_args__ = (
        UniqueConstraint("collection_pk", "repo_pk"),
        UniqueConstraint("collection_pk", "child_pk", name="uq_collection_items_child"),
    )

    pk: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(24), unique=True)
    collection_pk: Mapped[int] = mapped_column(
        ForeignKey("collections.pk", ondelete="CASCADE"), index=True
    )
    repo_pk: Mapped[int | None] = mapped_column(
        ForeignKey("repos.pk", ondelete="CASCADE"), index=True
    )
    child_pk: Mapped[int | None] = mapped_column(
        ForeignKey("collections.pk", ondelete="CASCADE"), index=True
    )
    note: Mapped[str | None] = mapped_column(Text)
    position: Mapped[int] = mapped_column(default=0)


class CollectionUpvote(Base):
    """A person recommends a collection."""

    __tablename__ = "collection_upvotes"

    collection_pk: Mapped[int] = mapped_column(
        ForeignKey("collections.pk", ondelete="CASCADE"), primary_key=True
    )
    user_pk: Mapped[int] = mapped_column(
        ForeignKey("namespaces.pk", ondelete="CASCADE"), primary_key=True
    )
