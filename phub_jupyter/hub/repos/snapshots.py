"""Complete checkouts of commits, for whatever needs a folder: serving and Spaces."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from phub_jupyter.errors import StorageError
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.objects.large_files import LargeFiles
from phub_jupyter.hub.repos.git_repository import Entry, GitRepository
from phub_jupyter.identifiers import parse_path

if TYPE_CHECKING:
    from phub_jupyter.hub.repos.repositories import Repositories

__all__ = ["Snapshots"]


class Snapshots:
    """Keeps one folder for each commit that somebody asked for; any may be deleted any time."""

    def __init__(self, repositories: Repositories, large_files: LargeFiles, folder: Path) -> None:
        self._repositories = repositories
        self._large_files = large_files
        self._folder = folder

    def folder(self, repo: Repo, commit: str) -> Path:
        """The folder with all files of a commit: complete or not there at all.

        The files are copies, so that whoever writes into the folder harms nothing but it.
        """
        target = self._folder / repo.uid / commit
        if target.is_dir():
            return target
        git = self._repositories.open(repo)
        git.root(commit)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = Path(tempfile.mkdtemp(prefix=".partial-", dir=target.parent))
        try:
            self._fill(partial, git, repo, commit)
            return _publish(partial, target)
        finally:
            shutil.rmtree(partial, ignore_errors=True)

    def _fill(self, folder: Path, git: GitRepository, repo: Repo, commit: str) -> None:
        for entry in git.tree(commit, recursive=True):
            path = folder / parse_path(entry.path)  # a tree made elsewhere may hold any name
            if entry.kind == "directory":
                path.mkdir()
                continue
            with path.open("xb") as file:
                for piece in self._content(git, repo, entry):
                    file.write(piece)

    def _content(self, git: GitRepository, repo: Repo, entry: Entry) -> Iterator[bytes]:
        if entry.lfs is None:
            return iter([git.read_blob(entry.oid)])
        found = self._large_files.find(repo.pk, [entry.lfs.sha256]).get(entry.lfs.sha256)
        if found is None:
            raise StorageError(
                f"{entry.path}: its content (SHA-256 {entry.lfs.sha256}) was never uploaded to "
                "this repository; upload the file again."
            )
        return self._large_files.read(found)


def _publish(partial: Path, target: Path) -> Path:
    try:
        return partial.rename(target)
    except OSError:
        if target.is_dir():  # somebody else was faster; theirs is as good
            return target
        raise
