"""One bare git repository: what it holds at a revision, and how its refs move."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import pygit2
from pygit2.enums import AttrCheck, ConfigLevel, FileMode, ObjectType, RepositoryOpenFlag

from phub_jupyter.errors import (
    ConflictError,
    EntryNotFoundError,
    InvalidRequestError,
    RevisionNotFoundError,
    StaleParentError,
    StorageError,
)
from phub_jupyter.hub.repos.history import CommitInfo, last_commits, walk
from phub_jupyter.hub.repos.lfs_pointer import LfsPointer

__all__ = ["MAIN", "Entry", "GitRepository", "Ref", "flush", "signature"]

MAIN = "refs/heads/main"

_ABANDONED_AFTER = 5.0  # seconds
_FULL_ID = re.compile(r"[0-9a-f]{40}")
_SHORT_ID = re.compile(r"[0-9a-f]{5,39}")


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder at a commit; ``size`` of a large file is that of its content."""

    path: str
    kind: Literal["file", "directory"]
    oid: str
    size: int
    lfs: LfsPointer | None = None


@dataclass(frozen=True, slots=True)
class Ref:
    """A full ref name and the commit that it points to (through an annotated tag)."""

    name: str
    commit: str


def signature(name: str | None) -> pygit2.Signature:
    """Who made a commit or tag, now; no address, since the hub need not know any."""
    name = name or "unknown"
    return pygit2.Signature(name, f"{name}@users.noreply.invalid")


@cache
def _configure_libgit2() -> None:
    # What we acknowledge must survive a power cut; whoever runs the hub may have any git config.
    pygit2.settings.enable_fsync_gitdir(True)
    for level in (ConfigLevel.SYSTEM, ConfigLevel.XDG, ConfigLevel.GLOBAL):
        pygit2.settings.search_path[level] = ""


