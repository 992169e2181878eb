"""Changes to a git tree, of which only the folders that change are read and written."""

from __future__ import annotations

from collections.abc import Callable

import pygit2
from pygit2.enums import FileMode, ObjectType

from phub_jupyter.errors import EntryNotFoundError, InvalidRequestError

__all__ = ["TreeEdit"]


class _Folder:
    """A folder under change: its entries, and those of its sub-folders that were opened."""

    def __init__(self, tree: pygit2.Tree | None) -> None:
        self.entries: dict[str, tuple[pygit2.Oid, int]] = {}
        self.opened: dict[str, _Folder] = {}
        for entry in tree or ():
            assert entry.name is not None
            self.entries[entry.name] = (entry.id, int(entry.filemode))


class TreeEdit:
    """A tree on its way from one commit to the next; nothing is visible until it is committed."""

    def __init__(self, repository: pygit2.Repository, base: pygit2.Tree | None) -> None:
        self._repository = repository
        self._root = _Folder(base)

    def put(self, path: str, blob: pygit2.Oid) -> None:
        """Add or replace a file. Raises InvalidRequestError where a folder and a file collide."""
        *parents, name = path.split("/")
        folder = self._root
        for depth, part in enumerate(parents, 1):
            child = self._open(folder, part)
            if child is None:
                if part in folder.entries:
                    raise InvalidRequestError(
                        f"path: '{path}' cannot be added because "
                        f"'{'/'.join(parents[:depth])}' is a file; delete that first."
                    )
                child = folder.opened[part] = _Folder(None)
            folder = child
        if self._open(folder, name) is not None:
            raise InvalidRequestError(
                f"path: '{path}' cannot be added because it is a folder; delete that first."
            )
        mode = folder.entries.get(name, (None, int(FileMode.BLOB)))[1]
        if mode != FileMode.BLOB_EXECUTABLE:  # an update keeps a script executable
            mode = int(FileMode.BLOB)
        folder.entries[name] = (blob, mode)

    def remove(self, path: str, *, folder_only: bool = False) -> None:
        """Remove a file, or a folder with all below. Raises EntryNotFoundError if missing."""
        *parents, name = path.split("/")
        folder: _Folder | None = self._root
        for part in parents:
            folder = None if folder is None else self._open(folder, part)
        if folder is None or not self._removable(folder, name, folder_only):
            kind = "folder" if folder_only else "file"
            raise EntryNotFoundError(f"A {kind} with this name doesn't exist: {path}")
        folder.entries.pop(name, None)
        folder.opened.pop(name, None)

    def blob(self, name: str) -> pygit2.Oid | None:
        """The content of a file of the root folder, or None."""
        oid, mode = self._root.entries.get(name, (None, 0))
        return None if mode in (FileMode.TREE, FileMode.COMMIT) else oid

    def write(self, keep: Callable[[bytes], pygit2.Oid] | None = None) -> pygit2.Oid:
        """Write the changed folders and return the new tree; empty folders vanish.

        ``keep`` puts the trees somewhere else than, one by one, into the repository.
        """

        def into_repository(data: bytes) -> pygit2.Oid:
            return self._repository.write(ObjectType.TREE, data)

        keep = keep or into_repository
        return self._write(self._root, keep) or keep(b"")

    def _removable(self, folder: _Folder, name: str, folder_only: bool) -> bool:
        if self._open(folder, name) is not None:
            return True
        return name in folder.entries and not folder_only

    def _open(self, folder: _Folder, name: str) -> _Folder | None:
        if name not in folder.opened:
            oid, mode = folder.entries.get(name, (None, 0))
            if oid is None or mode != FileMode.TREE:
                return None
            tree = self._repository[oid]
            assert isinstance(tree, pygit2.Tree)
            folder.opened[name] = _Folder(tree)
        return folder.opened[name]

    def _write(self, folder: _Folder, keep: Callable[[bytes], pygit2.Oid]) -> pygit2.Oid | None:
        for name, child in folder.opened.items():
            oid = self._write(child, keep)
            if oid is None:
                folder.entries.pop(name, None)
            else:
                folder.entries[name] = (oid, int(FileMode.TREE))
        return keep(_serialized(folder)) if folder.entries else None


def _serialized(folder: _Folder) -> bytes:
    """The content of a tree object; git sorts folders as if their names ended with a slash."""
    rows = []
    for name, (oid, mode) in folder.entries.items():
        plain = name.encode("utf-8", "surrogateescape")
        order = plain + b"/" if mode == FileMode.TREE else plain
        rows.append((order, b"%o %s\0%s" % (mode, plain, oid.raw)))
    return b"".join(row for _, row in sorted(rows))
