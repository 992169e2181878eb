"""What a push brings that no ref reaches yet: git lists it, which is much quicker than a walk."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from phub_jupyter.errors import StorageError
from phub_jupyter.hub.repos.receive_pack import Proposal
from phub_jupyter.hub.repos.smart_http import git_environment

__all__ = ["NewFile", "new_commits", "new_files"]

_PIECE = 1 << 20
_NO_FILE = ("000000", "160000")  # it was removed, or it is a submodule


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that a commit holds and none of its parents holds at the same place."""

    commit: str
    oid: str
    path: str  # bytes that are no UTF-8 are kept as half characters


def new_commits(path: Path, proposal: Proposal) -> list[str]:
    """The commits that the refs would reach and no ref reaches now, newest first."""
    wanted = (f"{update.new}\n" for update in proposal.updates if update.new is not None)
    with _input(wanted) as question:
        options = ("--stdin", "--not", "--all")
        output = b"".join(_run(path, proposal, question, "rev-list", *options))
    return output.decode().split()


def new_files(path: Path, proposal: Proposal, commits: list[str]) -> Iterator[NewFile]:
    """The files that these commits add or change."""
    options = ("--stdin", "-r", "-c", "-z", "--root", "--no-renames", "--raw")
    with _input(f"{commit}\n" for commit in commits) as question:
        tokens = _split(_run(path, proposal, question, "diff-tree", *options))
        commit = ""
        for token in tokens:
            if not token.startswith(b":"):
                commit = token.decode()
                continue
            name = next(tokens).decode("utf-8", "surrogateescape")
            mode, oid = _result(token)
            if mode not in _NO_FILE:
                yield NewFile(commit, oid, name)


def _result(token: bytes) -> tuple[str, str]:
    """The mode and id of a file after a change, which of a merge has several sides before it."""
    sides = len(token) - len(token.lstrip(b":"))
    fields = token.decode("ascii").lstrip(":").split(" ")
    return fields[sides], fields[2 * sides + 1]


def _run(
    path: Path, proposal: Proposal, question: IO[bytes], command: str, *options: str
) -> Iterator[bytes]:
    environment = git_environment(path)
    if proposal.quarantine is not None:
        environment["GIT_OBJECT_DIRECTORY"] = str(proposal.quarantine)
        environment["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = str(path / "objects")
    with subprocess.Popen(
        ["git", command, *options],
        cwd=path,
        env=environment,
        stdin=question,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            assert process.stdout is not None
            while piece := process.stdout.read(_PIECE):
                yield piece
        except GeneratorExit:
            process.kill()
            raise
    if process.returncode != 0:
        raise StorageError("git cannot read what was pushed; push again, or run `phub check`.")


def _split(pieces: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\0")
        yield from whole


def _input(lines: Iterator[str]) -> IO[bytes]:
    file = tempfile.TemporaryFile()  # noqa: SIM115
    file.writelines(line.encode() for line in lines)
    file.seek(0)
    return file
