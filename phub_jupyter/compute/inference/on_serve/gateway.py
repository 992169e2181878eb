"""The gateway program: the hub's only way to its replicas on the cluster.

``python -m phub_jupyter.compute.inference.on_serve.gateway --fd N --settings JSON`` answers frames
on the socket that it inherits, as the worker does, and hands each call to a replica. It ends with
the hub, and when its cluster is lost: then the hub starts another one.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import socket
import sys
from typing import Any

from phub_jupyter.compute.inference.connection import Connection, Send
from phub_jupyter.compute.inference.on_serve.applications import Application, Applications
from phub_jupyter.compute.inference.on_serve.cluster import Cluster
from phub_jupyter.compute.inference.on_serve.lines import Lines
from phub_jupyter.compute.inference.on_serve.orders import Order
from phub_jupyter.errors import HubError, OverloadedError
from phub_jupyter.serve_settings import ServeSettings

__all__ = ["main"]

_TRIES = 3
_MISSES = 3  # seconds in which the cluster does not answer until it is given up
_STATUS_SECONDS = 10.0


class _LostError(Exception):
    """The replica that had the call is no more."""


class Gateway:
    """Hands calls to the cluster, which it joins with the first of them."""

    def __init__(self, settings: ServeSettings) -> None:
        self._settings = settings
        self._cluster = Cluster(settings)
        self._applications = Applications(self._cluster, settings)
        self._lines = Lines(self._applications, settings.old_seconds)
        self._joining = asyncio.Lock()
        self._joined = False
        self._misses = 0
        self._looking: asyncio.Task[None] | None = None

    async def answer(self, call: dict[str, Any], send: Send | None) -> dict[str, Any]:
        """The last frame of the answer. Raises OverloadedError when there is nobody to give it.

        A call whose replica is lost is made again, unless some of its answer was sent already.
        """
        await self._join()
        order = Order.from_frame(call)
        sent = _Sent(send)
        for _ in range(_TRIES):
            application = self._lines.application(order)
            try:
                with application.called():
                    return await self._ask(application, order, sent)
            except _LostError as error:
                reason = error
            await self._check(application)
            if sent.begun:
                break
        raise OverloadedError(
            f"The replica that ran the model was lost in the middle of the call ({reason}); "
            "another one is started in its place, so try again.",
            retry_after=5,
        )

    async def health(self) -> dict[str, Any]:
        """What runs now."""
        return {"models": self._applications.describe(), "cluster": self._settings.address}

    def tick(self) -> None:
        """End what nobody calls, and notice when the cluster is gone."""
        if self._joined and (self._looking is None or self._looking.done()):
            self._applications.tick()
            self._looking = asyncio.create_task(self._look())

    async def _ask(self, application: Application, order: Order, sent: _Sent) -> dict[str, Any]:
        try:
            handle = await asyncio.shield(application.ready)
            if sent.send is None:
                return await _whole(handle, order)
            return await _pieces(handle, order, sent)
        except HubError:
            raise
        except Exception as error:  # of Ray, of Serve, or of the connection between two machines
            raise _LostError(type(error).__name__) from error

    async def _join(self) -> None:
        async with self._joining:
            if not self._joined:
                await asyncio.to_thread(self._cluster.connect)
                await self._applications.adopt()
                self._joined = True

    async def _look(self) -> None:
        there = await asyncio.to_thread(self._cluster.answers)
        self._misses = 0 if there else self._misses + 1
        if self._misses >= _MISSES:
            _end("the cluster does not answer any more")

    async def _check(self, application: Application) -> None:
        """Tell a lost replica from a lost cluster, which ends this process."""
        try:
            async with asyncio.timeout(_STATUS_SECONDS):
                await self._applications.look_after(application)
        except Exception:
            _end("Ray Serve does not answer any more")


class _Sent:
    """Knows whether anything of an answer was sent."""

    def __init__(self, send: Send | None) -> None:
        self.send = send
        self.begun = False

    async def piece(self, piece: Any) -> None:
        assert self.send is not None
        self.begun = True
        await self.send(piece)


async def _whole(handle: Any, order: Order) -> dict[str, Any]:
    response = handle.infer.remote(order.task, order.body)
    try:
        frame: dict[str, Any] = await response
        return frame
    except asyncio.CancelledError:
        response.cancel()
        raise


async def _pieces(handle: Any, order: Order, sent: _Sent) -> dict[str, Any]:
    frames = handle.options(stream=True).stream.remote(order.task, order.body)
    try:
        async for frame in frames:
            if "piece" not in frame:
                return dict(frame)
            await sent.piece(frame["piece"])
    except asyncio.CancelledError:
        frames.cancel()
        raise
    raise _LostError("its answer has no end")


def _end(reason: str) -> None:
    logging.getLogger("phub.gateway").error("%s, so this gateway ends", reason)
    sys.stderr.flush()
    os._exit(3)  # Ray's own end would wait for the cluster


async def _run(arguments: argparse.Namespace) -> None:
    connection = socket.socket(fileno=arguments.fd)
    reader, writer = await asyncio.open_unix_connection(sock=connection)
    gateway = Gateway(ServeSettings.from_json(arguments.settings))
    await Connection(gateway).serve(reader, writer)
    os._exit(0)


def main() -> None:
    """Run the program; returns never."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fd", type=int, required=True, help="connected socket to answer on")
    parser.add_argument("--settings", required=True, help="what is set, as JSON")
    logging.basicConfig(format="phub gateway: %(message)s", level=logging.WARNING)
    asyncio.run(_run(parser.parse_args()))


if __name__ == "__main__":
    main()
