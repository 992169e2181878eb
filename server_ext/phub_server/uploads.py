"""Takes a request's body to the disk while it arrives, and leaves nothing if it does not."""

from __future__ import annotations

from typing import ClassVar, Generic, Protocol, TypeVar

from tornado.iostream import StreamClosedError

from phub_jupyter.errors import HubError, InvalidRequestError
from phub_jupyter.hub.objects.store import PIECE
from phub_server.base import StreamingHubHandler

__all__ = ["Sink", "UploadHandler"]

# A client that is still sending may miss an early answer; this much is read before refusing it.
_WORTH_READING = 128 << 20


class Sink(Protocol):
    """Where a body goes. ``discard`` does nothing once a service has kept the content."""

    def write(self, data: bytes) -> None:
        """Append to what has arrived."""

    def discard(self) -> None:
        """Forget what has arrived."""


S = TypeVar("S", bound=Sink)


class UploadHandler(StreamingHubHandler, Generic[S]):
    """A handler whose body goes into a sink, which `received` hands over once it is complete."""

    largest: ClassVar[int] = 1 << 40

    _sink: S | None = None
    _failure: Exception | None = None
    _arrived = 0
    _writing = False
    _complete = False
    _gone = False

    def initialize(self) -> None:
        """Nothing has arrived yet."""
        self._buffer = bytearray()

    async def open_sink(self) -> S:
        """Check the request and open the sink; subclasses implement it."""
        raise NotImplementedError

    @property
    def announced(self) -> int | None:
        """How many bytes the client says that it sends."""
        text = self.request.headers.get("Content-Length", "")
        return int(text) if text.isascii() and text.isdigit() else None

    async def prepare_request(self) -> None:
        """Open the sink; a refusal waits for the end of a body that is not too large."""
        try:
            self._check_size(self.announced or 0)
            self._sink = await self.open_sink()
        except HubError as error:
            if self.announced is None or self.announced > _WORTH_READING:
                raise
            self._failure = error

    async def data_received(self, chunk: bytes) -> None:
        """Collect pieces that are worth a write."""
        if self._failure is not None:
            return
        self._buffer += chunk
        if len(self._buffer) >= PIECE:
            await self._drain()

    async def received(self) -> S:
        """Return the sink with the whole body in it, or raise what went wrong before.

        From here on a client that goes away interrupts nothing; the sink stays open until the
        request is answered.
        """
        await self._drain()
        if self._failure is not None:
            raise self._failure
        if self._gone or self._sink is None:
            raise StreamClosedError
        self._complete = True
        return self._sink

    async def _drain(self) -> None:
        if self._sink is None or self._failure is not None or not self._buffer:
            return
        data, self._buffer = bytes(self._buffer), bytearray()
        self._arrived += len(data)
        self._writing = True
        try:
            self._check_size(self._arrived)
            await self.run(self._sink.write, data)
        except (HubError, OSError) as error:  # for example a full disk: told when all was read
            self._failure = error
        finally:
            self._writing = False
        if self._gone or self._failure is not None:
            self._sink.discard()

    def _check_size(self, size: int) -> None:
        if size > self.largest:
            raise InvalidRequestError(
                f"body: {size} bytes are too many; the limit is {self.largest}."
            )

    def on_connection_close(self) -> None:
        """Forget the body of a client that went away in the middle of it."""
        self._gone = True
        if self._sink is not None and not self._writing and not self._complete:
            self._sink.discard()
        super().on_connection_close()

    def on_finish(self) -> None:
        """Forget whatever no service has kept."""
        if self._sink is not None:
            self._sink.discard()
