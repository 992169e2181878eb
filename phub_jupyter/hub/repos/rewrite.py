"""Takes files out of a whole history: every commit that held one is made anew without it.

Nothing that exists is changed; new commits are written beside the old ones, and the refs move at
the end. Whoever interrupts this in the middle leaves some refs on the old history, where
everything is still as it was: doing it again does the rest.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pygit2
from pygit2.enums import FileMode, ObjectType, SortMode

from phub_jupyter.hub.repos.git_repository import GitRepository

__all__ = ["Rewriter"]

_TARGET = re.compile(rb"object [0-9a-f]{40}")


class Rewriter:
    """Knows what each commit, tree and tag has become; what does not change stays itself."""

    def __init__(self, git: GitRepository, unwanted: Callable[[pygit2.Oid], bool]) -> None:
        self._raw = git.raw
        self._unwanted = unwanted
        self._commits: dict[pygit2.Oid, pygit2.Oid] = {}
        self._trees: dict[pygit2.Oid, pygit2.Oid | None] = {}
        self._blobs: dict[pygit2.Oid, bool] = {}

    def rewritten(self, target: pygit2.Oid) -> pygit2.Oid:
        """What a ref that points to this commit or annotated tag should point to."""
        found = self._raw[target]
        if isinstance(found, pygit2.Tag):
            return self._tag(found)
        walker = self._raw.walk(target, SortMode.TOPOLOGICAL | SortMode.REVERSE)
        for commit in walker:
            if commit.id not in self._commits:
                self._commits[commit.id] = self._commit(commit)
        return self._commits[target]

    def _tag(self, tag: pygit2.Tag) -> pygit2.Oid:
        target = self.rewritten(tag.target)
        if target == tag.target:
            return tag.id
        data = _TARGET.sub(f"object {target}".encode(), tag.read_raw(), count=1)
        return self._raw.write(ObjectType.TAG, data)

    def _commit(self, commit: pygit2.Commit) -> pygit2.Oid:
        tree = self._tree(commit.tree_id) or self._raw.TreeBuilder().write()
        parents = [self._commits[parent] for parent in commit.parent_ids]
        if tree == commit.tree_id and parents == list(commit.parent_ids):
            return commit.id
        head, blank, message = commit.read_raw().partition(b"\n\n")
        lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
        kept = [line for line in _headers(head) if not line.startswith((b"tree ", b"parent "))]
        data = b"\n".join([*(line.encode() for line in lines), *kept]) + blank + message
        return self._raw.write(ObjectType.COMMIT, data)

    def _tree(self, oid: pygit2.Oid) -> pygit2.Oid | None:
        """The tree without the unwanted files; None if nothing is left of it."""
        if oid not in self._trees:
            tree = self._raw[oid].peel(pygit2.Tree)
            entries = [(item.name or "", item.id, int(item.filemode)) for item in tree]
            kept = [
                (name, new, mode)
                for name, old, mode in entries
                for new in [self._entry(old, mode)]
                if new is not None
            ]
            self._trees[oid] = oid if kept == entries else self._write(kept)
        return self._trees[oid]

    def _entry(self, oid: pygit2.Oid, mode: int) -> pygit2.Oid | None:
        if mode == FileMode.TREE:
            return self._tree(oid)
        if mode == FileMode.COMMIT:
            return oid
        if oid not in self._blobs:
            self._blobs[oid] = self._unwanted(oid)
        return None if self._blobs[oid] else oid

    def _write(self, entries: list[tuple[str, pygit2.Oid, int]]) -> pygit2.Oid | None:
        if not entries:
            return None
        builder = self._raw.TreeBuilder()
        for name, oid, mode in entries:
            builder.insert(name, oid, mode)
        return builder.write()


def _headers(head: bytes) -> list[bytes]:
    """The lines of a commit's head, without a signature, which would be one of something else."""
    kept: list[bytes] = []
    inside = False
    for line in head.split(b"\n"):
        inside = line.startswith(b"gpgsig") or (inside and line.startswith(b" "))
        if not inside:
            kept.append(line)
    return kept
