"""Removes large files from a repository for good, and takes over those of another one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pygit2
from sqlalchemy import delete, select

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.access import Actor
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import ErasedObject, Repo, RepoObject
from phub_jupyter.hub.events import RefChange
from phub_jupyter.hub.objects.large_files import LargeFiles
from phub_jupyter.hub.repos.git_repository import GitRepository
from phub_jupyter.hub.repos.pointers import pointer_in
from phub_jupyter.hub.repos.references import References
from phub_jupyter.hub.repos.repositories import Repositories
from phub_jupyter.hub.repos.rewrite import Rewriter

__all__ = ["LfsRemoval"]

_BATCH = 500


class LfsRemoval:
    """Callers have checked that the actor may write to the repository."""

    def __init__(
        self,
        database: Database,
        repositories: Repositories,
        references: References,
        large_files: LargeFiles,
    ) -> None:
        self._database = database
        self._repositories = repositories
        self._references = references
        self._large_files = large_files

    def remove(
        self, repo: Repo, actor: Actor, sha256s: Sequence[str], rewrite_history: bool
    ) -> None:
        """Forget the content of these files; with ``rewrite_history`` also that there ever were
        any, on all branches, tags and pull requests.

        The space comes back when the hub is next cleaned up, unless another repository needs it.
        Raises InvalidRequestError, having changed nothing, for a file that is not there.
        """
        missing = set(sha256s) - set(self._large_files.find(repo.pk, sha256s))
        if missing:
            raise InvalidRequestError(
                f"sha: this repository has no large file {min(missing)}; list what it has by "
                "list_lfs_files."
            )
        git = self._repositories.open(repo)
        changes: list[RefChange] = []
        if rewrite_history:
            rewriter = _rewriter(git, frozenset(sha256s))
            for name in _names(git):  # the long part, while others may go on committing
                rewriter.rewritten(_target(git, name))
        with git.lock():
            if rewrite_history:
                changes = list(_move_all(git, rewriter))
            self._forget(repo.pk, sha256s, leaves_pointers=not rewrite_history)
        if changes:
            self._references.tell(repo, actor, *changes)

    def _forget(self, repo_pk: int, sha256s: Sequence[str], leaves_pointers: bool) -> None:
        with self._database.write() as session:
            for first in range(0, len(sha256s), _BATCH):
                batch = sha256s[first : first + _BATCH]
                session.execute(
                    delete(RepoObject).where(
                        RepoObject.repo_pk == repo_pk, RepoObject.sha256.in_(batch)
                    )
                )
            for sha256 in sha256s if leaves_pointers else ():
                session.merge(ErasedObject(repo_pk=repo_pk, sha256=sha256))

    def copy(
        self, source: Repo, target: Repo, files: Iterable[tuple[str, str | None]]
    ) -> dict[str, str]:
        """Let ``target`` serve large files of ``source``, given by SHA-256 and Xet hash.

        Callers have checked that the actor may read the files of the one and write to the other.
        Returns what could not be copied, with the reason.
        """
        wanted = dict(files)
        found = self._large_files.find(source.pk, wanted)
        failed = {
            sha256: f"The source has no large file with this {'Xet hash' if there else 'SHA-256'}."
            for sha256, xet_hash in wanted.items()
            for there in [sha256 in found]
            if not there or xet_hash not in (None, found[sha256].xet_hash, found[sha256].whole_hash)
        }
        with self._database.write() as session:
            for sha256 in found.keys() - failed.keys():
                self._large_files.link(session, target.pk, found[sha256])
        return failed

    def erased(self, repo_pk: int, sha256s: Iterable[str]) -> set[str]:
        """Those of the files whose content somebody removed, with the pointers left in place."""
        with self._database.read() as session:
            rows = session.scalars(
                select(ErasedObject.sha256).where(ErasedObject.repo_pk == repo_pk)
            )
            return set(rows) & set(sha256s)


def _rewriter(git: GitRepository, sha256s: frozenset[str]) -> Rewriter:
    def unwanted(blob: pygit2.Oid) -> bool:
        pointer = pointer_in(git.raw, blob)
        return pointer is not None and pointer.sha256 in sha256s

    return Rewriter(git, unwanted)


def _names(git: GitRepository) -> list[str]:
    return [name for name in git.raw.listall_references() if git.find(name) is not None]


def _target(git: GitRepository, name: str) -> pygit2.Oid:
    target = git.raw.lookup_reference(name).target
    assert isinstance(target, pygit2.Oid)
    return target


def _move_all(git: GitRepository, rewriter: Rewriter) -> Iterable[RefChange]:
    for name in _names(git):
        old = _target(git, name)
        new = rewriter.rewritten(old)
        if new != old:
            before = git.head(name)
            git.move_ref(name, str(old), str(new))
            yield RefChange(name, before, git.head(name))
