"""What git says about a pull request: its changes, what conflicts, and the commit of a merge."""

from __future__ import annotations

from dataclasses import dataclass

import pygit2
from pygit2.enums import FileMode

from phub_jupyter.errors import ConflictError, EntryNotFoundError, HubError
from phub_jupyter.hub.access import Actor
from phub_jupyter.hub.cards.front_matter import parse
from phub_jupyter.hub.repos.git_repository import GitRepository, signature

__all__ = ["Sides", "conflicts", "contains", "merge", "unified_diff"]

_LARGEST_FILE = 256 * 1024  # bytes of a file of which a diff is shown
_LONGEST_DIFF = 1024 * 1024
_MOST_NAMED = 5
_CARD = "README.md"


@dataclass(frozen=True, slots=True)
class Sides:
    """The heads of the two branches, and where they parted (None: nobody knows any more)."""

    base: str
    head: str
    parted: str | None
    related: bool

    @classmethod
    def of(cls, git: GitRepository, base: str, head: str, start: str | None) -> Sides:
        """Find out where the histories of two commits parted.

        Where one of them was squashed since, they have nothing in common; then ``start`` counts,
        which the pull request was opened at.
        """
        found = git.raw.merge_base(pygit2.Oid(hex=base), pygit2.Oid(hex=head))
        if found is not None:
            return cls(base, head, str(found), related=True)
        return cls(base, head, start if start is not None and start in git.raw else None, False)


def contains(git: GitRepository, commit: str, ancestor: str) -> bool:
    """Whether ``ancestor`` is in the history of ``commit``, or is it."""
    if commit == ancestor:
        return True
    if ancestor not in git.raw:
        return False
    return git.raw.descendant_of(pygit2.Oid(hex=commit), pygit2.Oid(hex=ancestor))


def conflicts(git: GitRepository, sides: Sides) -> list[str]:
    """The files that both sides changed in ways that do not go together."""
    if sides.parted in (sides.base, sides.head):
        return []
    return _conflicts(_merged(git, sides))


def merge(git: GitRepository, sides: Sides, message: str, actor: Actor) -> str:
    """Write the commit that has both sides, for a ref to be moved to; return its id.

    Where there is nothing to merge, that is the head of the base. Raises ConflictError naming what
    conflicts.
    """
    if sides.parted == sides.head:
        return sides.base
    if sides.parted == sides.base:
        tree = git.root(sides.head).id
    else:
        index = _merged(git, sides)
        found = _conflicts(index)
        if found:
            raise ConflictError(_refusal(found))
        tree = index.write_tree(git.raw)
    person = signature(actor.name)
    parents: list[str | pygit2.Oid] = [pygit2.Oid(hex=side) for side in (sides.base, sides.head)]
    oid = str(git.raw.create_commit(None, person, person, message, tree, parents))
    _check_card(git, oid, sides)
    return oid


def _merged(git: GitRepository, sides: Sides) -> pygit2.Index:
    if sides.related or sides.parted is None:
        return git.raw.merge_commits(sides.base, sides.head)
    start, ours, theirs = (git.root(commit) for commit in (sides.parted, sides.base, sides.head))
    return git.raw.merge_trees(start, ours, theirs)


def unified_diff(git: GitRepository, start: str | None, head: str) -> str:
    """The changes from one commit to another; where it becomes too much, a sentence says so."""
    new = git.root(head)
    if start is None or start not in git.raw:
        diff = new.diff_to_tree(swap=True)
    else:
        diff = git.root(start).diff_to_tree(new)
    pieces: list[str] = []
    length = 0
    for number, delta in enumerate(diff.deltas):
        piece = _patch(git, diff, number, delta)
        length += len(piece)
        if length > _LONGEST_DIFF:
            pieces.append("# The diff ends here: it is too long to show. Fetch the commits.\n")
            break
        pieces.append(piece)
    return "".join(pieces)


def _patch(git: GitRepository, diff: pygit2.Diff, number: int, delta: pygit2.DiffDelta) -> str:
    if any(_size(git, file) > _LARGEST_FILE for file in (delta.old_file, delta.new_file)):
        old, new = delta.old_file.path, delta.new_file.path
        return f"diff --git a/{old} b/{new}\n# The changes of this file are too large to show.\n"
    patch = diff[number]
    return "" if patch is None else patch.data.decode("utf-8", "replace")


def _size(git: GitRepository, file: pygit2.DiffFile) -> int:
    if int(file.mode) in (0, FileMode.COMMIT):
        return 0
    size: int = git.raw.odb.read_header(file.id)[1]
    return size


def _conflicts(index: pygit2.Index) -> list[str]:
    if index.conflicts is None:
        return []
    paths = {entry.path for sides in index.conflicts for entry in sides if entry is not None}
    return sorted(paths)


def _refusal(paths: list[str]) -> str:
    named = ", ".join(paths[:_MOST_NAMED])
    others = f" and {len(paths) - _MOST_NAMED} more" if len(paths) > _MOST_NAMED else ""
    return (
        f"The changes conflict with those made meanwhile in {named}{others}. Merge the branch "
        "into the pull request, settle the conflicts there, and try again."
    )


def _check_card(git: GitRepository, commit: str, sides: Sides) -> None:
    """Two changes of a card that are fine each may make none together."""
    card = _card(git, commit)
    if card is None or card in (_card(git, sides.base), _card(git, sides.head)):
        return
    try:
        parse(git.read_blob(card).decode())
    except UnicodeDecodeError:
        raise ConflictError("The merged README.md would not be text in UTF-8.") from None
    except HubError as error:
        raise ConflictError(f"The merged card would not be valid: {error.message}") from error


def _card(git: GitRepository, commit: str) -> str | None:
    try:
        entry = git.entry(commit, _CARD)
    except EntryNotFoundError:
        return None
    return entry.oid if entry.kind == "file" and entry.lfs is None else None
