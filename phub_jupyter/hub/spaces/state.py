"""What a Space is doing, in the words of the public contract."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["SpaceState", "Stage"]


class Stage(StrEnum):
    """The stages that a Space of this hub can be in."""

    NO_APP_FILE = "NO_APP_FILE"
    CONFIG_ERROR = "CONFIG_ERROR"
    APP_STARTING = "APP_STARTING"
    RUNNING = "RUNNING"
    RUNTIME_ERROR = "RUNTIME_ERROR"
    STOPPED = "STOPPED"
    PAUSED = "PAUSED"


@dataclass(frozen=True, slots=True)
class SpaceState:
    """A Space right now.

    ``port`` and ``commit`` are set while it runs, ``message`` says what to do when it cannot, and
    ``entry_token`` opens a private Space to a browser that the hub has let pass.
    """

    stage: Stage
    port: int | None = None
    commit: str | None = None
    message: str | None = None
    entry_token: str = ""
