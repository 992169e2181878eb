"""Commits made through the API: all of it or nothing, and the branch moves last."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pygit2
from pygit2.enums import ObjectType

from phub_jupyter.errors import ConflictError, StaleParentError
from phub_jupyter.hub.access import Actor
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.events import RefChange
from phub_jupyter.hub.objects.large_files import LargeFiles
from phub_jupyter.hub.repos.git_repository import MAIN, GitRepository, signature
from phub_jupyter.hub.repos.gitattributes import ATTRIBUTES, with_rules
from phub_jupyter.hub.repos.operations import CommitHeader, Operation
from phub_jupyter.hub.repos.pack_writer import PackWriter
from phub_jupyter.hub.repos.preupload import Placement, PlannedFile, place
from phub_jupyter.hub.repos.staging import Changes, Put, Staging
from phub_jupyter.hub.repos.tree_edit import TreeEdit

if TYPE_CHECKING:  # `Repositories` makes the first commit of a repository through this module
    from phub_jupyter.hub.repos.references import References
    from phub_jupyter.hub.repos.repositories import Repositories

__all__ = ["CommitResult", "Commits", "branch_ref", "initial_commit", "pull_request_number"]

_ATTEMPTS = 5
_STALE = "The branch was updated since you opened this page. Please refresh and try again."
_PULL_REQUEST = re.compile(r"refs/pr/([1-9][0-9]{0,8})")


@dataclass(frozen=True, slots=True)
class CommitResult:
    """The head of the branch afterwards; not ``changed`` if there was nothing to do."""

    oid: str
    changed: bool


def branch_ref(revision: str) -> str:
    """The full ref of a branch that may be written as its name or in full."""
    return revision if revision.startswith("refs/heads/") else f"refs/heads/{revision}"


def pull_request_number(revision: str) -> int | None:
    """The number of the pull request that a revision names, or None."""
    match = _PULL_REQUEST.fullmatch(revision)
    return None if match is None else int(match[1])


def initial_commit(git: GitRepository, actor: Actor, files: Mapping[str, bytes]) -> str:
    """Give a new repository its first commit and its branch ``main``."""
    edit = TreeEdit(git.raw, None)
    with PackWriter(git) as pack:
        for path, content in files.items():
            edit.put(path, pack.put(ObjectType.BLOB, content))
        oid = _put_commit(pack, actor, "initial commit", _put_tree(pack, edit), None)
        pack.publish()
    git.create_ref(MAIN, oid)
    return oid


class Commits:
    """Plans uploads and commits them. Callers have checked that the actor may write.

    A revision that is committed to is a branch, or ``refs/pr/N``.
    """

    def __init__(
        self, repositories: Repositories, large_files: LargeFiles, references: References
    ) -> None:
        self._repositories = repositories
        self._large_files = large_files
        self._references = references

    def preupload(
        self, repo: Repo, revision: str, files: Iterable[PlannedFile], git_ignore: str | None
    ) -> tuple[str, list[Placement]]:
        """The head of the branch, and for each file how to upload it.

        Raises RevisionNotFoundError if there is no such branch.
        """
        git = self._repositories.open(repo)
        head = git.head(_target_ref(revision))
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
        ref = _target_ref(revision)
        head = git.head(ref)
        with ExitStack() as stack:
            pack = stack.enter_context(PackWriter(git))
            changes = Staging(git, repo, self._large_files, pack).changes(head, operations)
            stack.enter_context(git.lock())
            for _ in range(_ATTEMPTS):
                head = git.head(ref)
                result = _built(git, pack, head, header, changes, author)
                try:
                    if result.changed:
                        git.move_ref(ref, head, result.oid)
                    break
                except StaleParentError:  # somebody with a git program: build on their commit
                    pack = stack.enter_context(PackWriter(git))
            else:
                raise ConflictError("The branch is being updated all the time; try again.")
        if result.changed:
            self._references.tell(repo, author, RefChange(ref, head, result.oid))
        return result

    def prepare(
        self,
        repo: Repo,
        revision: str,
        header: CommitHeader,
        operations: Iterable[Operation],
        author: Actor,
    ) -> CommitResult:
        """Write the commit that a pull request for the branch is to start with; no ref moves.

        It is built on the commit that the header names, else on the head of the branch.
        """
        git = self._repositories.open(repo)
        head = git.head(branch_ref(revision))
        if header.parent_commit is not None:
            head = git.resolve(header.parent_commit)
        with PackWriter(git) as pack:
            changes = Staging(git, repo, self._large_files, pack).changes(head, operations)
            return _built(git, pack, head, header, changes, author)


def _target_ref(revision: str) -> str:
    return branch_ref(revision) if pull_request_number(revision) is None else revision


def _built(
    git: GitRepository,
    pack: PackWriter,
    head: str,
    header: CommitHeader,
    changes: Changes,
    author: Actor,
) -> CommitResult:
    """Write the commit on top of ``head``, unless there is nothing to do."""
    if header.parent_commit is not None and not head.startswith(header.parent_commit):
        raise StaleParentError(_STALE)
    tree = _put_tree(pack, _edited(git, pack, head, changes))
    if tree == git.root(head).id:
        return CommitResult(head, changed=False)
    oid = _put_commit(pack, author, header.message, tree, head)
    pack.publish()
    return CommitResult(oid, changed=True)


def _edited(git: GitRepository, pack: PackWriter, head: str, changes: Changes) -> TreeEdit:
    edit = TreeEdit(git.raw, git.root(head))
    for step in changes.steps:
        if isinstance(step, Put):
            edit.put(step.path, step.blob)
        else:
            edit.remove(step.path, folder_only=step.folder_only)
    if changes.unruled:
        blob = edit.blob(ATTRIBUTES)
        rules = b"" if blob is None else _content(git, pack, blob)
        edit.put(ATTRIBUTES, pack.put(ObjectType.BLOB, with_rules(rules, changes.unruled)))
    return edit


def _content(git: GitRepository, pack: PackWriter, blob: pygit2.Oid) -> bytes:
    return b"".join(pack.read(blob)) if blob in pack else git.read_blob(str(blob))


def _put_tree(pack: PackWriter, edit: TreeEdit) -> pygit2.Oid:
    return edit.write(lambda data: pack.put(ObjectType.TREE, data))


def _put_commit(
    pack: PackWriter, author: Actor, message: str, tree: pygit2.Oid, parent: str | None
) -> str:
    person = signature(author.name)
    sign, minutes = "-" if person.offset < 0 else "+", abs(person.offset)
    zone = f"{sign}{minutes // 60:02}{minutes % 60:02}"
    signed = f"{person.name} <{person.email}> {person.time} {zone}"
    lines = [f"tree {tree}", *([f"parent {parent}"] if parent else [])]
    lines += [f"author {signed}", f"committer {signed}", "", message]
    return str(pack.put(ObjectType.COMMIT, "\n".join(lines).encode()))
