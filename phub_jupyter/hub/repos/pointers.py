"""Finds the large files that a repository's history refers to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pygit2

from phub_jupyter.hub.repos.git_repository import GitRepository
from phub_jupyter.hub.repos.lfs_pointer import LfsPointer

__all__ = ["blobs_of", "pointer_in", "pointers_of"]


def pointers_of(
    git: GitRepository, commits: Iterable[str], seen: set[pygit2.Oid] | None = None
) -> Iterator[tuple[str, str, LfsPointer]]:
    """Every pointer in the trees of the commits, as commit, path and pointer.

    A tree or blob that occurs more than once counts where it is met first; those in ``seen`` do
    not count at all, and what was looked at is added to it.
    """
    seen = set() if seen is None else seen
    for commit in commits:
        for path, blob in blobs_of(git.root(commit), "", seen):
            pointer = pointer_in(git.raw, blob)
            if pointer is not None:
                yield commit, path, pointer


def pointer_in(raw: pygit2.Repository, blob: pygit2.Oid) -> LfsPointer | None:
    """The large file that a blob stands for, if it does; large blobs are not even read."""
    _, size = raw.odb.read_header(blob)
    return LfsPointer.parse(raw[blob].peel(pygit2.Blob).data) if LfsPointer.may_be(size) else None


def blobs_of(
    tree: pygit2.Tree, prefix: str, seen: set[pygit2.Oid]
) -> Iterator[tuple[str, pygit2.Oid]]:
    """The files of a tree that were not seen before."""
    for item in tree:
        if item.id in seen:
            continue
        seen.add(item.id)
        if isinstance(item, pygit2.Tree):
            yield from blobs_of(item, f"{prefix}{item.name}/", seen)
        elif isinstance(item, pygit2.Blob):
            yield f"{prefix}{item.name}", item.id
