"""What models scored on datasets, as their repositories say."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from phub_jupyter.hub.database.tables.base import Base, utc_now

__all__ = ["EvalResultRow", "EvaluationJob"]


class EvalResultRow(Base):
    """One value of one metric, out of a file of the model ``repo_pk``.

    ``dataset_key`` is the dataset's id in lower case; it need not exist. ``verified`` says that
    this hub computed the value and signed it.
    """

    __tablename__ = "eval_results"
    __table_args__ = (Index("ix_eval_results_of_datasets", "dataset_key", "task_id", "repo_pk"),)

    pk: Mapped[int] = mapped_column(primary_key=True)
    repo_pk: Mapped[int] = mapped_column(ForeignKey("repos.pk", ondelete="CASCADE"), index=True)
    filename: Mapped[str] = mapped_column(Text)
    dataset_key: Mapped[str] = mapped_column(String(208))
    dataset: Mapped[str] = mapped_column(String(208))
    task_id: Mapped[str] = mapped_column(String(255))
    task: Mapped[str] = mapped_column(String(127))
    metric: Mapped[str] = mapped_column(String(127))
    split: Mapped[str] = mapped_column(String(127))
    value: Mapped[float]
    stderr: Mapped[float | None]
    low: Mapped[float | None]
    high: Mapped[float | None]
    rows: Mapped[int | None] = mapped_column(BigInteger)
    dataset_commit: Mapped[str] = mapped_column(String(64))
    model_commit: Mapped[str] = mapped_column(String(64))
    date: Mapped[str] = mapped_column(String(64))
    source_url: Mapped[str] = mapped_column(Text)
    source_name: Mapped[str] = mapped_column(Text)
    notes: Mapped[str] = mapped_column(Text)
    verify_token: Mapped[str] = mapped_column(Text)
    verified: Mapped[bool]


class EvaluationJob(Base):
    """An evaluation that somebody asked the hub to compute.

    ``status`` is ``queued``, ``running``, ``finished``, ``failed`` or ``cancelled``; ``models``
    and ``dataset`` are repositories with the commits that count (``repo``, ``uid``, ``commit``),
    each with a ``pass`` of the credentials that asked, and models with a ``name`` for the report.
    ``pushed`` says where the results went.
    """

    __tablename__ = "evaluation_jobs"

    pk: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(32), unique=True)
    user_pk: Mapped[int] = mapped_column(
        ForeignKey("namespaces.pk", ondelete="CASCADE"), index=True
    )
    status: Mapped[str] = mapped_column(String(16), index=True, default="queued")
    settings: Mapped[dict[str, Any]]
    models: Mapped[list[Any]]
    dataset: Mapped[dict[str, Any]]
    push: Mapped[bool]
    pushed: Mapped[list[Any]] = mapped_column(default=list)
    reason: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
