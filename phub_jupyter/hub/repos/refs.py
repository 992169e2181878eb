"""Branches and tags: made and removed by name, under git's rules for names."""

from __future__ import annotations

import re

import pygit2
from pygit2.enums import ObjectType

from phub_jupyter.errors import ConflictError, InvalidRequestError, RevisionNotFoundError
from phub_jupyter.hub.access import Actor
from phub_jupyter.hub.events import RefChange
from phub_jupyter.hub.repos.git_repository import MAIN, GitRepository, signature
from phub_jupyter.identifiers import parse_revision

__all__ = ["check_name", "create_branch", "create_tag", "delete_branch", "delete_tag"]

_COMMIT_ID = re.compile(r"[0-9a-fA-F]{40}")


def create_branch(git: GitRepository, name: str, start: str | None) -> RefChange:
    """Add a branch at ``start``, or at the head of ``main``.

    Raises InvalidRequestError, RevisionNotFoundError, or ConflictError if it exists.
    """
    check_name(name)
    target = git.resolve(start) if start is not None else git.head(MAIN)
    ref = f"refs/heads/{name}"
    with git.lock():
        git.create_ref(ref, target)
    return RefChange(ref, None, target)


def delete_branch(git: GitRepository, name: str) -> RefChange:
    """Remove a branch, but never ``main``."""
    ref = f"refs/heads/{name}"
    if ref == MAIN:
        raise InvalidRequestError(f"Cannot delete {MAIN}: it is the default branch.")
    with git.lock():
        old = git.head(ref)
        git.delete_ref(ref)
    return RefChange(ref, old, None)


def create_tag(
    git: GitRepository, name: str, revision: str, message: str, actor: Actor
) -> RefChange:
    """Tag a revision; with a message the tag is an annotated one.

    Raises RevisionNotFoundError, InvalidRequestError, or ConflictError if the tag exists.
    """
    commit = git.resolve(revision)
    check_name(name)
    ref = f"refs/tags/{name}"
    with git.lock():
        if not message:
            git.create_ref(ref, commit)
            return RefChange(ref, None, commit)
        if git.find(ref) is not None:
            raise ConflictError(f"Reference {ref} already exists")
        git.refuse_beside(ref)
        try:
            oid = pygit2.Oid(hex=commit)
            git.raw.create_tag(name, oid, ObjectType.COMMIT, signature(actor.name), message)
        except (ValueError, pygit2.GitError) as error:
            raise InvalidRequestError(f"tag: '{name}' cannot be created ({error}).") from None
    return RefChange(ref, None, commit)


def delete_tag(git: GitRepository, name: str) -> RefChange:
    """Remove a tag. Raises RevisionNotFoundError if there is none of that name."""
    ref = f"refs/tags/{name}"
    with git.lock():
        old = git.find(ref)
        if old is None:
            raise RevisionNotFoundError(f"Invalid rev id: there is no tag '{name}'")
        git.delete_ref(ref)
    return RefChange(ref, old, None)


def check_name(name: str) -> None:
    """Whether a branch or tag may be called that. Raises InvalidRequestError."""
    parse_revision(name)
    if _COMMIT_ID.fullmatch(name) or name == "HEAD":
        raise InvalidRequestError(f"revision: '{name}' would be mistaken for a commit.")
