"""What is popular now: likes and downloads, worth less the longer nobody changed anything."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func

from phub_jupyter.hub.database.tables import Repo, utc_now

__all__ = ["TRENDING", "trending_score"]

_LIKE_IS_WORTH = 5  # downloads
_DAYS_TO_HALF = 14.0


def _score(likes: Any, downloads: Any, days: Any) -> Any:
    return (likes * _LIKE_IS_WORTH + downloads + 1) / (1 + days / _DAYS_TO_HALF)


TRENDING: ColumnElement[float] = _score(
    Repo.likes, Repo.downloads, func.julianday("now") - func.julianday(Repo.updated_at)
)
"""The same as `trending_score`, for a query."""


def trending_score(repo: Repo, now: datetime | None = None) -> float:
    """The number by which lists are sorted unless they are asked for another order."""
    days = ((now or utc_now()) - repo.updated_at).total_seconds() / 86400
    return round(float(_score(repo.likes, repo.downloads, days)), 3)
