"""Which commit answers while a branch moves from one to the next.

A call names the commit that its branch is at. The first to name a new one begins it; until that
can answer, the commit before does, so that nobody waits. It may do so only for some seconds after
a call has last found the branch there: when it moved then, it has been old for less than that.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from phub_jupyter.compute.inference.on_serve.applications import Application, Applications
from phub_jupyter.compute.inference.on_serve.orders import Order

__all__ = ["Lines"]

_MOST = 4096


@dataclass(slots=True)
class _Place:
    application: Application
    seen_at: float


class Lines:
    """Where each branch is, as far as calls have told."""

    def __init__(
        self,
        applications: Applications,
        old_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._applications = applications
        self._old_seconds = old_seconds
        self._clock = clock
        self._places: dict[tuple[str, str], _Place] = {}

    def application(self, order: Order) -> Application:
        """What answers a call; it may not be ready yet."""
        if order.line is None:
            return self._applications.get(order)
        key = (order.revision.repo, order.line)
        place = self._places.get(key)
        before = None if place is None else place.application
        wanted = self._applications.get(order, before)
        if place is None or before is None or before is wanted:
            self._move(key, wanted)
            return wanted
        if wanted.is_decided or not before.is_ready or self._is_old(place):
            self._move(key, wanted)
            self._retire(before)
            return wanted
        return before

    def _move(self, key: tuple[str, str], application: Application) -> None:
        application.superseded = False
        self._places.pop(key, None)
        self._places[key] = _Place(application, self._clock())
        while len(self._places) > _MOST:
            del self._places[next(iter(self._places))]

    def _is_old(self, place: _Place) -> bool:
        return self._clock() - place.seen_at > self._old_seconds

    def _retire(self, application: Application) -> None:
        application.superseded = all(
            place.application is not application for place in self._places.values()
        )
