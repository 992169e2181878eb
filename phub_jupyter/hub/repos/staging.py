"""What a commit changes, with the content of its files on the way to the repository."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass

import pygit2
from pygit2.enums import ObjectType

from phub_jupyter.errors import EntryNotFoundError, InvalidRequestError
from phub_jupyter.hub.cards.front_matter import parse
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.objects.large_files import LargeFiles
from phub_jupyter.hub.repos.git_repository import GitRepository, signature
from phub_jupyter.hub.repos.gitattributes import ATTRIBUTES, wants_lfs
from phub_jupyter.hub.repos.lfs_pointer import LfsPointer
from phub_jupyter.hub.repos.operations import AddFile, AddLargeFile, Operation, Remove
from phub_jupyter.hub.repos.pack_writer import PackWriter
from phub_jupyter.hub.repos.tree_edit import TreeEdit

__all__ = ["Changes", "Put", "Staging"]


@dataclass(frozen=True, slots=True)
class Put:
    """A file whose blob is written; ``size`` is that of the blob."""

    path: str
    blob: pygit2.Oid
    size: int
    is_large: bool = False


@dataclass(frozen=True, slots=True)
class Changes:
    """Changes in their order; of ``unruled`` large files no ``.gitattributes`` knows yet."""

    steps: tuple[Put | Remove, ...]
    unruled: tuple[str, ...] = ()


class Staging:
    """Brings what a commit adds into a pack, which nobody can see until a tree holds it."""

    def __init__(
        self, git: GitRepository, repo: Repo, large_files: LargeFiles, pack: PackWriter
    ) -> None:
        self._git = git
        self._repo = repo
        self._large_files = large_files
        self._pack = pack
        self._attributes: dict[str, bytes] = {}

    def changes(self, head: str, operations: Iterable[Operation]) -> Changes:
        """Read the operations to their end.

        ``.gitattributes`` as it will be decides: a file that it wants in LFS, but that came as a
        regular one, is kept as a large file; large files that it does not know are ``unruled``.
        """
        staged = [self._staged(operation) for operation in operations]
        pointers = self._pointers([item for item in staged if isinstance(item, AddLargeFile)])
        steps = [
            self._put_pointer(item.path, pointers[item.sha256])
            if isinstance(item, AddLargeFile)
            else item
            for item in staged
        ]
        return self._by_rules(self._rules(head, steps), steps)

    def _staged(self, operation: Operation) -> Put | AddLargeFile | Remove:
        if not isinstance(operation, AddFile):
            return operation
        content = operation.content
        if not isinstance(content, bytes):
            size = content.size()
            blob = self._pack.put_pieces(ObjectType.BLOB, size, content.pieces())
            return Put(operation.path, blob, size)
        pointer = LfsPointer.parse(content)
        if pointer is not None:  # whoever reads it would be sent to the content
            return AddLargeFile(operation.path, pointer.sha256, pointer.size)
        if operation.path == "README.md":
            _check_card(content)
        if posixpath.basename(operation.path) == ATTRIBUTES:
            self._attributes[operation.path] = content
        return Put(operation.path, self._pack.put(ObjectType.BLOB, content), len(content))

    def _pointers(self, files: list[AddLargeFile]) -> dict[str, LfsPointer]:
        found = self._large_files.claim(self._repo.pk, [file.sha256 for file in files])
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

    def _put_pointer(self, path: str, pointer: LfsPointer) -> Put:
        text = pointer.text.encode()
        return Put(path, self._pack.put(ObjectType.BLOB, text), len(text), is_large=True)

    def _rules(self, head: str, steps: list[Put | Remove]) -> str:
        """A commit with the ``.gitattributes`` files as they will be."""
        removes = any(
            isinstance(step, Remove) and self._may_rule(head, step.path) for step in steps
        )
        if not self._attributes and not removes:
            return head
        raw = self._git.raw
        edit = TreeEdit(raw, self._git.root(head))
        for step in steps:
            try:
                if isinstance(step, Remove):
                    edit.remove(step.path, folder_only=step.folder_only)
                elif step.path in self._attributes:
                    edit.put(step.path, raw.create_blob(self._attributes[step.path]))
            except (EntryNotFoundError, InvalidRequestError):
                continue  # it is refused when it comes to the commit itself
        person = signature(None)
        return str(raw.create_commit(None, person, person, "", edit.write(), []))

    def _may_rule(self, head: str, path: str) -> bool:
        """Whether a path that is removed is, or holds, a ``.gitattributes`` file."""
        if posixpath.basename(path) == ATTRIBUTES:
            return True
        try:
            is_folder = self._git.entry(head, path).kind == "directory"
            return is_folder and any(
                posixpath.basename(entry.path) == ATTRIBUTES
                for entry in self._git.tree(head, path, recursive=True)
            )
        except EntryNotFoundError:
            return False

    def _by_rules(self, rules: str, steps: list[Put | Remove]) -> Changes:
        found: list[Put | Remove] = []
        unruled: dict[str, None] = {}
        for step in steps:
            if isinstance(step, Put) and step.size:
                wanted = wants_lfs(self._git, rules, step.path)
                if step.is_large and not wanted:
                    unruled[step.path] = None
                elif wanted and not step.is_large:
                    step = self._enlarged(step)
            found.append(step)
        return Changes(tuple(found), tuple(unruled))

    def _enlarged(self, file: Put) -> Put:
        upload = self._large_files.new_upload()
        try:
            for piece in self._pack.read(file.blob):
                upload.write(piece)
            pointer = LfsPointer(upload.sha256, upload.size)
            self._large_files.finish(upload, self._repo.pk, pointer.sha256, pointer.size)
        finally:
            upload.discard()
        return self._put_pointer(file.path, pointer)


def _check_card(content: bytes) -> None:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise InvalidRequestError("README.md: must be text in UTF-8.") from None
    parse(text)
