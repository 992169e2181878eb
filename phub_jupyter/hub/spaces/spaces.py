"""Starts Spaces when somebody wants to see them, and stops them when nobody does.

A Space runs as a process of its own from a copy of one commit. What it may do on the hub is what
its publisher may do, narrowed to reading the Space itself and the repositories that its card names.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import shutil
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from phub_jupyter.errors import HubError, InvalidRequestError
from phub_jupyter.hub.access import Action
from phub_jupyter.hub.accounts import Accounts
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.repos.repositories import Repositories
from phub_jupyter.hub.repos.snapshots import Snapshots
from phub_jupyter.hub.spaces.process import Launch, SpaceProcess, SpaceStartError, free_port
from phub_jupyter.hub.spaces.settings import SpaceSettings
from phub_jupyter.hub.spaces.state import SpaceState, Stage
from phub_jupyter.identifiers import RepoType

__all__ = ["Spaces"]

_LOG = logging.getLogger("phub")
_TOKEN_LIFETIME = timedelta(days=30)


@dataclass(slots=True)
class _Running:
    process: SpaceProcess
    commit: str
    hub_token: str


class Spaces:
    """The Spaces of one hub process; use it from one event loop.

    ``ip`` is the address that apps listen on, ``idle_seconds`` how long one stays without visitors,
    ``patience`` how many seconds one may take to start.
    """

    def __init__(
        self,
        repositories: Repositories,
        accounts: Accounts,
        snapshots: Snapshots,
        folder: Path,
        *,
        idle_seconds: int = 600,
        patience: float = 60,
    ) -> None:
        self._repositories = repositories
        self._accounts = accounts
        self._snapshots = snapshots
        self._folder = folder
        self._patience = patience
        self.idle_seconds = idle_seconds
        self.ip = "127.0.0.1"
        self._running: dict[str, _Running] = {}
        self._failed: dict[str, SpaceState] = {}
        self._starting: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._watch: asyncio.Task[None] | None = None

    def state(self, repo: Repo) -> SpaceState:
        """What the Space is doing now; starts nothing."""
        running = self._running.get(repo.uid)
        if running is not None and running.process.is_running:
            process = running.process
            return SpaceState(
                Stage.RUNNING, process.port, running.commit, entry_token=process.entry_token
            )
        if repo.uid in self._starting and self._starting[repo.uid].locked():
            return SpaceState(Stage.APP_STARTING)
        if self._pause_mark(repo).exists():
            return SpaceState(Stage.PAUSED, message="The Space is paused; restart it to see it.")
        if running is not None:
            return SpaceState(
                Stage.RUNTIME_ERROR, message=f"The app ended:\n{running.process.log_tail()}"
            )
        return self._failed.get(repo.uid, SpaceState(Stage.STOPPED))

    async def start(self, repo: Repo, endpoint: str) -> SpaceState:
        """Make sure that the newest commit runs, and return the state that this led to.

        ``endpoint`` is the hub's address as the app should use it.
        """
        async with self._starting[repo.uid]:
            head = await asyncio.to_thread(self._head, repo)
            running = self._running.get(repo.uid)
            if running is not None:
                if running.process.is_running and running.commit == head:
                    running.process.note_visit()
                    return self.state(repo)
                await self._stop(repo.uid)
            if not self._pause_mark(repo).exists():
                await self._launch(repo, head, endpoint)
        return self.state(repo)

    async def pause(self, repo: Repo) -> SpaceState:
        """Stop the Space and keep visitors from starting it."""
        async with self._starting[repo.uid]:
            self._pause_mark(repo).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._pause_mark(repo).touch()
            await self._stop(repo.uid)
        return self.state(repo)

    async def restart(self, repo: Repo, endpoint: str) -> SpaceState:
        """Stop the Space, lift a pause, start it anew."""
        async with self._starting[repo.uid]:
            self._pause_mark(repo).unlink(missing_ok=True)
            await self._stop(repo.uid)
        return await self.start(repo, endpoint)

    def log_file(self, repo: Repo) -> Path:
        """Where the app's output goes; may not exist yet."""
        return self._folder / repo.uid / "space.log"

    async def stop_all(self) -> None:
        """Stop every Space, when the hub ends."""
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        await asyncio.gather(*(self._stop(uid) for uid in list(self._running)))

    async def _launch(self, repo: Repo, commit: str, endpoint: str) -> None:
        self._failed.pop(repo.uid, None)
        try:
            launch, settings = await asyncio.to_thread(self._prepare, repo, commit)
        except FileNotFoundError as error:
            self._failed[repo.uid] = SpaceState(Stage.NO_APP_FILE, message=str(error))
            return
        except HubError as error:
            self._failed[repo.uid] = SpaceState(Stage.CONFIG_ERROR, message=error.message)
            return
        token = await asyncio.to_thread(self._mint_token, repo, settings)
        variables = {
            "HF_ENDPOINT": endpoint,
            "HF_TOKEN": token,
            "PHUB_ENDPOINT": endpoint,
            "PHUB_TOKEN": token,
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "DISABLE_SAFETENSORS_CONVERSION": "1",
            "PHUB_SPACE": f"{repo.namespace}/{repo.name}",
        }
        try:
            process = await SpaceProcess.start(
                launch, launch.folder.parent, variables, self.log_file(repo), self._patience
            )
        except (SpaceStartError, OSError) as error:
            await asyncio.to_thread(self._accounts.revoke_token, token)
            self._failed[repo.uid] = SpaceState(Stage.RUNTIME_ERROR, message=str(error))
            return
        self._running[repo.uid] = _Running(process, commit, token)
        if self._watch is None:
            self._watch = asyncio.create_task(self._stop_idle_ones())

    async def _stop(self, uid: str) -> None:
        running = self._running.pop(uid, None)
        if running is not None:
            await running.process.stop()
            await asyncio.to_thread(self._accounts.revoke_token, running.hub_token)

    async def _stop_idle_ones(self) -> None:
        while True:
            await asyncio.sleep(min(30, self.idle_seconds))
            for uid, running in list(self._running.items()):
                if await asyncio.to_thread(running.process.is_idle):
                    async with self._starting[uid]:
                        _LOG.info("The Space on port %s has no visitors.", running.process.port)
                        await self._stop(uid)

    def _head(self, repo: Repo) -> str:
        return self._repositories.open(repo).resolve("main")

    def _pause_mark(self, repo: Repo) -> Path:
        return self._folder / repo.uid / "paused"

    def _prepare(self, repo: Repo, commit: str) -> tuple[Launch, SpaceSettings]:
        """A fresh working copy of the commit, and how to serve it."""
        snapshot = self._snapshots.folder(repo, commit)
        settings = SpaceSettings.read(snapshot)
        if not (snapshot / settings.app_file).is_file():
            raise FileNotFoundError(
                f"The notebook {settings.app_file} is missing; publish one, or name another as "
                "app_file in README.md."
            )
        if not settings.app_file.endswith(".ipynb"):
            raise InvalidRequestError(f"app_file: {settings.app_file} is not a notebook (.ipynb).")
        home = self._folder / repo.uid
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.rmtree(home / "app", ignore_errors=True)
        shutil.copytree(snapshot, home / "app")
        port = free_port(self.ip, _last_port(home / "port"))
        (home / "port").write_text(str(port))  # so that a bookmark outlives a restart
        token = secrets.token_urlsafe(24) if repo.private else ""
        launch = Launch(
            home / "app", settings.app_file, self.ip, port, token, int(self.idle_seconds)
        )
        return launch, settings

    def _mint_token(self, repo: Repo, settings: SpaceSettings) -> str:
        publisher = self._accounts.name_of(repo.created_by)
        actor = self._accounts.actor_for_user(publisher)
        scopes: list[dict[str, Any]] = [_read_scope(repo)]
        named = [(RepoType.MODEL, name) for name in settings.models]
        named += [(RepoType.DATASET, name) for name in settings.datasets]
        for repo_type, name in named:
            with contextlib.suppress(HubError):  # what the publisher may not read, the app may not
                scopes.append(
                    _read_scope(self._repositories.find(actor, Action.READ, repo_type, name))
                )
        return self._accounts.add_token(
            publisher,
            name=f"Space {repo.namespace}/{repo.name}",
            role="fineGrained",
            scopes=scopes,
            lifetime=_TOKEN_LIFETIME,
        )


def _read_scope(repo: Repo) -> dict[str, Any]:
    return {"type": repo.type, "id": repo.uid, "rights": ["read"]}


def _last_port(file: Path) -> int | None:
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return None
