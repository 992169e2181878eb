"""One running Space and what it was started with."""

from __future__ import annotations

import time

from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.spaces.app_folder import AppFolder
from phub_jupyter.hub.spaces.app_process import AppProcess
from phub_jupyter.hub.spaces.space_log import SpaceLog
from phub_jupyter.hub.spaces.state import Entrance

__all__ = ["RunningApp"]


class RunningApp:
    """The processes, the folder, the log and the tokens of a Space while it runs."""

    process: AppProcess
    port: int

    def __init__(
        self,
        repo: Repo,
        commit: str,
        folder: AppFolder,
        log: SpaceLog,
        hub_token: str,
        entrance: Entrance,
        idle_seconds: float,
    ) -> None:
        self.uid = repo.uid
        self.name = f"{repo.namespace}/{repo.name}"
        self.visibility = repo.visibility
        self.commit = commit
        self.folder = folder
        self.log = log
        self.hub_token = hub_token
        self.entrance = entrance
        self.idle_seconds = idle_seconds
        self._started_at = self._visited_at = time.monotonic()

    @property
    def started(self) -> bool:
        """Whether there is a process."""
        return hasattr(self, "process")

    @property
    def age(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._started_at

    def shows(self, commit: str, repo: Repo) -> bool:
        """Whether it is what a visitor should see now."""
        return self.commit == commit and self.visibility == repo.visibility

    def note_visit(self) -> None:
        """Somebody was sent here just now."""
        self._visited_at = time.monotonic()

    def is_idle(self) -> bool:
        """Whether nobody has had a page open for long enough; blocks briefly."""
        if self.process.visitors():
            self.note_visit()
        return time.monotonic() - self._visited_at > self.idle_seconds
