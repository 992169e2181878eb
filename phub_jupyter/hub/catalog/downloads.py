"""How often programs download from a repository: in all, and in the last 30 days.

Downloads are counted in memory and written after a few seconds: a download must not wait for
the disk, and a number that lost its last seconds in a crash is still a good number.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from threading import Lock, Timer

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from phub_jupyter.hub.catalog.trending import trend_of
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import DailyDownloads, Repo, Setting, utc_now

__all__ = ["Downloads"]

_DAYS = 30
_WRITE_AFTER = 3.0
_LAST_DAY = "downloads.day"


class Downloads:
    """Counts, and keeps what lists are sorted by up to date."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = Lock()
        self._waiting: Counter[int] = Counter()
        self._timer: Timer | None = None

    def count(self, repo_pk: int) -> None:
        """Note one download; what comes together within a few seconds is written at once."""
        with self._lock:
            self._waiting[repo_pk] += 1
            if self._timer is None:
                self._timer = Timer(_WRITE_AFTER, self.write)
                self._timer.daemon = True
                self._timer.start()

    def write(self, today: date | None = None) -> None:
        """Write down everything that was counted."""
        with self._lock:
            counts, self._waiting = self._waiting, Counter()
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
        if not counts:
            return
        day = today or utc_now().date()
        with self._database.write() as session:
            changed = {pk for pk, number in counts.items() if _add(session, pk, day, number)}
            _sum_up(session, changed | _leaving(session, day), day)


def _add(session: Session, repo_pk: int, day: date, number: int) -> bool:
    repo = session.get(Repo, repo_pk)
    if repo is None:  # deleted meanwhile
        return False
    repo.downloads_all_time += number
    row = session.get(DailyDownloads, (repo_pk, day))
    if row is None:
        session.add(DailyDownloads(repo_pk=repo_pk, day=day, count=number))
    else:
        row.count += number
    session.flush()
    return True


def _leaving(session: Session, day: date) -> set[int]:
    """Repositories with downloads on days that have just become too old; once a day."""
    setting = session.get(Setting, _LAST_DAY)
    if setting is None:
        setting = Setting(key=_LAST_DAY, value="")
        session.add(setting)
    if setting.value == day.isoformat():
        return set()
    setting.value = day.isoformat()
    old = DailyDownloads.day <= day - timedelta(days=_DAYS)
    found = set(session.scalars(select(DailyDownloads.repo_pk).where(old)))
    for row in session.scalars(select(DailyDownloads).where(old)):
        session.delete(row)
    session.flush()
    return found


def _sum_up(session: Session, repo_pks: set[int], day: date) -> None:
    recent = DailyDownloads.day > day - timedelta(days=_DAYS)
    for repo_pk in sorted(repo_pks):
        repo = session.get_one(Repo, repo_pk)
        total = select(func.sum(DailyDownloads.count)).where(
            DailyDownloads.repo_pk == repo_pk, recent
        )
        repo.downloads = session.scalar(total) or 0
        repo.trending = trend_of(repo.likes, repo.downloads, repo.updated_at)
