"""What is popular now: likes and downloads, worth less the longer nobody changed anything.

The score of a repository halves every 14 days, so two repositories keep their order as time
passes. What is stored is the score's logarithm on a scale that moves with time: a number that
changes only with the repository, by which an index can be sorted.
"""

from __future__ import annotations

from datetime import UTC, datetime
from math import log2

from phub_jupyter.hub.database.tables import Repo, utc_now

__all__ = ["trend_of", "trending_score"]

_LIKE_IS_WORTH = 5  # downloads
_DAYS_TO_HALF = 14.0
_START = datetime(2024, 1, 1, tzinfo=UTC)


def trend_of(likes: int, downloads: int, updated_at: datetime) -> float:
    """What ``Repo.trending`` must hold; whoever changes one of the three sets it anew."""
    return log2(likes * _LIKE_IS_WORTH + downloads + 1) + _halves(updated_at)


def trending_score(repo: Repo, now: datetime | None = None) -> float:
    """The number by which lists are sorted unless they are asked for another order."""
    return round(float(2 ** min(repo.trending - _halves(now or utc_now()), 64.0)), 3)


def _halves(moment: datetime) -> float:
    return (moment - _START).total_seconds() / 86400 / _DAYS_TO_HALF
