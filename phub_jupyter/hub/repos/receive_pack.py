"""Runs the real ``git receive-pack`` for pushes, and has a say before any ref moves.

git keeps what arrives in a quarantine until its ``pre-receive`` hook agrees. The hook here is a few
lines of shell that ask the hub through two inherited pipes: it tells where the quarantine is and
which refs should move, and waits for the verdict. Should the hub be killed meanwhile, the pipe of
the verdict ends, and the hook refuses.

The process also inherits the repository's lock, which the judge takes when it accepts: it is held
until git has moved the refs, even if the hub does not live to see that.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import IO

from phub_jupyter.errors import HubError, InvalidRequestError, StorageError
from phub_jupyter.hub.repos.smart_http import end, git_environment, start_git

__all__ = ["Judge", "Proposal", "RefUpdate", "install_hook", "receive_pack"]

_HOOK = """\
#!/bin/sh
# Asks the hub whether this push may be; nothing of it is visible until it says so.
{ printf '%s\\n' "$GIT_QUARANTINE_PATH"; cat; echo .; } >"$PHUB_QUESTION" || exit 1
verdict=$(cat <"$PHUB_VERDICT")
[ "$verdict" = accepted ] && exit 0
printf '%s\\n' "${verdict:-The hub was stopped; push again.}" >&2
exit 1
"""

_SETTINGS = (
    ("receive.fsckObjects", "true"),
    ("receive.unpackLimit", "1"),  # one pack to flush, not a thousand files
    ("receive.autogc", "false"),  # the hub does that, at a better time
    ("receive.advertisePushOptions", "false"),
    ("receive.denyDeleteCurrent", "refuse"),
    ("core.fsync", "all"),
    ("core.fsyncMethod", "fsync"),
    ("core.bigFileThreshold", "16m"),  # larger ones are not held in memory
    ("core.logAllRefUpdates", "false"),
)
_NOTHING = "0" * 40
_PIECE = 64 * 1024
_LONGEST_VERDICT = 16 * 1024
_LOG = logging.getLogger("phub")


@dataclass(frozen=True, slots=True)
class RefUpdate:
    """A ref that should move; None stands for "is not there yet" or "should go away"."""

    ref: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a push would do; its objects are in the quarantine, if it brings any."""

    updates: tuple[RefUpdate, ...]
    quarantine: Path | None
    lock: int


Judge = Callable[[Proposal], Awaitable[list[str]]]
"""Says what is wrong with a push. If nothing is, it has taken the lock that the proposal names."""


def install_hook(folder: Path) -> None:
    """Write the hook that `receive_pack` lets git run."""
    folder.mkdir(exist_ok=True, mode=0o700)
    hook = folder / "pre-receive"
    if not hook.is_file() or hook.read_text("utf-8") != _HOOK:
        partial = folder / f"pre-receive.{os.getpid()}"
        partial.write_text(_HOOK, "utf-8")
        partial.chmod(0o700)
        partial.replace(hook)


async def receive_pack(
    path: Path, hooks: Path, question: IO[bytes], lock: int, judge: Judge
) -> AsyncIterator[bytes]:
    """Let git take a push in, and yield its answer as it comes.

    Raises InvalidRequestError if git cannot make sense of the request.
    """
    if not os.access(hooks / "pre-receive", os.X_OK):  # git would do without it
        raise StorageError(f"{hooks}: git must be able to execute what is there; allow it.")
    with _pipe() as (asked, ask), _pipe() as (told, tell):
        inherited = (ask.fileno(), told.fileno(), lock)
        variables = {
            "PHUB_QUESTION": f"/dev/fd/{ask.fileno()}",
            "PHUB_VERDICT": f"/dev/fd/{told.fileno()}",
        }
        settings = (*_SETTINGS, ("core.hooksPath", str(hooks)))
        process = await start_git(
            path,
            ("receive-pack", "--stateless-rpc", str(path)),
            git_environment(path, None, settings) | variables,
            question,
            inherited,
        )
        # From here on the pipes end when git does, and the verdict ends when the hub does.
        ask.close()
        told.close()
        hearing = asyncio.create_task(_hear(asked, tell, lock, judge))
        try:
            async for piece in _output(process):
                yield piece
        finally:
            await end(process)
            await hearing


async def _output(process: asyncio.subprocess.Process) -> AsyncIterator[bytes]:
    assert process.stdout is not None
    silent = True
    while piece := await process.stdout.read(_PIECE):
        silent = False
        yield piece
    if await process.wait() != 0 and silent:
        raise InvalidRequestError("body: git does not understand this request.")


async def _hear(asked: FileIO, tell: FileIO, lock: int, judge: Judge) -> None:
    """Answer the hook's question, if it comes to that."""
    proposal = await _question(asked, lock)
    if proposal is None:
        return
    try:
        reasons = await judge(proposal)
    except HubError as error:
        reasons = [error.message]
    except Exception:
        _LOG.exception("A push could not be judged.")
        reasons = ["The hub made a mistake; its log says more."]
    verdict = "\n".join(reasons) if reasons else "accepted"
    with contextlib.suppress(BrokenPipeError):
        tell.write(verdict.encode("utf-8", "replace")[:_LONGEST_VERDICT])
    tell.close()


async def _question(asked: FileIO, lock: int) -> Proposal | None:
    reader = asyncio.StreamReader(limit=_PIECE)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), asked
    )
    try:
        heard = [line async for line in _lines(reader)]
    finally:
        transport.close()
    if not heard or heard[-1] != ".":  # git found something wrong before it came to the hook
        return None
    quarantine, *moves, _ = heard
    return Proposal(
        tuple(_update(move) for move in moves), Path(quarantine) if quarantine else None, lock
    )


async def _lines(reader: asyncio.StreamReader) -> AsyncIterator[str]:
    while line := await reader.readline():
        text = line.decode("utf-8", "surrogateescape").removesuffix("\n")
        yield text
        if text == ".":
            return


def _update(line: str) -> RefUpdate:
    old, new, ref = line.split(" ", 2)
    return RefUpdate(ref, None if old == _NOTHING else old, None if new == _NOTHING else new)


@contextmanager
def _pipe() -> Iterator[tuple[FileIO, FileIO]]:
    """The reading and the writing end of a pipe; whichever is left open is closed at the end."""
    reading, writing = os.pipe()
    with FileIO(reading, "rb") as reader, FileIO(writing, "wb") as writer:
        yield reader, writer
