"""How discussions look in JSON, which is how the public client compares them: as whole objects.

Texts are Markdown as people wrote it. ``html`` is the same text made harmless, not rendered.
"""

from __future__ import annotations

import html
from typing import Any

from phub_jupyter.hub.community.merges import Changes
from phub_jupyter.hub.community.threads import Happening, Summary, Thread, Version
from phub_jupyter.hub.database.tables import Namespace, Repo
from phub_server.wire import timestamp

__all__ = ["change_body", "event_body", "summary_body", "thread_body"]


def summary_body(repo: Repo, summary: Summary) -> dict[str, Any]:
    """A discussion as lists have it."""
    row = summary.row
    return {
        "_id": row.uid,
        "num": row.number,
        "title": row.title,
        "status": row.status,
        "isPullRequest": row.is_pull_request,
        "createdAt": timestamp(row.created_at),
        "pinned": row.pinned,
        "locked": row.locked,
        "numComments": summary.comments,
        "repo": {"name": f"{repo.namespace}/{repo.name}", "type": repo.type},
        **_author(summary.author),
    }


def thread_body(repo: Repo, thread: Thread, changes: Changes | None) -> dict[str, Any]:
    """A discussion with its events, and a pull request also with its changes."""
    body = summary_body(repo, thread.summary)
    body["events"] = [event_body(happening) for happening in thread.happenings]
    return body if changes is None else {**body, **change_body(changes)}


def change_body(changes: Changes) -> dict[str, Any]:
    """What a pull request changes."""
    found = {"base": changes.base}
    if changes.merge_commit is not None:
        found["mergeCommitId"] = changes.merge_commit
    return {"changes": found, "filesWithConflicts": changes.conflicts, "diff": changes.diff}


def event_body(happening: Happening) -> dict[str, Any]:
    """One event."""
    is_comment = happening.type == "comment"
    return {
        "id": happening.uid,
        "type": happening.type,
        "createdAt": timestamp(happening.created_at),
        **_author(happening.author),
        "data": _comment(happening) if is_comment else happening.data,
    }


def _comment(happening: Happening) -> dict[str, Any]:
    versions = happening.versions or (Version("", happening.author, happening.created_at),)
    edits = len(versions) - 1
    return {
        **happening.data,
        "edited": edits > 0,
        "numEdits": edits,
        "latest": _version(versions[-1]),
        "history": [_version(version) for version in reversed(versions)],
        "editors": _names(versions),
        "reactions": [],
    }


def _version(version: Version) -> dict[str, Any]:
    lines = html.escape(version.text).replace("\n", "<br>")
    return {
        "raw": version.text,
        "html": f"<p>{lines}</p>" if lines else "",
        "updatedAt": timestamp(version.created_at),
        **_author(version.author),
    }


def _names(versions: tuple[Version, ...]) -> list[str]:
    names = [version.author.name for version in versions if version.author is not None]
    return list(dict.fromkeys(names))


def _author(person: Namespace | None) -> dict[str, Any]:
    """Nothing for an account that is gone: clients then say "deleted"."""
    if person is None:
        return {}
    found = {
        "_id": person.uid,
        "name": person.name,
        "fullname": person.fullname or person.name,
        "type": person.kind,
        "avatarUrl": "",
    }
    return {"author": found}
