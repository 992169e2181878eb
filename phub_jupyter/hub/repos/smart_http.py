"""Runs the real ``git upload-pack`` for clients that clone and fetch over HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import re
import tempfile
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import IO, Any, Literal

from phub_jupyter.errors import HubError, InvalidRequestError, StorageError

__all__ = ["PackProcess", "Program", "end", "git_environment", "greeting", "start_git"]

Program = Literal["upload-pack", "receive-pack"]

_PIECE = 1 << 20
_PROTOCOL = re.compile(r"version=[012]")

_SHOWN = ("refs/heads/", "refs/tags/", "refs/pr/", "refs/convert/")
_SETTINGS = (
    ("uploadpack.allowFilter", "true"),
    ("transfer.hideRefs", "refs/"),
    *(("transfer.hideRefs", f"!{prefix}") for prefix in _SHOWN),
)
"""Of the refs only those that have a meaning for people; the rest is the hub's own business."""


def greeting(program: Program) -> bytes:
    """What precedes the refs in version 0 and 1 of the protocol."""
    line = f"# service=git-{program}\n"
    return f"{len(line) + 4:04x}{line}0000".encode()


class PackProcess:
    """One running git program; reading `output` to its end, or leaving it, ends it."""

    def __init__(
        self, process: asyncio.subprocess.Process, protocol: str | None, *, asked: bool
    ) -> None:
        self._process = process
        self.protocol = protocol
        self._asked = asked

    @classmethod
    async def advertise(cls, program: Program, path: Path, protocol: str | None) -> PackProcess:
        """Start one that tells which refs there are."""
        if program == "receive-pack":  # knows no version 2
            protocol = None
        options = (program, "--stateless-rpc", "--advertise-refs", str(path))
        return await cls._start(path, protocol, None, options)

    @classmethod
    async def serve(cls, path: Path, protocol: str | None, question: IO[bytes]) -> PackProcess:
        """Start ``upload-pack`` to answer a request, which it reads from a file."""
        options = ("upload-pack", "--stateless-rpc", "--strict", str(path))
        return await cls._start(path, protocol, question, options)

    @classmethod
    async def _start(
        cls, path: Path, protocol: str | None, question: IO[bytes] | None, options: tuple[str, ...]
    ) -> PackProcess:
        if protocol is not None and not _PROTOCOL.fullmatch(protocol):
            protocol = None
        environment = git_environment(path, protocol)
        process = await start_git(path, options, environment, question)
        return cls(process, protocol, asked=question is not None)

    def _failure(self) -> HubError:
        # A damaged repository already fails when its refs are asked for, which comes first.
        if self._asked:
            return InvalidRequestError("body: git does not understand this request.")
        return StorageError("git cannot read this repository; run `phub check` on the hub.")

    async def output(self) -> AsyncIterator[bytes]:
        """What git answers, as it comes. Raises a HubError if it fails without a word."""
        stdout = self._process.stdout
        assert stdout is not None
        answered = False
        try:
            while piece := await stdout.read(_PIECE):
                answered = True
                yield piece
            if await self._process.wait() != 0 and not answered:
                raise self._failure()
        finally:
            await end(self._process)


async def end(process: asyncio.subprocess.Process) -> None:
    """Kill a process that is still there, and wait until it is not."""
    if process.returncode is None:  # one that ended must be left to asyncio, which waits for it
        with contextlib.suppress(ProcessLookupError):
            process.kill()
    await process.wait()


async def start_git(
    path: Path,
    options: Iterable[str],
    environment: dict[str, str],
    question: IO[bytes] | None,
    inherited: tuple[int, ...] = (),
) -> asyncio.subprocess.Process:
    """Start git in a repository's folder; its answer comes through a pipe."""
    try:
        process = await asyncio.create_subprocess_exec(
            "git",
            *options,
            stdin=asyncio.subprocess.DEVNULL if question is None else question,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=environment,
            cwd=path,
            limit=_PIECE,
            pass_fds=inherited,
        )
    except FileNotFoundError:
        raise StorageError(
            "The program git is not installed on the hub's machine; install it there."
        ) from None
    _widen(process)
    return process


def _widen(process: asyncio.subprocess.Process) -> None:
    """Let git write ahead: each piece of a clone costs a turn of the event loop."""
    transport: Any = process._transport  # type: ignore[attr-defined]
    pipe = transport.get_pipe_transport(1).get_extra_info("pipe")
    with contextlib.suppress(AttributeError, OSError):  # only Linux can, up to a limit
        fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, _PIECE)


def git_environment(
    path: Path, protocol: str | None = None, settings: Iterable[tuple[str, str]] = ()
) -> dict[str, str]:
    """Nothing of the settings of whoever runs the hub, and the few that a hub needs."""
    all_settings = [("safe.directory", str(path)), *_SETTINGS, *settings]
    variables = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": os.devnull,
        "LC_ALL": "C",
        "TMPDIR": tempfile.gettempdir(),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_COUNT": str(len(all_settings)),
    }
    for number, (key, value) in enumerate(all_settings):
        variables |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    if protocol is not None:
        variables["GIT_PROTOCOL"] = protocol
    return variables
