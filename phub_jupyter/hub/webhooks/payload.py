"""What a webhook says, in the third version of the public form.

Addresses in it are paths until it is sent: a change does not know by which name the hub is reached.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from phub_jupyter.hub.database.tables import (
    CommentVersion,
    Discussion,
    DiscussionEvent,
    Namespace,
    Repo,
    RepoTag,
    Webhook,
)
from phub_jupyter.hub.events import Event
from phub_jupyter.identifiers import RepoType

__all__ = ["describe", "with_addresses"]

_NOBODY = "0" * 24  # the id of an author whose account is gone
_LONGEST_COMMENT = 65_536


def describe(session: Session, event: Event, webhook: Webhook) -> dict[str, Any]:
    """The message about an event for one webhook."""
    payload: dict[str, Any] = {
        "event": {"action": event.action, "scope": event.scope},
        "repo": _repo(session, event),
        "webhook": {"id": webhook.uid, "version": 3},
    }
    discussion = _discussion(session, event)
    if discussion is not None:
        payload["discussion"] = _about(session, event.repo, discussion)
        comment = _comment(session, event, discussion)
        if comment is not None:
            payload["comment"] = comment
    if event.refs:
        payload["updatedRefs"] = [
            {"ref": change.ref, "oldSha": change.old, "newSha": change.new} for change in event.refs
        ]
    if event.former is not None:
        owner = {"id": _account(session, event.repo.namespace_pk)}
        name = f"{event.repo.namespace}/{event.repo.name}"
        payload["movedTo"] = {"name": name, "owner": owner}
    if event.scope == "repo.config":
        payload["updatedConfig"] = {
            "private": event.repo.private,
            "visibility": event.repo.visibility,
        }
    return payload


def with_addresses(value: Any, endpoint: str) -> Any:
    """The same message with the hub's address in front of every path in a ``url``."""
    if isinstance(value, list):
        return [with_addresses(item, endpoint) for item in value]
    if not isinstance(value, Mapping):
        return value
    return {
        key: {name: f"{endpoint}{path}" for name, path in item.items()}
        if key == "url"
        else with_addresses(item, endpoint)
        for key, item in value.items()
    }


def _repo(session: Session, event: Event) -> dict[str, Any]:
    repo = event.repo
    name = event.former or f"{repo.namespace}/{repo.name}"
    tags = select(RepoTag.tag).where(RepoTag.repo_pk == repo.pk).order_by(RepoTag.place)
    moved = next((change.new for change in event.refs if change.ref == "refs/heads/main"), None)
    return {
        "id": repo.uid,
        "type": repo.type,
        "name": name,
        "private": repo.private,
        "owner": {"id": _account(session, repo.namespace_pk)},
        "headSha": moved or repo.head,
        "tags": list(session.scalars(tags)),
        "url": _repo_url(repo, name),
    }


def _repo_url(repo: Repo, name: str) -> dict[str, str]:
    kind = RepoType(repo.type)
    return {"web": f"/{kind.url_prefix}{name}", "api": f"/api/{kind.plural}/{name}"}


def _discussion(session: Session, event: Event) -> Discussion | None:
    if event.discussion is None:
        return None
    query = select(Discussion).where(
        Discussion.repo_pk == event.repo.pk, Discussion.number == event.discussion
    )
    return session.scalar(query)


def _about(session: Session, repo: Repo, row: Discussion) -> dict[str, Any]:
    url = _repo_url(repo, f"{repo.namespace}/{repo.name}")
    about: dict[str, Any] = {
        "id": row.uid,
        "num": row.number,
        "title": row.title,
        "author": {"id": _account(session, row.author_pk)},
        "isPullRequest": row.is_pull_request,
        "status": row.status,
        "pinned": row.pinned,
        "url": {kind: f"{path}/discussions/{row.number}" for kind, path in url.items()},
    }
    if row.is_pull_request:
        about["changes"] = {"base": row.base or "refs/heads/main"}
        if row.status == "merged" and row.merge_commit is not None:
            about["changes"]["mergeCommitId"] = row.merge_commit
    return about


def _comment(session: Session, event: Event, discussion: Discussion) -> dict[str, Any] | None:
    if event.comment is None:
        return None
    query = select(DiscussionEvent).where(
        DiscussionEvent.uid == event.comment, DiscussionEvent.discussion_pk == discussion.pk
    )
    row = session.scalar(query)
    if row is None:
        return None
    hidden = bool(row.data.get("hidden"))
    web = _repo_url(event.repo, f"{event.repo.namespace}/{event.repo.name}")["web"]
    comment: dict[str, Any] = {
        "id": row.uid,
        "author": {"id": _account(session, row.author_pk)},
        "hidden": hidden,
        "url": {"web": f"{web}/discussions/{discussion.number}#{row.uid}"},
    }
    if not hidden:
        last = select(CommentVersion.text).where(CommentVersion.event_pk == row.pk)
        text = session.scalar(last.order_by(CommentVersion.pk.desc()).limit(1)) or ""
        comment["content"] = text[:_LONGEST_COMMENT]
    return comment


def _account(session: Session, pk: int | None) -> str:
    account = None if pk is None else session.get(Namespace, pk)
    return _NOBODY if account is None else account.uid
