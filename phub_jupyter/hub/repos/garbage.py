"""What no ref of a repository reaches any more: how much there is, and letting git drop it.

Young objects stay: they may belong to a commit that is being made.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pygit2.enums import ObjectType

from phub_jupyter.errors import StorageError
from phub_jupyter.hub.repos.git_repository import GitRepository
from phub_jupyter.hub.repos.lfs_pointer import LfsPointer
from phub_jupyter.hub.repos.smart_http import git_environment

__all__ = ["GitGarbage", "drop_garbage", "find_garbage", "large_files_of"]

_SETTINGS = (
    ("core.fsync", "all"),
    ("core.fsyncMethod", "fsync"),
    ("pack.threads", "1"),
    ("pack.windowMemory", "100m"),
    ("repack.writeBitmaps", "true"),
)


@dataclass(frozen=True, slots=True)
class GitGarbage:
    """Unreachable objects, and how many bytes of the disk they take."""

    oids: frozenset[str]
    size: int


def find_garbage(git: GitRepository, before: datetime) -> GitGarbage:
    """The unreachable objects that were written before a moment."""
    reached = set(_lines(git, "rev-list", "--objects", "--no-object-names", "--all"))
    found = {oid for oid in map(str, git.raw.odb) if oid not in reached}
    packs = [pack.stat().st_mtime for pack in (git.path / "objects/pack").glob("*.pack")]
    newest_pack = max(packs, default=0.0)
    old = frozenset(
        oid for oid in found if _written(git.path, oid, newest_pack) < before.timestamp()
    )
    form = "--batch-check=%(objectsize:disk)"
    sizes = _lines(git, "cat-file", form, given="".join(f"{oid}\n" for oid in old))
    return GitGarbage(old, sum(int(line) for line in sizes))


def drop_garbage(git: GitRepository, before: datetime) -> None:
    """Let git drop what is unreachable and was written before a moment.

    Callers hold the repository's lock. Killed in the middle, it leaves what it found, or less.
    """
    moment = f"@{int(before.timestamp())}"
    # First this, because git believes what it says without looking.
    _lines(git, "commit-graph", "write", "--reachable", "--no-progress")
    if any((git.path / "objects/pack").glob("*.pack")):
        _lines(git, "repack", "-a", "-d", "-l", "-b", "-q", f"--unpack-unreachable={moment}")
    _lines(git, "prune", f"--expire={moment}")


def large_files_of(git: GitRepository, without: Iterable[str] = ()) -> set[str]:
    """The SHA-256 of every pointer that the repository has, whatever leads to it."""
    ignored = set(without)
    found: set[str] = set()
    for oid in git.raw.odb:
        kind, size = git.raw.odb.read_header(oid)
        if kind != ObjectType.BLOB or not LfsPointer.may_be(size) or str(oid) in ignored:
            continue
        pointer = LfsPointer.parse(git.read_blob(str(oid)))
        if pointer is not None:
            found.add(pointer.sha256)
    return found


def _written(path: Path, oid: str, newest_pack: float) -> float:
    try:
        return (path / "objects" / oid[:2] / oid[2:]).stat().st_mtime
    except FileNotFoundError:
        return newest_pack


def _lines(git: GitRepository, *options: str, given: str = "") -> Iterator[str]:
    done = subprocess.run(
        ["git", *options],
        cwd=git.path,
        env=git_environment(git.path, settings=_SETTINGS),
        input=given,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        raise StorageError(
            f"git {options[0]} in {git.path.name} failed: {done.stderr.strip()}; run 'phub check'."
        )
    return iter(done.stdout.splitlines())
