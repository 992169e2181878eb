"""Sends what is long from a thread straight into the connection's socket.

The event loop would copy every byte, and hop to a thread and back for each piece. Here a thread
sends for as long as the client keeps up, and a file goes from the disk's cache to the socket
without being read at all. For a client that does not keep up the loop waits, not a thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import socket
import time
from collections.abc import Iterator
from concurrent.futures import Executor
from enum import Enum, auto
from typing import Any, BinaryIO

from tornado.iostream import IOStream, StreamClosedError

from phub_jupyter.errors import StorageError
from phub_jupyter.hub.objects.file_part import Batches, FilePart

__all__ = ["direct_stream", "send_direct"]

_TURN = 0.1  # seconds until the thread may be needed elsewhere
_PATIENCE = 0.02  # seconds that a thread waits for a client
_CHECK = 5.0  # seconds after which a connection that only waits is looked at again
_MOST = 8 << 20


class _State(Enum):
    DONE = auto()
    UNDER_WAY = auto()
    CLIENT_IS_SLOW = auto()


def direct_stream(connection: Any) -> IOStream | None:
    """The plain TCP stream of a connection on which nothing waits to be sent, or None."""
    stream = getattr(connection, "stream", None)
    plain = type(stream) is IOStream and not stream.closed() and not stream.writing()
    return stream if plain else None


async def send_direct(stream: IOStream, pieces: Iterator[bytes], executor: Executor) -> int:
    """Send everything and return how many bytes that was. Raises StreamClosedError."""
    # A descriptor of our own: tornado may close its one while a thread is sending.
    with contextlib.closing(stream.socket.dup()) as own:
        own.setblocking(False)
        with contextlib.closing(_sending(own, pieces)) as sending:
            loop = asyncio.get_running_loop()
            while True:
                state = await loop.run_in_executor(executor, sending.work)
                if state is _State.DONE:
                    return sending.sent
                if stream.closed():
                    raise StreamClosedError
                if state is _State.CLIENT_IS_SLOW:
                    await _until_writable(loop, own)


async def _until_writable(loop: asyncio.AbstractEventLoop, own: socket.socket) -> None:
    ready = asyncio.Event()
    loop.add_writer(own, ready.set)
    try:
        await asyncio.wait_for(ready.wait(), _CHECK)
    except TimeoutError:
        pass
    finally:
        loop.remove_writer(own)


class _Sending:
    """What is to be sent on one socket, and how far it has come."""

    def __init__(self, own: socket.socket) -> None:
        self._socket = own
        self._poll = select.poll()
        self._poll.register(own, select.POLLOUT)
        self.sent = 0

    def work(self) -> _State:
        """Send until it is done, the turn is over, or the client does not keep up."""
        end = time.monotonic() + _TURN
        try:
            while time.monotonic() < end:
                try:
                    count = self.send_some()
                except BlockingIOError:
                    if not self._poll.poll(_PATIENCE * 1000):
                        return _State.CLIENT_IS_SLOW
                    continue
                if count is None:
                    return _State.DONE
                self.sent += count
        except ConnectionError as error:
            raise StreamClosedError(error) from error
        return _State.UNDER_WAY

    def send_some(self) -> int | None:
        """Send what the socket takes now and return how much that was; None at the end."""
        raise NotImplementedError

    def close(self) -> None:
        """Give back what was opened."""


class _Pieces(_Sending):
    def __init__(self, own: socket.socket, pieces: Iterator[bytes]) -> None:
        super().__init__(own)
        self._pieces = pieces
        self._rest = memoryview(b"")

    def send_some(self) -> int | None:
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return None
            self._rest = memoryview(piece)
        count = self._socket.send(self._rest)
        self._rest = self._rest[count:]
        return count


class _File(_Sending):
    def __init__(self, own: socket.socket, part: FilePart) -> None:
        super().__init__(own)
        self._part = part
        self._file: BinaryIO | None = None
        self._at = part.start

    def send_some(self) -> int | None:
        if self._file is None:
            self._file = self._part.open()
        left = self._part.stop - self._at
        if left <= 0:
            return None
        count = os.sendfile(self._socket.fileno(), self._file.fileno(), self._at, min(left, _MOST))
        if not count:
            raise StorageError(f"A stored object ends {left} bytes too early; run 'phub check'.")
        self._at += count
        return count

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


class _Batches(_Sending):
    def __init__(self, own: socket.socket, content: Batches) -> None:
        super().__init__(own)
        self._batches = content.batches()
        self._views: list[memoryview] = []

    def send_some(self) -> int | None:
        while not self._views:
            views = next(self._batches, None)
            if views is None:
                return None
            self._views = views[::-1]  # what is next comes last, where it is taken away cheaply
        sent = left = self._socket.sendmsg(self._views[::-1])
        while self._views and left >= len(self._views[-1]):
            left -= len(self._views.pop())
        if left:
            self._views[-1] = self._views[-1][left:]
        return sent

    def close(self) -> None:
        self._views.clear()
        self._batches.close()


def _sending(own: socket.socket, pieces: Iterator[bytes]) -> _Sending:
    if isinstance(pieces, FilePart):
        return _File(own, pieces)
    return _Batches(own, pieces) if isinstance(pieces, Batches) else _Pieces(own, pieces)