def flush(path: Path) -> None:
    """Bring a file, or the names in a folder, onto the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_plain(text: str) -> bool:
    """Whether git sees the same name: it would stop at NUL, and has no half characters."""
    return not any(char == "\0" or "\ud800" <= char <= "\udfff" for char in text)


def _outwait(lock: Path) -> None:
    """Wait until a lock file is gone, or is so old that its writer must be dead; then remove it.

    Somebody may run a git program in the folder; what the hub itself locks is held for moments.
    """
    with contextlib.suppress(FileNotFoundError):
        while time.time() - lock.stat().st_mtime < _ABANDONED_AFTER:
            time.sleep(0.05)
        lock.unlink()


class GitRepository:
    """A bare repository on disk; an instance belongs to one thread at a time."""

    def __init__(self, path: Path) -> None:
        _configure_libgit2()
        self.path = path
        try:
            self.raw = pygit2.Repository(str(path), RepositoryOpenFlag.BARE)
        except pygit2.GitError as error:
            raise StorageError(f"The repository {path.name} cannot be opened: {error}.") from error

    @classmethod
    def init(cls, path: Path) -> GitRepository:
        """Make a new bare repository whose HEAD is ``main``."""
        _configure_libgit2()
        pygit2.init_repository(str(path), bare=True, initial_head="main")
        for folder, _, names in os.walk(path):  # libgit2 flushes objects and refs, but not these
            for name in names:
                flush(Path(folder, name))
            flush(Path(folder))
        return cls(path)

    def resolve(self, revision: str) -> str:
        """The commit that a branch, tag, full ref, or full or short commit id means.

        Raises RevisionNotFoundError.
        """
        lower = revision.lower()
        if _FULL_ID.fullmatch(lower):
            found = self._commit(lower)
        else:
            found = self._commit_of_names(revision)
        if found is None and _SHORT_ID.fullmatch(lower):
            found = self._commit(lower)
        if found is None:
            raise RevisionNotFoundError(f"Invalid rev id: {revision}")
        return found

    def entry(self, commit: str, path: str) -> Entry:
        """The file or folder at a path. Raises EntryNotFoundError."""
        found: pygit2.Object = self.root(commit)
        parts = path.split("/") if _is_plain(path) else [""]
        for part in parts:
            if not isinstance(found, pygit2.Tree) or not part or part not in found:
                raise EntryNotFoundError(f"Entry not found: {path}")
            found = found[part]
        if found.type == ObjectType.COMMIT:
            raise EntryNotFoundError(f"Entry not found: {path}")
        return self._entry(found, path)

    def tree(
        self, commit: str, path: str = "", *, recursive: bool = False, skip: int = 0
    ) -> Iterator[Entry]:
        """The entries of a folder (``""`` is the root), after the first ``skip`` of them.

        Raises EntryNotFoundError at once if the path is missing or a file.
        """
        root = self.root(commit)
        if path:
            folder = self.entry(commit, path)
            if folder.kind != "directory":
                raise EntryNotFoundError(f"Entry not found: {path} is not a folder")
            root = self.raw[folder.oid].peel(pygit2.Tree)
        found = self._walk(root, f"{path}/" if path else "", recursive)
        return (
            self._entry(item, name) for number, (item, name) in enumerate(found) if number >= skip
        )

    def read_blob(self, oid: str) -> bytes:
        """The content of a blob, as it is in git (a large file is its pointer)."""
        return self.raw[oid].peel(pygit2.Blob).data

    def attribute(self, commit: str, path: str, name: str) -> str | bool | None:
        """A git attribute of a path, by the ``.gitattributes`` files of that commit."""
        flags = AttrCheck.INDEX_ONLY | AttrCheck.NO_SYSTEM | AttrCheck.INCLUDE_COMMIT
        return self.raw.get_attr(path, name, flags, commit)

    def log(self, commit: str, skip: int = 0, limit: int = 100) -> list[CommitInfo]:
        """A page of the history, newest first."""
        return walk(self.raw, commit, skip, limit)

    def last_commits(self, commit: str, paths: Iterable[str]) -> dict[str, CommitInfo]:
        """Which commit gave each of the paths its content; missing paths are left out."""
        return last_commits(self.raw, commit, paths)

    def refs(self) -> list[Ref]:
        """All branches, tags and other refs, by name."""
        names = sorted(name for name in self.raw.listall_references() if name.startswith("refs/"))
        commits = ((name, self.find(name)) for name in names)
        return [Ref(name, commit) for name, commit in commits if commit is not None]

    def find(self, ref: str) -> str | None:
        """The commit that a full ref points to, or None."""
        if not _is_plain(ref):
            return None
        try:
            return str(self.raw.lookup_reference(ref).peel(pygit2.Commit).id)
        except (KeyError, ValueError, pygit2.GitError):
            return None

    def head(self, ref: str) -> str:
        """The commit that a full ref points to. Raises RevisionNotFoundError."""
        commit = self.find(ref)
        if commit is None:
            raise RevisionNotFoundError(f"Invalid rev id: {ref.removeprefix('refs/heads/')}")
        return commit

    def create_ref(self, ref: str, target: str) -> None:
        """Add a branch or tag. Raises ConflictError or InvalidRequestError (not a valid name)."""
        self.refuse_beside(ref)
        self._flush_objects()
        try:
            self.raw.create_reference_direct(ref, pygit2.Oid(hex=target), False)
        except pygit2.AlreadyExistsError:
            raise ConflictError(f"Reference {ref} already exists") from None
        except (ValueError, pygit2.GitError) as error:
            raise InvalidRequestError(f"revision: '{ref}' cannot be created ({error}).") from None

    def refuse_beside(self, ref: str) -> None:
        """Raise ConflictError if a ref's name is a folder of the new one's, or the reverse."""
        for other in self.raw.listall_references():
            if other.startswith(f"{ref}/") or ref.startswith(f"{other}/"):
                raise ConflictError(f"Reference {ref} cannot be made while there is {other}")

    def move_ref(self, ref: str, old: str, new: str) -> None:
        """Point a ref to another commit if it still points to ``old``, else StaleParentError."""
        reference = self.raw.lookup_reference(ref)
        if str(reference.target) != old:
            raise StaleParentError(f"{ref} moved meanwhile; try again.")
        self._flush_objects()
        try:
            reference.set_target(pygit2.Oid(hex=new))  # compares once more, under git's own lock
        except pygit2.GitError as error:
            raise StaleParentError(f"{ref} moved meanwhile ({error}); try again.") from error

    def delete_ref(self, ref: str) -> None:
        """Remove a branch or tag. Raises RevisionNotFoundError if it is missing."""
        self.head(ref)
        self.raw.lookup_reference(ref).delete()

    def root(self, commit: str) -> pygit2.Tree:
        """The root folder of a commit."""
        return self.raw[commit].peel(pygit2.Tree)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold off every other writer of this repository, in this process and in others."""
        descriptor = self.open_lock()
        try:
            self.take_lock(descriptor)
            yield
        finally:
            os.close(descriptor)

    def open_lock(self) -> int:
        """The lock's file, for `take_lock`; who inherits the descriptor holds the lock along."""
        return os.open(self.path / "phub.lock", os.O_RDWR | os.O_CREAT, 0o600)

    def take_lock(self, descriptor: int) -> None:
        """Wait for the lock; it is held until the last copy of the descriptor is closed.

        A lock file that git's own rules would respect for ever may have been left by a writer
        that was killed: one that nobody takes away for a while is removed.
        """
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        for left in [*self.path.glob("*.lock"), *(self.path / "refs").rglob("*.lock")]:
            if left.name != "phub.lock":
                _outwait(left)

    def _flush_objects(self) -> None:
        # libgit2 flushes each object and its folder, but not where a new folder was made.
        flush(self.path / "objects")

    def _commit(self, oid: str) -> str | None:
        try:
            found = self.raw[oid]
        except (KeyError, ValueError):
            return None
        return str(found.id) if found.type == ObjectType.COMMIT else None

    def _commit_of_names(self, revision: str) -> str | None:
        names = [f"refs/heads/{revision}", f"refs/tags/{revision}"]
        if revision.startswith("refs/"):
            names.insert(0, revision)
        commits = (self.find(name) for name in names)
        return next((commit for commit in commits if commit is not None), None)

    def _walk(
        self, tree: pygit2.Tree, prefix: str, recursive: bool
    ) -> Iterator[tuple[pygit2.Object, str]]:
        for item in tree:
            path = f"{prefix}{item.name}"
            if item.filemode == FileMode.COMMIT:  # a submodule: its content is elsewhere
                continue
            yield item, path
            if recursive and isinstance(item, pygit2.Tree):
                yield from self._walk(item, f"{path}/", recursive)

    def _entry(self, item: pygit2.Object, path: str) -> Entry:
        oid = str(item.id)
        if item.type == ObjectType.TREE:
            return Entry(path, "directory", oid, 0)
        _, size = self.raw.odb.read_header(item.id)
        pointer = LfsPointer.parse(self.read_blob(oid)) if LfsPointer.may_be(size) else None
        return Entry(path, "file", oid, size if pointer is None else pointer.size, pointer)
