"""What happened on the hub, told to whoever listens: webhooks, notifications, the audit trail.

Services publish an event once the change is durable. Listeners that must not lose one write it
down in the database at once and work on it later.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from phub_jupyter.hub.access import Actor
from phub_jupyter.hub.database.tables import Repo

__all__ = ["Event", "Events", "RefChange"]

_LOG = logging.getLogger("phub")


@dataclass(frozen=True, slots=True)
class RefChange:
    """A branch, tag or pull request ref that moved; None stands for "was not" or "is no more"."""

    ref: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class Event:
    """One change; ``scope`` and ``action`` are the words of the public webhooks.

    ``scope`` is repo | repo.content | repo.config | discussion | discussion.comment. ``discussion``
    is its number, ``comment`` its uid. ``former`` is the ``namespace/name`` before a move.
    """

    action: Literal["create", "update", "delete", "move"]
    scope: str
    repo: Repo
    actor: Actor
    refs: tuple[RefChange, ...] = ()
    discussion: int | None = None
    comment: str | None = None
    former: str | None = None


class Events:
    """Hands each event to every listener, in the thread that publishes it."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[Event], None]] = []

    def listen(self, listener: Callable[[Event], None]) -> None:
        """Call ``listener`` with every event from now on."""
        self._listeners.append(listener)

    def publish(self, event: Event) -> None:
        """Tell the listeners; the change is made, so what they raise is only logged."""
        for listener in self._listeners:
            try:
                listener(event)
            except Exception:
                _LOG.exception("A listener failed on %s of %s.", event.action, event.scope)
