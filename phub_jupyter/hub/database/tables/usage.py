"""How often, how much and how fast models are called."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import BigInteger, Date, Double, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from phub_jupyter.hub.database.tables.base import Base

__all__ = ["ModelUsage"]


class ModelUsage(Base):
    """Calls of one model on one day (UTC), for one task by one person with one token.

    ``user_pk`` is None for strangers, ``token_pk`` for those without a token; the token need not
    exist any more. ``latencies`` are the answered calls by `hub.serving.tally.EDGES`.
    """

    __tablename__ = "model_usage"
    __table_args__ = (Index("ix_model_usage_of_repos", "repo_pk", "day"),)

    pk: Mapped[int] = mapped_column(primary_key=True)
    repo_pk: Mapped[int] = mapped_column(ForeignKey("repos.pk", ondelete="CASCADE"))
    day: Mapped[date] = mapped_column(Date)
    task: Mapped[str] = mapped_column(String(64))
    user_pk: Mapped[int | None] = mapped_column(
        ForeignKey("namespaces.pk", ondelete="SET NULL"), index=True
    )
    token_pk: Mapped[int | None]
    token_name: Mapped[str] = mapped_column(String(255))
    answered: Mapped[int] = mapped_column(BigInteger)
    refused: Mapped[int] = mapped_column(BigInteger)
    overloaded: Mapped[int] = mapped_column(BigInteger)
    failed: Mapped[int] = mapped_column(BigInteger)
    abandoned: Mapped[int] = mapped_column(BigInteger)
    tokens_in: Mapped[int] = mapped_column(BigInteger)
    tokens_out: Mapped[int] = mapped_column(BigInteger)
    seconds: Mapped[float] = mapped_column(Double)
    latencies: Mapped[list[Any]]
