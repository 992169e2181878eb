"""What the tests of pull requests do: propose, add, look."""

from __future__ import annotations

import pygit2

from phub_jupyter.hub.access import Actor
from phub_jupyter.hub.repos.git_repository import signature
from phub_jupyter.hub.repos.tree_edit import TreeEdit

from .repo_fixtures import Workshop


def bob(shop: Workshop) -> Actor:
    """Somebody who may propose only."""
    return shop.hub.accounts.actor_for_user("bob")


def add(shop: Workshop, ref: str, **files: bytes) -> str:
    """Commit files to a ref, as a push does."""
    git = shop.git
    with git.lock():
        head = git.head(ref)
        edit = TreeEdit(git.raw, git.root(head))
        for name, content in files.items():
            edit.put(f"{name}.txt", git.raw.create_blob(content))
        person = signature("bob")
        parents: list[str | pygit2.Oid] = [pygit2.Oid(hex=head)]
        message = f"add {', '.join(files)}"
        oid = str(git.raw.create_commit(None, person, person, message, edit.write(), parents))
        git.move_ref(ref, head, oid)
        return oid


def propose(shop: Workshop, **files: bytes) -> int:
    """A pull request of bob's with one commit."""
    number = shop.hub.community.pull_requests.open(
        shop.repo, "main", f"Add {', '.join(files)}", "", bob(shop), draft=False
    )
    if files:
        oid = add(shop, f"refs/pr/{number}", **files)
        shop.hub.community.pull_requests.note_commits(shop.repo, number, [oid], bob(shop))
    return number


def content(shop: Workshop, revision: str = "main") -> dict[str, bytes]:
    """The files of a revision."""
    git = shop.git
    entries = git.tree(git.resolve(revision), recursive=True)
    return {
        entry.path: git.read_blob(entry.oid) for entry in entries if entry.path != ".gitattributes"
    }


def status(shop: Workshop, number: int) -> str:
    """The status of a pull request."""
    found: str = shop.hub.community.discussions.get(shop.repo, number).summary.row.status
    return found
