"""Forgets a branch's history: one commit with what the branch holds, and nothing before it."""

from __future__ import annotations

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.access import Actor
from phub_jupyter.hub.events import RefChange
from phub_jupyter.hub.repos.git_repository import GitRepository, signature
from phub_jupyter.hub.repos.push_rules import pull_request_of

__all__ = ["squash"]


def squash(git: GitRepository, branch: str, message: str, actor: Actor) -> RefChange:
    """Replace the history of a branch, or of a pull request named by its full ref.

    Raises RevisionNotFoundError if there is no such branch, InvalidRequestError for a tag, a
    commit, or a message that is none.
    """
    message = message.strip()
    if not message or any(char == "\0" or "\ud800" <= char <= "\udfff" for char in message):
        raise InvalidRequestError("message: write a commit message.")
    ref = _ref_of(git, branch)
    person = signature(actor.name)
    with git.lock():
        old = git.head(ref)
        oid = git.raw.create_commit(None, person, person, message, git.root(old).id, [])
        git.move_ref(ref, old, str(oid))
    return RefChange(ref, old, str(oid))


def _ref_of(git: GitRepository, branch: str) -> str:
    ref = branch if branch.startswith("refs/heads/") else f"refs/heads/{branch}"
    if pull_request_of(branch) is not None:
        ref = branch
    if git.find(ref) is not None:
        return ref
    git.resolve(branch)
    raise InvalidRequestError(
        f"Invalid reference for a branch: {branch}; the history of tags and commits stays."
    )
