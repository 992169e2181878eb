"""What a Space is doing, in the words of the public contract."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = ["Entrance", "SpaceState", "Stage"]


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
class Entrance:
    """Where on its origin an app begins, and the token that it demands; "" for none.

    Cookies know no ports, but they know paths: as nobody can guess the path of a private app, no
    other app of this machine is sent the cookie that keeps its visitors logged in.
    """

    path: str = "/"
    token: str = field(default="", repr=False)
    shows_pictures: bool = True
    """Whether pictures among the app's files are handed out; Voilà asks nobody for a login."""

    @classmethod
    def for_visitors_of(cls, visibility: str) -> Entrance:
        """A new entrance; that of a public or protected app is open."""
        if visibility != "private":
            return cls(shows_pictures=visibility == "public")
        return cls(f"/{secrets.token_hex(16)}/", secrets.token_urlsafe(24), shows_pictures=False)


@dataclass(frozen=True, slots=True)
class SpaceState:
    """A Space right now.

    ``port`` and ``commit`` are set while it runs, ``message`` says what to do when it cannot, and
    ``entrance`` is for those whom the hub has let pass.
    """

    stage: Stage
    port: int | None = None
    commit: str | None = None
    message: str | None = None
    entrance: Entrance = Entrance()
