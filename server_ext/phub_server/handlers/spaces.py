"""Spaces over HTTP: open the app, see what it does, restart, pause, read its log."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from html import escape
from typing import Any
from urllib.parse import urlencode

from tornado.iostream import StreamClosedError

from phub_jupyter.errors import NotSupportedError
from phub_jupyter.hub.access import Action
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.spaces.state import SpaceState, Stage
from phub_server.base import HubHandler
from phub_server.routing import NAME, NAMESPACE, Route
from phub_server.wire import timestamp

__all__ = ["ROUTES", "app_address"]

_OTHER_LOOPBACK = {"127.0.0.1": "localhost", "localhost": "127.0.0.1", "[::1]": "127.0.0.1"}


def app_address(scheme: str, hub_host: str, state: SpaceState) -> str:
    """Where a browser that sees the hub as ``hub_host`` (with its port) finds the running app.

    Cookies know host names, not ports. On one machine the app therefore gets the other name of the
    loopback address, so that its page is a stranger to Jupyter's cookie and Jupyter to its.
    """
    host = hub_host.rpartition(":")[0] if hub_host.rpartition("]")[2].count(":") else hub_host
    address = f"{scheme}://{_OTHER_LOOPBACK.get(host, host)}:{state.port}/"
    return f"{address}?{urlencode({'token': state.entry_token})}" if state.entry_token else address


class _SpaceHandler(HubHandler):
    """What all have in common: the Space, and its state as the contract shows it."""

    async def space(self, action: Action, namespace: str, name: str) -> Repo:
        return await self.repo(action, "spaces", namespace, name)

    def runtime(self, state: SpaceState) -> dict[str, Any]:
        return {
            "stage": state.stage.value,
            "hardware": {"current": "local", "requested": "local"},
            "gcTimeout": self.hub.spaces.idle_seconds,
            "storage": None,
            "replicas": {"requested": 1, "current": int(state.stage is Stage.RUNNING)},
            "devMode": False,
            "sha": state.commit,
            "errorMessage": state.message,
        }

    def address(self, state: SpaceState) -> str | None:
        """The app's address for this caller; None while it does not run."""
        if state.stage is not Stage.RUNNING:
            return None
        return app_address(self.endpoint.partition(":")[0], self.request.host, state)


class AppHandler(_SpaceHandler):
    """Starts the app if needed and sends the browser to it."""

    async def get(self, namespace: str, name: str) -> None:
        repo = await self.space(Action.READ, namespace, name)
        state = await self.hub.spaces.start(repo, self.endpoint)
        address = self.address(state)
        self.set_header("Cache-Control", "no-store")
        self.set_header("Referrer-Policy", "no-referrer")
        if address is not None:
            self.redirect(address, status=302)
            return
        message = state.message or "The app does not run."
        self.set_status(503)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Content-Security-Policy", "sandbox; default-src 'none'")
        title = f"{repo.namespace}/{repo.name}"
        self.finish(
            f"<!doctype html><title>{escape(title)}</title><h1>{escape(title)} cannot be shown</h1>"
            f"<p>Stage: {state.stage.value}</p><pre>{escape(message)}</pre>"
            "<p>Fix the notebook or its card and publish again; the next visit starts it anew.</p>"
        )


class StartHandler(_SpaceHandler):
    """Starts the app and tells its address, for the panel in JupyterLab and for ``%phub``."""

    async def post(self, namespace: str, name: str) -> None:
        repo = await self.space(Action.READ, namespace, name)
        state = await self.hub.spaces.start(repo, self.endpoint)
        url = self.address(state)
        self.reply({"stage": state.stage.value, "url": url, "message": state.message})


class RuntimeHandler(_SpaceHandler):
    """What the Space is doing now."""

    async def get(self, namespace: str, name: str) -> None:
        repo = await self.space(Action.READ, namespace, name)
        self.reply(self.runtime(await self.run(self.hub.spaces.state, repo)))


class RestartHandler(_SpaceHandler):
    """Starts the app anew from the newest commit, also after a pause."""

    async def post(self, namespace: str, name: str) -> None:
        repo = await self.space(Action.WRITE, namespace, name)
        self.reply(self.runtime(await self.hub.spaces.restart(repo, self.endpoint)))


class PauseHandler(_SpaceHandler):
    """Stops the app until somebody who may write restarts it."""

    async def post(self, namespace: str, name: str) -> None:
        repo = await self.space(Action.WRITE, namespace, name)
        self.reply(self.runtime(await self.hub.spaces.pause(repo)))


class LogHandler(_SpaceHandler):
    """What the app printed, as events, and what it prints from now on."""

    async def get(self, namespace: str, name: str) -> None:
        repo = await self.space(Action.WRITE, namespace, name)
        path = self.hub.spaces.log_file(repo)
        self.set_header("Content-Type", "text/event-stream")
        self.set_header("Cache-Control", "no-store")
        seen = 0
        try:
            while True:
                text = await self.run(_read_from, path, seen)
                seen += len(text)
                for line in text.decode("utf-8", "replace").splitlines(keepends=True):
                    event = {"data": line, "timestamp": timestamp(datetime.now(UTC))}
                    self.write(f"data: {json.dumps(event)}\n\n")
                self.write(": keep-alive\n\n")
                await self.flush()
                if not self.query_flag("follow", True):
                    return
                await asyncio.sleep(1)
        except StreamClosedError:
            return


def _read_from(path: Any, offset: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(offset)
            return bytes(file.read(1 << 20))
    except FileNotFoundError:
        return b""


class SpaceNotBuiltHandler(_SpaceHandler):
    """Hardware, secrets and the like."""

    async def _decline(self, namespace: str, name: str) -> None:
        await self.space(Action.READ, namespace, name)
        raise NotSupportedError(f"{self.request.path} is not built yet; nothing was changed.")

    get = post = put = delete = _decline


_SPACE = rf"/api/spaces/{NAMESPACE}/{NAME}"

ROUTES: tuple[Route, ...] = (
    Route(rf"/spaces/{NAMESPACE}/{NAME}/app", AppHandler),
    Route(rf"/api/phub/spaces/{NAMESPACE}/{NAME}/start", StartHandler),
    Route(rf"{_SPACE}/runtime", RuntimeHandler),
    Route(rf"{_SPACE}/restart", RestartHandler),
    Route(rf"{_SPACE}/pause", PauseHandler),
    Route(rf"{_SPACE}/logs/run", LogHandler),
    Route(
        rf"{_SPACE}/(?:secrets|variables|hardware|sleeptime|dev-mode|volumes|storage|logs/build)",
        SpaceNotBuiltHandler,
    ),
)
