"""What a push may bring: the same as a commit through the API, and refs of the hub's own kinds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pygit2
from pygit2.enums import ObjectType

from phub_jupyter.errors import EntryNotFoundError, HubError
from phub_jupyter.hub.cards.front_matter import parse
from phub_jupyter.hub.repos.git_repository import MAIN, GitRepository
from phub_jupyter.hub.repos.gitattributes import wants_lfs
from phub_jupyter.hub.repos.lfs_pointer import LfsPointer
from phub_jupyter.hub.repos.new_files import NewFile, new_commits, new_files
from phub_jupyter.hub.repos.preupload import LARGEST_REGULAR_FILE, is_binary
from phub_jupyter.hub.repos.receive_pack import Proposal, RefUpdate
from phub_jupyter.hub.repos.refs import check_name
from phub_jupyter.identifiers import parse_path

__all__ = ["Contents", "check_contents", "check_refs", "pull_request_of"]

_PULL_REQUEST = re.compile(r"refs/pr/([1-9][0-9]{0,8})", re.ASCII)
_BY_NAME = ("refs/heads/", "refs/tags/", "refs/convert/")
_MOST_REASONS = 20
_SAMPLE = 8000  # bytes, as git itself looks at
_MEBIBYTE = 1 << 20
_CARD = "README.md"


@dataclass(slots=True)
class Contents:
    """What the new commits hold: what is wrong with it, and the large files that it stands for."""

    commits: list[str]
    reasons: list[str] = field(default_factory=list)
    pointers: dict[LfsPointer, str] = field(default_factory=dict)  # each with a path

    @property
    def is_hopeless(self) -> bool:
        """Whether there are more reasons than anybody reads."""
        return len(self.reasons) >= _MOST_REASONS


def pull_request_of(ref: str) -> int | None:
    """The number of the pull request that a ref belongs to."""
    match = _PULL_REQUEST.fullmatch(ref)
    return int(match[1]) if match else None


def check_refs(git: GitRepository, updates: tuple[RefUpdate, ...]) -> Iterator[str]:
    """Say which refs may not be moved like this by anybody."""
    for update in updates:
        reason = _wrong_ref(update)
        if reason is None and update.new is not None:
            reason = _wrong_target(git, update.ref, update.new)
        if reason is not None:
            yield reason


def _wrong_ref(update: RefUpdate) -> str | None:
    ref = update.ref
    if ref == MAIN and update.new is None:
        return f"Cannot delete {MAIN}: it is the default branch."
    if pull_request_of(ref) is not None:
        if update.old is None or update.new is None:
            return f"{ref}: pull requests are opened and closed on the hub, not by a push."
        return None
    for prefix in _BY_NAME:
        if ref.startswith(prefix):
            return None if update.new is None else _wrong_name(ref.removeprefix(prefix))
    return f"{ref}: push to branches (refs/heads/) and tags (refs/tags/) only."


def _wrong_name(name: str) -> str | None:
    try:
        check_name(name)
    except HubError as error:
        return error.message
    return None


def _wrong_target(git: GitRepository, ref: str, oid: str) -> str | None:
    try:
        target = git.raw[oid]
        if target.type == ObjectType.COMMIT:
            return None
        target.peel(pygit2.Commit)
    except (KeyError, ValueError, pygit2.GitError):
        return f"{ref}: must point to a commit."
    return None if ref.startswith("refs/tags/") else f"{ref}: must point to a commit, not a tag."


def check_contents(git: GitRepository, proposal: Proposal) -> Contents:
    """Look at every file that the new commits add or change, whichever commit it is in."""
    contents = Contents(new_commits(git.path, proposal))
    seen: set[tuple[str, str]] = set()
    for file in new_files(git.path, proposal, contents.commits):
        if (file.oid, file.path) not in seen:
            seen.add((file.oid, file.path))
            _look_at(git, file, contents)
        if contents.is_hopeless:
            contents.reasons.append("There is more; this is where the hub stopped looking.")
            return contents
    contents.reasons += _bad_cards(git, proposal.updates)
    return contents


def _look_at(git: GitRepository, file: NewFile, contents: Contents) -> None:
    path = file.path
    try:
        parse_path(path)
    except HubError as error:
        contents.reasons.append(error.message)
        return
    _, size = git.raw.odb.read_header(pygit2.Oid(hex=file.oid))
    if size > LARGEST_REGULAR_FILE:
        contents.reasons.append(
            f"{path}: {size / _MEBIBYTE:.1f} MiB are too many for git, which takes files of up to "
            f"{LARGEST_REGULAR_FILE // _MEBIBYTE} MiB here. Keep it with git-lfs: run "
            f"'git lfs migrate import --include=\"{path}\"' and push again."
        )
        return
    data = git.read_blob(file.oid)
    pointer = LfsPointer.parse(data)
    if pointer is not None:
        contents.pointers.setdefault(pointer, path)
    elif is_binary(data[:_SAMPLE]) and wants_lfs(git, file.commit, path):
        contents.reasons.append(
            f"{path}: .gitattributes keeps it with git-lfs, but it was committed without. Run "
            f"'git lfs install' and 'git lfs migrate import --include=\"{path}\"', and push again."
        )


def _bad_cards(git: GitRepository, updates: tuple[RefUpdate, ...]) -> Iterator[str]:
    """Of the cards, those count that a branch will show from now on."""
    for update in updates:
        if update.new is None or update.ref.startswith("refs/tags/"):
            continue
        card = _card(git, update.new)
        if card is None or (update.old is not None and card == _card(git, update.old)):
            continue
        try:
            parse(git.read_blob(card).decode())
        except UnicodeDecodeError:
            yield "README.md: must be text in UTF-8."
        except HubError as error:
            yield error.message


def _card(git: GitRepository, commit: str) -> str | None:
    try:
        entry = git.entry(commit, _CARD)
    except EntryNotFoundError:
        return None
    small = entry.kind == "file" and entry.size <= LARGEST_REGULAR_FILE and entry.lfs is None
    return entry.oid if small else None
