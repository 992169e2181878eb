"""Who calls which model how often, with how many tokens, and how long it takes.

Calls are counted in memory and written after a few seconds: an answer must not wait for the disk,
and a number that lost its last seconds in a crash is still a good number.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from threading import Lock, Timer

from sqlalchemy import select
from sqlalchemy.orm import Session

from phub_jupyter.errors import HubError
from phub_jupyter.hub.access import Actor
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import ModelUsage, Namespace, Repo, utc_now
from phub_jupyter.hub.serving.tally import OUTCOMES, Meter, Tally, outcome_of

__all__ = ["Usage"]

_LOG = logging.getLogger("phub")
_WRITE_AFTER = 3.0
_MOST_KEYS = 10_000  # that are told apart since the start; more are told apart by task alone


@dataclass(frozen=True, slots=True)
class _Key:
    """One row of the table."""

    repo_pk: int
    day: date
    task: str
    user_pk: int | None
    token_pk: int | None
    token_name: str


class Usage:
    """Counts, and keeps the counts; ``since_start`` are the same by model and task, in memory."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = Lock()
        self._writing = Lock()
        self._waiting: dict[_Key, Tally] = {}
        self._timer: Timer | None = None
        self._since_start: dict[tuple[str, str], Tally] = {}
        self.under_way = 0

    @contextmanager
    def call(self, repo: Repo, task: str, actor: Actor) -> Iterator[Meter]:
        """Measure the block, which is one call; it notes tokens in the meter."""
        meter = Meter()
        started = time.monotonic()
        self.under_way += 1
        try:
            yield meter
        except BaseException as error:
            meter.outcome = meter.outcome or outcome_of(error)
            raise
        finally:
            self.under_way -= 1
            self._note(repo, task, actor, meter, time.monotonic() - started)

    def _note(self, repo: Repo, task: str, actor: Actor, meter: Meter, seconds: float) -> None:
        grant = actor.grant
        token = (None, "") if grant is None else (grant.pk, grant.name)
        key = _Key(repo.pk, utc_now().date(), task, actor.pk, *token)
        outcome = meter.outcome or "answered"
        with self._lock:
            self._waiting.setdefault(key, Tally()).note(outcome, meter, seconds)
            name = f"{repo.namespace}/{repo.name}"
            if (name, task) not in self._since_start and len(self._since_start) >= _MOST_KEYS:
                name = ""
            self._since_start.setdefault((name, task), Tally()).note(outcome, meter, seconds)
            self._start_timer()

    def since_start(self) -> dict[tuple[str, str], Tally]:
        """Copies of the counts of this process, by the model's name and the task."""
        found: dict[tuple[str, str], Tally] = defaultdict(Tally)
        with self._lock:
            for key, tally in self._since_start.items():
                found[key].add(tally)
        return found

    def write(self) -> None:
        """Write down everything that was counted; what cannot be written stays counted."""
        with self._writing:
            with self._lock:
                tallies, self._waiting = self._waiting, {}
                if self._timer is not None:
                    self._timer.cancel()
                    self._timer = None
            if not tallies:
                return
            try:
                with self._database.write() as session:
                    for key, tally in tallies.items():
                        _add(session, key, tally)
            except Exception as error:
                _LOG.error("usage of models could not be written: %s", error)
                self._take_back(tallies)
                if not isinstance(error, HubError | OSError):
                    raise

    def _take_back(self, tallies: dict[_Key, Tally]) -> None:
        with self._lock:
            for key, tally in tallies.items():
                self._waiting.setdefault(key, Tally()).add(tally)
            self._start_timer()

    def _start_timer(self) -> None:
        if self._timer is None:
            self._timer = Timer(_WRITE_AFTER, self.write)
            self._timer.daemon = True
            self._timer.start()

    def close(self) -> None:
        """Write the last counts, and no more."""
        self.write()
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()


def _add(session: Session, key: _Key, tally: Tally) -> None:
    if session.get(Repo, key.repo_pk) is None:  # deleted meanwhile
        return
    user_pk = key.user_pk
    if user_pk is not None and session.get(Namespace, user_pk) is None:
        user_pk = None
    wanted = {
        "repo_pk": key.repo_pk,
        "day": key.day,
        "task": key.task,
        "user_pk": user_pk,
        "token_pk": key.token_pk,
        "token_name": key.token_name,
    }
    row = session.scalar(select(ModelUsage).filter_by(**wanted).limit(1))
    total = Tally() if row is None else tally_of(row)
    total.add(tally)
    if row is None:
        row = ModelUsage(**wanted)
        session.add(row)
    for outcome in OUTCOMES:
        setattr(row, outcome, total.outcomes[outcome])
    row.tokens_in, row.tokens_out = total.tokens_in, total.tokens_out
    row.seconds, row.latencies = total.seconds, total.latencies
    session.flush()


def tally_of(row: ModelUsage) -> Tally:
    """What a row counts."""
    outcomes = {outcome: getattr(row, outcome) for outcome in OUTCOMES}
    return Tally(outcomes, row.tokens_in, row.tokens_out, row.seconds, list(row.latencies))
