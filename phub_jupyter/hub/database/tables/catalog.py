"""What the catalog keeps beside the rows of the repositories, to find them quickly."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from phub_jupyter.hub.database.tables.base import Base

__all__ = ["CardLink", "DailyDownloads", "Term"]


class CardLink(Base):
    """A card names another repository; ``target`` is ``models/`` or ``datasets/`` and its id.

    The target is in lower case and need not exist.
    """

    __tablename__ = "card_links"
    __table_args__ = (Index("ix_card_links_of_repos", "target", "repo_pk"),)

    repo_pk: Mapped[int] = mapped_column(
        ForeignKey("repos.pk", ondelete="CASCADE"), primary_key=True
    )
    target: Mapped[str] = mapped_column(String(255), primary_key=True)


class Term(Base):
    """A tag or account name that some repository has or had; suggestions are made from these."""

    __tablename__ = "terms"

    pk: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(String(255), unique=True)


class DailyDownloads(Base):
    """How often programs downloaded something from a repository on one day (UTC)."""

    __tablename__ = "daily_downloads"

    repo_pk: Mapped[int] = mapped_column(
        ForeignKey("repos.pk", ondelete="CASCADE"), primary_key=True
    )
    day: Mapped[date] = mapped_column(Date, primary_key=True, index=True)
    count: Mapped[int] = mapped_column(default=0)
