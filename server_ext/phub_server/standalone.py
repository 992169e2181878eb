"""The hub as a server of its own, at the root of a host: ``phub serve`` or ``jupyter phub``."""

from __future__ import annotations

import asyncio
import logging
import signal
from pathlib import Path
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application

from phub_jupyter.hub.hub import Hub
from phub_jupyter.hub.settings import StoreSettings
from phub_server.context import SETTINGS_KEY, ServerContext
from phub_server.identity import TokenIdentity
from phub_server.routes import tornado_rules

__all__ = ["StandaloneServer", "serve"]

_LOG = logging.getLogger("phub")

BUFFERED_BODY_LIMIT = 64 * 1024 * 1024
"""Bytes of a body that may be held in memory; uploads are streamed and have no part in it."""


class StandaloneServer:
    """One listening hub; ``port`` 0 takes a free one, ``prefix`` mounts it below a path."""

    def __init__(
        self,
        data: Path,
        host: str,
        port: int,
        prefix: str = "",
        stores: StoreSettings | None = None,
    ) -> None:
        self.hub = Hub.open(data, stores)
        self.hub.spaces.ip = host or "0.0.0.0"  # noqa: S104 - who sees the hub may see its Spaces
        identity = TokenIdentity(self.hub.accounts)
        self.context = ServerContext(self.hub, identity, "standalone", prefix.rstrip("/"))
        settings: dict[str, Any] = {SETTINGS_KEY: self.context}
        application = Application(tornado_rules(self.context.prefix), **settings)
        self._server = HTTPServer(application, max_body_size=BUFFERED_BODY_LIMIT)
        sockets = bind_sockets(port, host)
        self.port: int = sockets[0].getsockname()[1]
        self._server.add_sockets(sockets)
        shown = "127.0.0.1" if host in ("", "0.0.0.0", "::") else host  # noqa: S104
        self.address = f"http://{shown}:{self.port}{self.context.prefix}"
        self.hub.deliverer.start(self.address, host)
        self.hub.evaluation_runner.wake()

    async def stop(self) -> None:
        """Take no more requests, end the child processes, close the stores."""
        self._server.stop()
        await self.context.stop()
        await self._server.close_all_connections()


async def serve(host: str, port: int, data: Path, prefix: str, stores: StoreSettings) -> None:
    """Serve until SIGINT or SIGTERM."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    server = StandaloneServer(data, host, port, prefix, stores)
    print(f"Private Hub listens on {server.address}", flush=True)
    print(f"Data folder: {data}. Stop with Ctrl+C.", flush=True)
    try:
        await stopping.wait()
    finally:
        _LOG.info("stopping")
        await server.stop()
