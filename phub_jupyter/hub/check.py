"""Verifies a hub: every repository, every reference, every object against its hash."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from typing import TYPE_CHECKING

from phub_jupyter.errors import HubError
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.repos.git_repository import MAIN
from phub_jupyter.hub.repos.smart_http import git_environment

if TYPE_CHECKING:
    from phub_jupyter.hub.hub import Hub

__all__ = ["check"]


def check(hub: Hub) -> Iterator[str]:
    """One sentence for each thing that is damaged or missing; nothing when all is whole."""
    for repo in hub.repositories.all():
        name = f"{repo.type} {repo.namespace}/{repo.name}"
        try:
            for problem in _check_repository(hub, repo):
                yield f"{name}: {problem}"
        except HubError as error:
            yield f"{name}: {error.message}"
    yield from hub.large_files.verify()


def _check_repository(hub: Hub, repo: Repo) -> Iterator[str]:
    git = hub.repositories.open(repo)
    path = hub.repositories.path(repo)
    fsck = subprocess.run(
        ["git", "fsck", "--full", "--strict", "--no-dangling", "--no-progress"],
        cwd=path,
        env=git_environment(path),
        capture_output=True,
        text=True,
        check=False,
    )
    if fsck.returncode != 0:
        yield f"git fsck: {' '.join((fsck.stdout + fsck.stderr).split())[:500]}"
        return
    if git.find(MAIN) is None:
        yield "the branch main is missing"
    for ref in git.refs():
        pointers = {
            entry.lfs.sha256: entry.path
            for entry in git.tree(ref.commit, recursive=True)
            if entry.lfs is not None
        }
        known = hub.large_files.find(repo.pk, pointers)
        for sha256, file in pointers.items():
            if sha256 not in known:
                yield f"{file} at {ref.name}: its content {sha256} is not in the store"
