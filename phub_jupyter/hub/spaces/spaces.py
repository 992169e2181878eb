"""Starts Spaces when somebody wants to see them, and stops them when nobody does.

A Space runs in processes of its own from a copy of one commit. What it may do on the hub is what
its publisher may do, narrowed to reading the Space itself and the repositories that its card names.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import shutil
from collections import defaultdict
from datetime import timedelta
from pathlib import Path

from phub_jupyter.errors import HubError, OverloadedError, RepoNotFoundError
from phub_jupyter.hub.accounts import Accounts
from phub_jupyter.hub.apps.registry import Apps
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.events import Event
from phub_jupyter.hub.repos.repositories import Repositories
from phub_jupyter.hub.repos.snapshots import Snapshots
from phub_jupyter.hub.spaces.app_folder import AppFolder
from phub_jupyter.hub.spaces.app_process import AppEndedError, AppProcess
from phub_jupyter.hub.spaces.credentials import mint_token
from phub_jupyter.hub.spaces.environment import NEVER, SpaceEnvironment, SpaceEnvironments
from phub_jupyter.hub.spaces.running import RunningApp
from phub_jupyter.hub.spaces.settings import AppFileMissingError, SpaceSettings
from phub_jupyter.hub.spaces.signing_in import CLIENT_SECRET, sign_in_variables
from phub_jupyter.hub.spaces.space_log import SpaceLog
from phub_jupyter.hub.spaces.state import Entrance, SpaceState, Stage

__all__ = ["Spaces"]

_LOG = logging.getLogger("phub")
_TOKEN_LIFETIME = timedelta(days=1)
_TELLING = 8  # letters; a shorter secret is in every other line by chance
_ENDED = SpaceState(Stage.RUNTIME_ERROR, message="The app ended by itself; its log says more.")


class Spaces:
    """The Spaces of one hub process; use it from one event loop.

    ``ip`` is the address that apps listen on, ``idle_seconds`` how long one stays without visitors,
    ``patience`` how many seconds one may take to start, ``max_running`` how many may run at a time.
    """

    def __init__(
        self,
        repositories: Repositories,
        accounts: Accounts,
        snapshots: Snapshots,
        folder: Path,
        apps: Apps,
        *,
        idle_seconds: float = 600,
        patience: float = 60,
        max_running: int = 16,
        watch_seconds: float = 5,
    ) -> None:
        self._repositories = repositories
        self._accounts = accounts
        self._snapshots = snapshots
        self._folder = folder
        self._apps = apps
        self._patience = patience
        self._max_running = max_running
        self._watch_seconds = watch_seconds
        self.idle_seconds = idle_seconds
        self.ip = "127.0.0.1"
        self.environments = SpaceEnvironments(folder)
        self._paused = {mark.parent.name for mark in folder.glob("*/paused")}
        self._running: dict[str, RunningApp] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._failed: dict[str, SpaceState] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._watch: asyncio.Task[None] | None = None

    def state(self, repo: Repo) -> SpaceState:
        """What the Space is doing now; starts nothing."""
        app = self._running.get(repo.uid)
        if app is not None and app.process.is_running:
            return SpaceState(Stage.RUNNING, app.port, app.commit, entrance=app.entrance)
        if repo.uid in self._paused:
            return SpaceState(Stage.PAUSED, message="The Space is paused; restart it to see it.")
        if repo.uid in self._locks and self._locks[repo.uid].locked():
            return SpaceState(Stage.APP_STARTING)
        if app is not None:
            return _ENDED
        return self._failed.get(repo.uid, SpaceState(Stage.STOPPED))

    async def start(self, repo: Repo, endpoint: str) -> SpaceState:
        """Make sure that the newest commit runs, and return the state that this led to.

        ``endpoint`` is the hub's address as the app should use it. Raises OverloadedError when
        too many Spaces run.
        """
        async with self._locks[repo.uid]:
            head = await asyncio.to_thread(self._head, repo)
            app = self._running.get(repo.uid)
            if app is not None:
                if app.process.is_running and app.shows(head, repo):
                    app.note_visit()
                    return self.state(repo)
                await self._stop(repo.uid)
            if repo.uid not in self._paused:
                await self._launch(repo, head, endpoint)
        return self.state(repo)

    async def pause(self, repo: Repo) -> SpaceState:
        """Stop the Space and keep visitors from starting it."""
        async with self._locks[repo.uid]:
            await asyncio.to_thread(self._mark_paused, repo)
            self._paused.add(repo.uid)
            await self._stop(repo.uid)
        return self.state(repo)

    async def stop(self, repo: Repo) -> SpaceState:
        """Stop the Space until the next visit, which starts it with what it is given then."""
        async with self._locks[repo.uid]:
            await self._stop(repo.uid)
        return self.state(repo)

    async def restart(self, repo: Repo, endpoint: str) -> SpaceState:
        """Stop the Space, lift a pause, start it anew."""
        async with self._locks[repo.uid]:
            await asyncio.to_thread(self._pause_mark(repo).unlink, missing_ok=True)
            self._paused.discard(repo.uid)
            await self._stop(repo.uid)
        return await self.start(repo, endpoint)

    def hear(self, event: Event) -> None:
        """Remove what the hub keeps beside the repository of a Space that was deleted."""
        if event.scope == "repo" and event.action == "delete":
            shutil.rmtree(self._folder / event.repo.uid, ignore_errors=True)
            self._paused.discard(event.repo.uid)

    def remove_leftovers(self) -> None:
        """Remove what belongs to Spaces of which there is neither a row nor a repository."""
        for path in self._folder.iterdir():
            try:
                self._repositories.by_uid(path.name)
            except RepoNotFoundError:
                if not self._repositories.folders.path(path.name).exists():
                    shutil.rmtree(path, ignore_errors=True)

    def idle_seconds_of(self, given: SpaceEnvironment) -> float:
        """How long the Space may be without visitors."""
        if given.sleep_seconds is None:
            return self.idle_seconds
        return math.inf if given.sleep_seconds == NEVER else given.sleep_seconds

    def log(self, repo: Repo) -> SpaceLog:
        """What the app printed."""
        return SpaceLog(self._folder / repo.uid)

    async def stop_all(self) -> None:
        """Stop every Space, when the hub ends."""
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watch
        await asyncio.gather(*(self._stop(uid) for uid in list(self._running)), *self._ending)

    async def _launch(self, repo: Repo, commit: str, endpoint: str) -> None:
        if len(self._running) >= self._max_running:
            raise OverloadedError(
                f"{len(self._running)} Spaces run already; pause one, or try again later.",
                retry_after=60,
            )
        self._failed.pop(repo.uid, None)
        try:
            app = await self._new_app(repo, commit, endpoint)
        except AppFileMissingError as error:
            self._failed[repo.uid] = SpaceState(Stage.NO_APP_FILE, message=error.message)
        except HubError as error:
            self._failed[repo.uid] = SpaceState(Stage.CONFIG_ERROR, message=error.message)
        except (AppEndedError, OSError) as error:
            self._failed[repo.uid] = SpaceState(Stage.RUNTIME_ERROR, message=str(error))
        else:
            self._running[repo.uid] = app
            if self._watch is None:
                self._watch = asyncio.create_task(self._look_after_apps())

    async def _new_app(self, repo: Repo, commit: str, endpoint: str) -> RunningApp:
        snapshot = await asyncio.to_thread(self._snapshots.folder, repo, commit)
        settings = await asyncio.to_thread(SpaceSettings.read, snapshot)
        entrance = Entrance.for_visitors_of(repo.visibility)
        hub_token = await asyncio.to_thread(
            mint_token, self._accounts, self._repositories, repo, settings, _TOKEN_LIFETIME
        )
        given = await asyncio.to_thread(self.environments.read, repo.uid)
        signing_in = await asyncio.to_thread(
            sign_in_variables, self._apps, repo, settings, endpoint
        )
        idle_seconds = self.idle_seconds_of(given)
        folder = AppFolder(self._folder / repo.uid / "run")
        log = self.log(repo)
        secrets = [item.value for item in given.secrets.values()]
        secrets += [text for key, text in signing_in.items() if key == CLIENT_SECRET]
        log.hide((entrance.token, hub_token, *(text for text in secrets if len(text) >= _TELLING)))
        app = RunningApp(repo, commit, folder, log, hub_token, entrance, idle_seconds)
        try:
            await asyncio.to_thread(folder.fill, snapshot, self.ip, entrance, idle_seconds)
            app.process = await AppProcess.start(
                folder.command(settings.app_file),
                folder.work,
                folder.environment(repo, endpoint, hub_token, {**signing_in, **given.values}),
                log,
            )
            app.port = await app.process.ready(self.ip, self._patience)
        except BaseException:
            await self._end(app)
            raise
        return app

    async def _stop(self, uid: str) -> None:
        app = self._running.pop(uid, None)
        if app is not None:
            # Nobody who gives up waiting may leave half an end behind.
            ending = asyncio.create_task(self._end(app))
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)
            await asyncio.shield(ending)

    async def _end(self, app: RunningApp) -> None:
        # The right ends first, however long the processes take.
        await asyncio.to_thread(self._accounts.revoke_token, app.hub_token)
        if app.started:
            await app.process.stop()
        app.log.close()
        await asyncio.to_thread(app.folder.remove)

    async def _look_after_apps(self) -> None:
        while True:
            await asyncio.sleep(min(self._watch_seconds, self.idle_seconds))
            for uid, app in list(self._running.items()):
                try:
                    await self._look_after(uid, app)
                except Exception:  # one Space must not keep the others from being looked after
                    _LOG.exception("The Space %s could not be looked after.", app.name)

    async def _look_after(self, uid: str, app: RunningApp) -> None:
        reason = await asyncio.to_thread(self._reason_to_stop, app)
        if reason is None:
            return
        async with self._locks[uid]:
            if self._running.get(uid) is app:
                _LOG.info("The Space %s is stopped: %s.", app.name, reason)
                if not app.process.is_running:
                    self._failed[uid] = _ENDED
                await self._stop(uid)

    def _reason_to_stop(self, app: RunningApp) -> str | None:
        if not app.process.is_running:
            return "its app ended"
        try:
            repo = self._repositories.by_uid(app.uid)
        except RepoNotFoundError:
            return "it was deleted"
        if repo.visibility != app.visibility:
            return "its visibility changed"
        if app.age > _TOKEN_LIFETIME.total_seconds() * 0.9:
            return "its token ends soon; the next visit starts it anew"
        return "it has no visitors" if app.is_idle() else None

    def _head(self, repo: Repo) -> str:
        return self._repositories.open(repo).resolve("main")

    def _mark_paused(self, repo: Repo) -> None:
        self._pause_mark(repo).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._pause_mark(repo).touch()

    def _pause_mark(self, repo: Repo) -> Path:
        return self._folder / repo.uid / "paused"
