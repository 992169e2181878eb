"""What happened to a repository: its log, and which commit touched a path last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

import pygit2
from pygit2.enums import SortMode

__all__ = ["CommitInfo", "last_commits", "walk"]


@dataclass(frozen=True, slots=True)
class CommitInfo:
    """One commit as people see it; ``message`` is what follows the title."""

    oid: str
    title: str
    message: str
    author: str
    date: datetime


def walk(repository: pygit2.Repository, commit: str, skip: int, limit: int) -> list[CommitInfo]:
    """The commits from ``commit`` back, newest first, a page of them."""
    return [_info(found) for found in islice(_newest_first(repository, commit), skip, skip + limit)]


def last_commits(
    repository: pygit2.Repository, commit: str, paths: Iterable[str]
) -> dict[str, CommitInfo]:
    """For each path that exists at ``commit``, the newest commit that gave it its content.

    Of a merge, the side that the content came from counts, not the merge itself.
    """
    pending = _oids(repository[commit].peel(pygit2.Tree), paths)
    found: dict[str, CommitInfo] = {}
    for step in _newest_first(repository, commit):
        if not pending:
            break
        parents = step.parents
        if any(parent.tree_id == step.tree_id for parent in parents):
            continue
        here = _oids(step.tree, pending)
        before = [_oids(parent.tree, pending) for parent in parents]
        for path, oid in list(pending.items()):
            if here.get(path) == oid and all(side.get(path) != oid for side in before):
                found[path] = _info(step)
                del pending[path]
    return found


def _newest_first(repository: pygit2.Repository, commit: str) -> Iterator[pygit2.Commit]:
    order = SortMode.TOPOLOGICAL | SortMode.TIME
    return iter(repository.walk(pygit2.Oid(hex=commit), order))


def _oids(tree: pygit2.Tree, paths: Iterable[str]) -> dict[str, pygit2.Oid]:
    return {path: tree[path].id for path in paths if path in tree}


def _info(commit: pygit2.Commit) -> CommitInfo:
    title, _, rest = commit.message.strip().partition("\n")
    date = datetime.fromtimestamp(commit.commit_time, UTC)
    return CommitInfo(str(commit.id), title, rest.strip(), commit.author.name, date)
