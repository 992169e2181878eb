"""Runs the real ``git upload-pack`` for clients that clone and fetch over HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO

from phub_jupyter.errors import HubError, InvalidRequestError, StorageError

__all__ = ["UPLOAD_PACK_GREETING", "UploadPack", "git_environment"]

UPLOAD_PACK_GREETING = b"001e# service=git-upload-pack\n0000"
"""What precedes the refs in version 0 and 1 of the protocol."""

_PIECE = 64 * 1024
_PROTOCOL = re.compile(r"version=[012]")


class UploadPack:
    """One running ``git upload-pack``; reading `output` to its end, or leaving it, ends it."""

    def __init__(
        self, process: asyncio.subprocess.Process, protocol: str | None, *, asked: bool
    ) -> None:
        self._process = process
        self.protocol = protocol
        self._asked = asked

    @classmethod
    async def advertise(cls, path: Path, protocol: str | None) -> UploadPack:
        """Start one that tells which refs there are."""
        return await cls._start(path, protocol, None, "--advertise-refs")

    @classmethod
    async def serve(cls, path: Path, protocol: str | None, question: IO[bytes]) -> UploadPack:
        """Start one that answers a request, which it reads from a file."""
        return await cls._start(path, protocol, question)

    @classmethod
    async def _start(
        cls, path: Path, protocol: str | None, question: IO[bytes] | None, *options: str
    ) -> UploadPack:
        if protocol is not None and not _PROTOCOL.fullmatch(protocol):
            protocol = None
        try:
            process = await asyncio.create_subprocess_exec(
                "git",
                "upload-pack",
                "--stateless-rpc",
                "--strict",
                *options,
                str(path),
                stdin=asyncio.subprocess.DEVNULL if question is None else question,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env=git_environment(path, protocol),
                cwd=path,
            )
        except FileNotFoundError:
            raise StorageError(
                "The program git is not installed on the hub's machine; install it there."
            ) from None
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
            if not answered and await self._process.wait() != 0:
                raise self._failure()
        finally:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()


def git_environment(path: Path, protocol: str | None = None) -> dict[str, str]:
    """Nothing of the settings of whoever runs the hub, and the few that a hub needs."""
    settings = {"safe.directory": str(path), "uploadpack.allowFilter": "true"}
    variables = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": os.devnull,
        "LC_ALL": "C",
        "TMPDIR": tempfile.gettempdir(),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_COUNT": str(len(settings)),
    }
    for number, (key, value) in enumerate(settings.items()):
        variables |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    if protocol is not None:
        variables["GIT_PROTOCOL"] = protocol
    return variables
