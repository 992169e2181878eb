"""Spaces over HTTP: open the app, see what it does, restart, pause."""

from __future__ import annotations

import math
from typing import Any
from urllib.parse import urlencode

from tornado.iostream import SSLIOStream

from phub_jupyter.errors import ForbiddenError
from phub_jupyter.hub.access import Action, Verdict, decide
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.spaces.state import SpaceState, Stage
from phub_server.base import HubHandler
from phub_server.failure_page import failure_page
from phub_server.repo_bodies import HARDWARE
from phub_server.routing import NAME, NAMESPACE, Route

__all__ = ["ROUTES", "SpaceHandler", "app_address"]

_OTHER_LOOPBACK = {"127.0.0.1": "localhost", "localhost": "127.0.0.1", "[::1]": "127.0.0.1"}


def app_address(scheme: str, hub_host: str, state: SpaceState) -> str:
    """Where a browser that sees the hub as ``hub_host`` (with its port) finds the running app.

    Cookies know host names, not ports. On one machine the app therefore gets the other name of the
    loopback address, so that its page is a stranger to Jupyter's cookie and Jupyter to its.
    """
    host = _host_name(hub_host)
    address = f"{scheme}://{_OTHER_LOOPBACK.get(host, host)}:{state.port}{state.entrance.path}"
    token = state.entrance.token
    return f"{address}?{urlencode({'token': token})}" if token else address


def _host_name(host: str) -> str:
    return host.rpartition(":")[0] if host.rpartition("]")[2].count(":") else host


class SpaceHandler(HubHandler):
    """What all have in common: the Space, and its state as the contract shows it."""

    async def space(self, action: Action, namespace: str, name: str) -> Repo:
        return await self.repo(action, "spaces", namespace, name)

    async def runtime(self, repo: Repo, state: SpaceState | None = None) -> dict[str, Any]:
        state = state or self.hub.spaces.state(repo)
        given = await self.run(self.hub.spaces.environments.read, repo.uid)
        idle_seconds = self.hub.spaces.idle_seconds_of(given)
        return {
            "stage": state.stage.value,
            "hardware": {"current": HARDWARE, "requested": HARDWARE},
            "gcTimeout": None if idle_seconds == math.inf else int(idle_seconds),
            "storage": None,
            "replicas": {"requested": 1, "current": int(state.stage is Stage.RUNNING)},
            "devMode": False,
            "volumes": [],
            "sha": state.commit,
            "errorMessage": state.message,
        }

    async def started(self, repo: Repo) -> SpaceState:
        """The Space, started if needed.

        Raises ForbiddenError where the app's page would get Jupyter's cookie.
        """
        embedded = self.context.mode == "embedded"
        if embedded and _host_name(self.request.host) not in _OTHER_LOOPBACK:
            raise ForbiddenError(
                "A Space inside Jupyter is shown only on the machine itself: open Jupyter as "
                "http://127.0.0.1 or http://localhost. Under any other name the app would get "
                "the cookie of your Jupyter server. A team runs the hub as a server of its own."
            )
        return await self.hub.spaces.start(repo, self.own_address())

    def own_address(self) -> str:
        """The hub's address for processes of this machine.

        Read from the socket: a visitor chooses the Host header, and the app sends its token here.
        """
        connection: Any = self.request.connection
        stream = connection.stream
        host, port = stream.socket.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        scheme = "https" if isinstance(stream, SSLIOStream) else "http"
        return f"{scheme}://{shown}:{port}{self.context.prefix}"

    def address(self, state: SpaceState) -> str | None:
        """The app's address for this caller; None while it does not run."""
        if state.stage is not Stage.RUNNING:
            return None
        return app_address(self.endpoint.partition(":")[0], self.request.host, state)

    def message(self, repo: Repo, state: SpaceState) -> str | None:
        """Why the app does not run, for those who may read it: it may quote the Space's files."""
        if decide(self.actor, Action.CONTENT, repo) is Verdict.ALLOW:
            return state.message
        return state.message and "The app does not run right now; ask the owner of the Space."

    async def last_words(self, repo: Repo) -> str:
        """The end of the log, for those who may read it."""
        if decide(self.actor, Action.WRITE, repo) is not Verdict.ALLOW:
            return ""
        lines = await self.run(self.hub.spaces.log(repo).tail)
        return "\n".join(line.text for line in lines)


class AppHandler(SpaceHandler):
    """Starts the app if needed and sends the browser to it."""

    async def get(self, namespace: str, name: str) -> None:
        repo = await self.space(Action.VISIT, namespace, name)
        state = await self.started(repo)
        address = self.address(state)
        self.set_header("Cache-Control", "no-store")
        self.set_header("Referrer-Policy", "no-referrer")
        if address is not None:
            self.redirect(address, status=302)
            return
        self.set_status(503)
        log, message = await self.last_words(repo), self.message(repo, state)
        if "text/html" not in self.request.headers.get("Accept", ""):
            error = message or "The app does not run."
            self.reply({"error": error, "stage": state.stage.value, "log": log}, 503)
            return
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header(
            "Content-Security-Policy", "sandbox; default-src 'none'; style-src 'unsafe-inline'"
        )
        self.finish(failure_page(f"{repo.namespace}/{repo.name}", state.stage, message, log))


class StartHandler(SpaceHandler):
    """Starts the app and tells its address, for the panel in JupyterLab and for ``%phub``."""

    async def post(self, namespace: str, name: str) -> None:
        repo = await self.space(Action.VISIT, namespace, name)
        state = await self.started(repo)
        url = self.address(state)
        log = "" if url else await self.last_words(repo)
        message = self.message(repo, state)
        body = {"stage": state.stage.value, "url": url, "message": message, "log": log}
        self.reply(body)


class RuntimeHandler(SpaceHandler):
    """What the Space is doing now."""

    async def get(self, namespace: str, name: str) -> None:
        repo = await self.space(Action.READ, namespace, name)
        self.reply(await self.runtime(repo))


class RestartHandler(SpaceHandler):
    """Starts the app anew from the newest commit, also after a pause."""

    async def post(self, namespace: str, name: str) -> None:
        repo = await self.space(Action.WRITE, namespace, name)
        state = await self.hub.spaces.restart(repo, self.own_address())
        self.reply(await self.runtime(repo, state))


class PauseHandler(SpaceHandler):
    """Stops the app until somebody who may write restarts it."""

    async def post(self, namespace: str, name: str) -> None:
        repo = await self.space(Action.WRITE, namespace, name)
        self.reply(await self.runtime(repo, await self.hub.spaces.pause(repo)))


_SPACE = rf"/api/spaces/{NAMESPACE}/{NAME}"

ROUTES: tuple[Route, ...] = (
    Route(rf"/spaces/{NAMESPACE}/{NAME}/app", AppHandler),
    Route(rf"/api/phub/spaces/{NAMESPACE}/{NAME}/start", StartHandler),
    Route(rf"{_SPACE}/runtime", RuntimeHandler),
    Route(rf"{_SPACE}/restart", RestartHandler),
    Route(rf"{_SPACE}/pause", PauseHandler),
)
