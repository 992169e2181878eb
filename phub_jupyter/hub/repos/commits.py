"""Commits made through the API: all of it or nothing, and the branch moves last."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pygit2

from phub_jupyter.errors import ConflictError, InvalidRequestError, StaleParentError
from phub_jupyter.hub.access import Actor
from phub_jupyter.hub.cards.front_matter import parse
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.objects.large_files import LargeFiles
from phub_jupyter.hub.repos.git_repository import MAIN, GitRepository, signature
from phub_jupyter.hub.repos.lfs_pointer import LfsPointer
from phub_jupyter.hub.repos.operations import (
    AddFile,
    AddLargeFile,
    CommitHeader,
    Operation,
    Remove,
)
from phub_jupyter.hub.repos.preupload import Placement, PlannedFile, place
from phub_jupyter.hub.repos.tree_edit import TreeEdit

if TYPE_CHECKING:  # `Repositories` makes the first commit of a repository through this module
    from phub_jupyter.hub.catalog.index import CatalogIndex
    from phub_jupyter.hub.repos.repositories import Repositories

__all__ = ["CommitResult", "Commits", "branch_ref", "initial_commit"]

_LOG = logging.getLogger("phub")
_ATTEMPTS = 5
_STALE = "The branch was updated since you opened this page. Please refresh and try again."


@dataclass(frozen=True, slots=True)
class CommitResult:
    """The head of the branch afterwards; not ``changed`` if there was nothing to do."""

    oid: str
    changed: bool


@dataclass(frozen=True, slots=True)
class _Put:
    path: str
    blob: pygit2.Oid


def branch_ref(revision: str) -> str:
    """The full ref of a branch that may be written as its name or in full."""
    return revision if revision.startswith("refs/heads/") else f"refs/heads/{revision}"


def initial_commit(git: GitRepository, actor: Actor, files: Mapping[str, bytes]) -> str:
    """Give a new repository its first commit and its branch ``main``."""
    edit = TreeEdit(git.raw, None)
    for path, content in files.items():
        edit.put(path, git.raw.create_blob(content))
    oid = _write_commit(git, actor, "initial commit", edit.write(), [])
    git.create_ref(MAIN, oid)
    return oid


class Commits:
    """Plans uploads and commits them. Callers have checked that the actor may write."""

    def __init__(
        self, repositories: Repositories, large_files: LargeFiles, index: CatalogIndex
    ) -> None:
        self._repositories = repositories
        self._large_files = large_files
        self._index = index

    def preupload(
        self, repo: Repo, revision: str, files: Iterable[PlannedFile], git_ignore: str | None
    ) -> tuple[str, list[Placement]]:
        """The head of the branch, and for each file how to upload it.

        Raises RevisionNotFoundError if there is no such branch.
        """
        git = self._repositories.open(repo)
        head = git.head(branch_ref(revision))
        return head, place(git, head, files, git_ignore)

    def commit(
        self,
        repo: Repo,
        revision: str,
        header: CommitHeader,
        operations: Iterable[Operation],
        author: Actor,
    ) -> CommitResult:
        """Apply the operations in their order and move the branch.

        Whatever is raised, the branch is as it was: RevisionNotFoundError, StaleParentError,
        EntryNotFoundError (something to remove is missing) or InvalidRequestError.
        """
        git = self._repositories.open(repo)
        ref = branch_ref(revision)
        git.head(ref)
        changes = self._stage(git, repo, operations)
        with git.lock():
            result = _advance(git, ref, header, changes, author)
        if result.changed:
            self._refresh(repo)
        return result

    def _stage(
        self, git: GitRepository, repo: Repo, operations: Iterable[Operation]
    ) -> list[_Put | Remove]:
        """Write the blobs, which nobody can see until a tree holds them."""
        staged: list[_Put | AddLargeFile | Remove] = []
        for operation in operations:
            if isinstance(operation, AddFile):
                pointer = LfsPointer.parse(operation.content)
                if pointer is not None:  # whoever reads it would be sent to the content
                    staged.append(AddLargeFile(operation.path, pointer.sha256, pointer.size))
                    continue
                _check_card(operation)
                staged.append(_Put(operation.path, git.raw.create_blob(operation.content)))
            else:
                staged.append(operation)
        large = [item for item in staged if isinstance(item, AddLargeFile)]
        pointers = self._pointers(repo, large)
        return [
            _Put(item.path, git.raw.create_blob(pointers[item.sha256].text.encode()))
            if isinstance(item, AddLargeFile)
            else item
            for item in staged
        ]

    def _pointers(self, repo: Repo, files: list[AddLargeFile]) -> dict[str, LfsPointer]:
        found = self._large_files.find(repo.pk, [file.sha256 for file in files])
        for file in files:
            known = found.get(file.sha256)
            if known is None:
                raise InvalidRequestError(
                    f"{file.path}: the content with SHA-256 {file.sha256} was not uploaded to "
                    "this repository; upload it and commit again."
                )
            if file.size not in (None, known.size):
                raise InvalidRequestError(
                    f"{file.path}: size: {file.size} was stated, but the uploaded content has "
                    f"{known.size} bytes."
                )
        return {sha256: LfsPointer(sha256, known.size) for sha256, known in found.items()}

    def _refresh(self, repo: Repo) -> None:
        try:
            self._index.refresh(repo.pk)
        except Exception:  # the commit is made and stays; the index catches up at the next start
            _LOG.exception("The index of %s/%s could not be updated.", repo.namespace, repo.name)


def _check_card(file: AddFile) -> None:
    if file.path != "README.md":
        return
    try:
        text = file.content.decode()
    except UnicodeDecodeError:
        raise InvalidRequestError("README.md: must be text in UTF-8.") from None
    parse(text)


def _advance(
    git: GitRepository,
    ref: str,
    header: CommitHeader,
    changes: list[_Put | Remove],
    author: Actor,
) -> CommitResult:
    for _ in range(_ATTEMPTS):
        head = git.head(ref)
        if header.parent_commit is not None and not head.startswith(header.parent_commit):
            raise StaleParentError(_STALE)
        tree = _apply(git, head, changes)
        if tree == git.root(head).id:
            return CommitResult(head, changed=False)
        oid = _write_commit(git, author, header.message, tree, [head])
        try:
            git.move_ref(ref, head, oid)
        except StaleParentError:  # somebody with a git program of their own: build on their commit
            continue
        return CommitResult(oid, changed=True)
    raise ConflictError("The branch is being updated all the time; try again.")


def _apply(git: GitRepository, head: str, changes: list[_Put | Remove]) -> pygit2.Oid:
    edit = TreeEdit(git.raw, git.root(head))
    for change in changes:
        if isinstance(change, _Put):
            edit.put(change.path, change.blob)
        else:
            edit.remove(change.path, folder_only=change.folder_only)
    return edit.write()


def _write_commit(
    git: GitRepository, author: Actor, message: str, tree: pygit2.Oid, parents: list[str]
) -> str:
    person = signature(author.name)
    oids: list[str | pygit2.Oid] = [pygit2.Oid(hex=parent) for parent in parents]
    return str(git.raw.create_commit(None, person, person, message, tree, oids))
