"""The real ``git``, as on a machine that nobody has ever set up."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

__all__ = ["Checkout", "git", "remote"]

_LFS = (
    "filter.lfs.process=git-lfs filter-process",
    "filter.lfs.smudge=git-lfs smudge -- %f",
    "filter.lfs.clean=git-lfs clean -- %f",
    "filter.lfs.required=true",
    "lfs.concurrenttransfers=2",
)


def git(
    *arguments: str, cwd: Path, settings: tuple[str, ...] = (), lfs: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run git without anybody's settings and without asking for a password."""
    chosen = settings + (_LFS if lfs else ())
    options = [part for setting in chosen for part in ("-c", setting)]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(cwd),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        **{f"GIT_{role}_NAME": "Ada Lovelace" for role in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{role}_EMAIL": "ada@example.invalid" for role in ("AUTHOR", "COMMITTER")},
    }
    if not lfs:
        environment["GIT_LFS_SKIP_SMUDGE"] = "1"
    return subprocess.run(
        ["git", *options, *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def remote(server: Any, web: str, user: str = "ada", role: str = "write") -> str:
    """The address of a repository with that person's token in it."""
    address = f"{server.endpoint}{web}"
    return address.replace("://", f"://{user}:{server.token(user, role)}@")


class Checkout:
    """A clone with a working tree."""

    def __init__(self, url: str, folder: Path, *options: str, lfs: bool = False) -> None:
        self.folder = folder
        self.lfs = lfs
        folder.parent.mkdir(parents=True, exist_ok=True)
        done = git("clone", "-q", *options, url, folder.name, cwd=folder.parent, lfs=lfs)
        assert done.returncode == 0, done.stderr

    def run(self, *arguments: str, settings: tuple[str, ...] = ()) -> str:
        """Run git in it and return what it prints; its failure is the test's."""
        done = git(*arguments, cwd=self.folder, settings=settings, lfs=self.lfs)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def commit(self, files: dict[str, bytes | str]) -> str:
        """Commit these files and return the commit."""
        for path, content in files.items():
            target = self.folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.encode() if isinstance(content, str) else content)
        self.run("add", "-A", "-f")
        self.run("commit", "-q", "--allow-empty", "-m", "change")
        return self.run("rev-parse", "HEAD")

    def push(self, *arguments: str, settings: tuple[str, ...] = ()) -> str:
        """Push and return what a person reads."""
        done = git("push", *arguments, cwd=self.folder, settings=settings, lfs=self.lfs)
        assert done.returncode == 0, done.stderr
        return done.stderr

    def refused(self, *arguments: str) -> str:
        """Push what must be refused, and return what a person reads."""
        done = git("push", *arguments, cwd=self.folder, lfs=self.lfs)
        assert done.returncode != 0, done.stderr
        return done.stderr
