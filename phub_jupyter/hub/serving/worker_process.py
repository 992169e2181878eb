"""The worker process as its parent sees it: start, ask, notice its end, stop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Protocol

from phub_jupyter.errors import HubError, OverloadedError
from phub_jupyter.frames import answer_from_frame, error_from_json, read_frame, write_frame
from phub_jupyter.hub.bare_environment import bare_environment
from phub_jupyter.hub.serving.tally import Meter

__all__ = ["Errand", "WorkerLostError", "WorkerProcess"]

_WORKER = "phub_jupyter.compute.inference.worker"
_RETRY_AFTER = 2


class WorkerLostError(OverloadedError):
    """The worker has ended in the middle of a call."""


@dataclass(slots=True)
class Errand:
    """A call as the worker gets it, and what comes of it beside the answer.

    ``model`` tells one model and commit from another. Whoever left early finds in ``gone`` what is
    done once the work has ended.
    """

    model: str
    fields: Mapping[str, Any]
    meter: Meter = field(default_factory=Meter)
    gone: asyncio.Future[None] | None = None


class _Pending(Protocol):
    """Somebody who waits for an answer."""

    @property
    def complete(self) -> bool: ...

    def take(self, frame: dict[str, Any]) -> None: ...
    def fail(self, error: HubError) -> None: ...


class _Single:
    """Waits for one frame."""

    def __init__(self, answer: asyncio.Future[Any]) -> None:
        self._answer = answer

    @property
    def complete(self) -> bool:
        return self._answer.done() and not self._answer.cancelled()

    def take(self, frame: dict[str, Any]) -> None:
        if "error" in frame:
            self.fail(error_from_json(frame["error"]))
        elif not self._answer.done():
            self._answer.set_result(answer_from_frame(frame))

    def fail(self, error: HubError) -> None:
        if not self._answer.done():
            self._answer.set_exception(error)


class _Pieces:
    """Waits for any number of frames."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[dict[str, Any] | HubError] = asyncio.Queue()
        self.complete = False

    def take(self, frame: dict[str, Any]) -> None:
        if "error" in frame:
            self.fail(error_from_json(frame["error"]))
            return
        self.complete = "end" in frame
        self.queue.put_nowait(frame)

    def fail(self, error: HubError) -> None:
        self.complete = True
        self.queue.put_nowait(error)


class WorkerProcess:
    """A running worker. All of it belongs to the event loop that started it."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._process = process
        self._writer = writer
        self._numbers = count(1)
        self._pending: dict[int, _Pending] = {}
        self._errands: dict[int, Errand] = {}
        self._stopping = False
        self._lost = False
        self._listening = asyncio.create_task(self._listen(reader))

    @classmethod
    async def start(
        cls,
        folder: Path,
        options: Sequence[str] = (),
        *,
        program: str = _WORKER,
        environment: Mapping[str, str] | None = None,
    ) -> WorkerProcess:
        """Start the program with ``folder`` as its own place for temporary things.

        It gets a bare environment, and of this one what ``environment`` says.
        """
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        ours, theirs = socket.socketpair()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", program, "--fd", str(theirs.fileno()), *options),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                env={**bare_environment(os.environ, folder), **(environment or {})},
                cwd=folder,
                start_new_session=True,  # Ctrl+C in the terminal is for the server alone
            )
        reader, writer = await asyncio.open_unix_connection(sock=ours)
        return cls(process, reader, writer)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it takes requests."""
        return not self._stopping and not self._listening.done()

    async def ask(self, op: str, errand: Errand | None = None) -> Any:
        """Send a request and wait for its answer; whoever gives up waiting cancels it.

        Raises what the worker raised, or OverloadedError when the worker ended meanwhile.
        """
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        async with self._conversation(_Single(answer), errand, {"op": op}):
            return await answer

    async def stream(self, op: str, errand: Errand) -> AsyncGenerator[Any]:
        """Send a request and yield the pieces of its answer; leaving early cancels it.

        Raises as `ask` does.
        """
        pieces = _Pieces()
        async with self._conversation(pieces, errand, {"op": op, "stream": True}):
            while True:
                frame = await pieces.queue.get()
                if isinstance(frame, HubError):
                    raise frame
                if "end" in frame:
                    return
                yield frame["piece"]

    @asynccontextmanager
    async def _conversation(
        self, pending: _Pending, errand: Errand | None, message: dict[str, Any]
    ) -> AsyncIterator[None]:
        number = next(self._numbers)
        errand = errand or Errand("", {})
        self._pending[number] = pending
        self._errands[number] = errand
        try:
            if not self.is_running:
                raise self._gone()
            write_frame(self._writer, {"id": number, **message, **errand.fields})
            with contextlib.suppress(OSError):  # the listener notices a broken connection too
                await self._writer.drain()
            yield
        finally:
            del self._pending[number]
            if not pending.complete and self.is_running:
                errand.gone = asyncio.get_running_loop().create_future()
                write_frame(self._writer, {"id": number, "op": "cancel"})
            else:
                del self._errands[number]

    async def stop(self, *, lost: bool = False) -> None:
        """End the process; who still waits for an answer is told to come again.

        With ``lost`` they are told as if it had died, so that their calls are made again.
        """
        self._stopping = True
        self._lost = lost
        self._kill()
        await self._process.wait()
        await self._listening
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    def _kill(self) -> None:
        """End the process at once: it keeps nothing, so there is nothing to finish."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                self._take(await read_frame(reader))
        except EOFError:
            self._kill()  # it may only be out of step, and would never end by itself
            await self._process.wait()
        for errand in self._errands.values():
            _end(errand)
        for pending in self._pending.values():
            pending.fail(self._gone())

    def _take(self, frame: dict[str, Any]) -> None:
        number = frame["id"]
        errand = self._errands.get(number)  # none, if it was given up while the worker was stopped
        if "gone" in frame:
            if errand is not None:
                _end(self._errands.pop(number))
            return
        if errand is not None and "tokens" in frame:
            errand.meter.tokens_in, errand.meter.tokens_out = frame["tokens"]
        pending = self._pending.get(number)
        if pending is not None:  # else whoever asked has left
            pending.take(frame)

    def _gone(self) -> HubError:
        if self._stopping and not self._lost:
            return OverloadedError("The model was stopped; try again.", retry_after=_RETRY_AFTER)
        code = self._process.returncode
        reason = f"exit code {code}"
        if code == -signal.SIGKILL:
            reason = "killed, perhaps because memory ran out"
        return WorkerLostError(
            f"The process that runs models ended ({reason}); it is started again by the next "
            "call, so try again.",
            retry_after=_RETRY_AFTER,
        )


def _end(errand: Errand) -> None:
    if errand.gone is not None and not errand.gone.done():
        errand.gone.set_result(None)
