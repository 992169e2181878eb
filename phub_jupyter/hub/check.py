"""Looks for damage: every repository, every large file that one refers to, every stored object."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pygit2

from phub_jupyter.errors import HubError
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.hub import Hub
from phub_jupyter.hub.repos.git_repository import MAIN, GitRepository
from phub_jupyter.hub.repos.lfs_pointer import LfsPointer
from phub_jupyter.hub.repos.pointers import pointers_of
from phub_jupyter.hub.repos.smart_http import git_environment

__all__ = ["check"]


def check(hub: Hub) -> Iterator[str]:
    """Yield one sentence for everything that is missing or not what its name says.

    It reads every byte that the hub keeps, so it takes as long as the disk needs. The hub may go
    on serving meanwhile.
    """
    for repo in hub.repositories.all():
        name = f"{repo.type} {repo.namespace}/{repo.name}"
        for problem in _repository(hub, repo):
            yield f"{name}: {problem}"
    for folder in hub.repositories.strays():
        yield f"The repository {folder} holds commits, but the database does not know it."
    yield from hub.large_files.verify()


def _repository(hub: Hub, repo: Repo) -> Iterator[str]:
    path = hub.repositories.path(repo)
    if not path.is_dir():
        yield f"its folder {path} is missing."
        return
    damages = list(_git_damages(path))
    if damages:  # libgit2 cannot be trusted to walk what git cannot read
        yield from damages
        return
    try:
        git = hub.repositories.open(repo)
        if git.find(MAIN) is None:
            yield "its branch main is missing."
        yield from _missing_large_files(hub, repo, git)
    except HubError as error:
        yield error.message


def _git_damages(path: Path) -> Iterator[str]:
    """Let git read every object and compare it with its name, and every ref with the objects."""
    command = ["git", "--git-dir", str(path), "fsck", "--full", "--no-dangling", "--no-progress"]
    done = subprocess.run(
        command,
        env=git_environment(path),
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        yield from lines or [f"git fsck failed with status {done.returncode}."]


def _missing_large_files(hub: Hub, repo: Repo, git: GitRepository) -> Iterator[str]:
    pointers = dict(_pointers(git))
    sha256s = [pointer.sha256 for pointer in pointers.values()]
    known = hub.large_files.find(repo.pk, sha256s)
    erased = hub.lfs_removal.erased(repo.pk, sha256s)
    for path, pointer in pointers.items():
        file = known.get(pointer.sha256)
        if file is None and pointer.sha256 in erased:
            continue
        if file is None:
            yield f"the content of {path} (SHA-256 {pointer.sha256}) is missing."
        elif file.size != pointer.size:
            yield f"{path} should have {pointer.size} bytes, but its content has {file.size}."


def _pointers(git: GitRepository) -> Iterator[tuple[str, LfsPointer]]:
    """Every pointer in the history of every ref, as ``path at commit``; each blob once."""
    walker = git.raw.walk(None)
    for name in git.raw.listall_references():
        walker.push(git.raw.lookup_reference(name).peel(pygit2.Commit).id)
    for commit, path, pointer in pointers_of(git, (str(commit.id) for commit in walker)):
        yield f"{path} at {commit[:12]}", pointer
