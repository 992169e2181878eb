"""The queue of messages: written when something happens, worked on until each is delivered.

A message is for whoever may read the repository it is about, both when the change happens and
when it is sent: rights may be taken away in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, delete, select, update
from sqlalchemy.orm import Session

from phub_jupyter.errors import HubError, NotFoundError
from phub_jupyter.hub.access import Action, Actor, Verdict, decide
from phub_jupyter.hub.accounts import Accounts, new_uid
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import (
    Namespace,
    Repo,
    Webhook,
    WebhookDelivery,
    WebhookWatch,
    utc_now,
)
from phub_jupyter.hub.events import Event
from phub_jupyter.hub.webhooks.payload import describe
from phub_jupyter.hub.webhooks.webhooks import find

__all__ = ["DELAYS", "MOST_FAILURES", "Queue", "Task"]

DELAYS = (10, 60, 300, 1800, 7200)
"""Seconds after each failure until the next try; after the last one the message is given up."""

MOST_FAILURES = 10
"""Messages given up in a row until a webhook is switched off."""

_TAKEN_FOR = timedelta(seconds=60)
_KEPT_FOR = timedelta(days=30)
_SHOWN = 100
_TYPES = ("model", "dataset", "space")  # those that the public form of a message has


@dataclass(frozen=True, slots=True)
class Task:
    """A message that this process has taken on, and the webhook that it is for."""

    delivery: WebhookDelivery
    webhook: Webhook


class Queue:
    """Rows in the database, so that a message outlives the process that wrote it."""

    def __init__(self, database: Database, accounts: Accounts) -> None:
        self._database = database
        self._accounts = accounts

    def hear(self, event: Event) -> bool:
        """Write a message for every webhook that watches; True if there is one."""
        if event.repo.type not in _TYPES:
            return False
        domain = "discussion" if event.scope.startswith("discussion") else "repo"
        with self._database.read() as session:
            watching = [
                (webhook, owner.name)
                for webhook, owner in session.execute(_watching(session, event.repo))
                if domain in webhook.domains
            ]
        wanted = [webhook for webhook, name in watching if self._may_read(name, event.repo)]
        if not wanted and event.action != "move":
            return False
        with self._database.write() as session:
            for webhook in wanted:
                if session.get(Webhook, webhook.pk) is not None:
                    payload = describe(session, event, webhook)
                    session.add(_row(webhook.pk, event.repo.uid, payload))
            if event.action == "move":
                name = f"{event.repo.namespace}/{event.repo.name}"
                renamed = update(WebhookWatch).where(WebhookWatch.uid == event.repo.uid)
                session.execute(renamed.values(name=name))
        return bool(wanted)

    def take(self, limit: int, now: datetime | None = None) -> list[Task]:
        """Messages that are due, taken for a minute so that nobody else sends them meanwhile."""
        now = now or utc_now()
        due = (
            select(WebhookDelivery, Webhook)
            .join(Webhook, Webhook.pk == WebhookDelivery.webhook_pk)
            .where(
                WebhookDelivery.state == "pending",
                WebhookDelivery.next_at <= now,
                Webhook.disabled.is_(False),
            )
            .order_by(WebhookDelivery.next_at, WebhookDelivery.pk)
            .limit(limit)
        )
        with self._database.read() as session:
            found = [Task(delivery, webhook) for delivery, webhook in session.execute(due)]
        if not found:
            return []
        with self._database.write() as session:
            return [task for task in found if _take(session, task, now)]

    def next_due(self) -> datetime | None:
        """When the next message is due that somebody waits for."""
        query = (
            select(WebhookDelivery.next_at)
            .join(Webhook, Webhook.pk == WebhookDelivery.webhook_pk)
            .where(WebhookDelivery.state == "pending", Webhook.disabled.is_(False))
            .order_by(WebhookDelivery.next_at)
        )
        with self._database.read() as session:
            return session.scalar(query.limit(1))

    def may_send(self, task: Task) -> bool:
        """Whether the webhook's owner may read the repository at this moment.

        Of a deleted repository they may hear if they could read it when it was deleted.
        """
        with self._database.read() as session:
            owner = session.get(Namespace, task.webhook.user_pk)
            repo = session.scalar(select(Repo).where(Repo.uid == task.delivery.repo_uid))
        if owner is None:
            return False
        return repo is None or self._may_read(owner.name, repo)

    def delivered(self, task: Task, status: int) -> None:
        """Note that the receiver took the message."""
        with self._database.write() as session:
            self._finish(session, task, "delivered", status, None)
            webhook = session.get(Webhook, task.webhook.pk)
            if webhook is not None:
                webhook.failures = 0

    def dropped(self, task: Task, reason: str) -> None:
        """Note that the message is not sent, through no fault of the receiver."""
        with self._database.write() as session:
            self._finish(session, task, "failed", None, reason)

    def failed(self, task: Task, status: int | None, reason: str) -> bool:
        """Note a failure and when to try again. True if the webhook is switched off for it."""
        attempts = task.delivery.attempts
        with self._database.write() as session:
            if attempts <= len(DELAYS):
                row = session.get(WebhookDelivery, task.delivery.pk)
                if row is not None:
                    row.status, row.error = status, reason
                    row.next_at = utc_now() + timedelta(seconds=DELAYS[attempts - 1])
                return False
            self._finish(session, task, "failed", status, reason)
            webhook = session.get(Webhook, task.webhook.pk)
            if webhook is None:
                return False
            webhook.failures += 1
            webhook.disabled = webhook.disabled or webhook.failures >= MOST_FAILURES
            return webhook.disabled

    def log(self, actor: Actor, uid: str) -> Sequence[WebhookDelivery]:
        """The last messages of one of the actor's webhooks, newest first."""
        with self._database.read() as session:
            webhook = find(session, actor, uid)
            query = select(WebhookDelivery).where(WebhookDelivery.webhook_pk == webhook.pk)
            return session.scalars(query.order_by(WebhookDelivery.pk.desc()).limit(_SHOWN)).all()

    def replay(self, actor: Actor, uid: str, delivery_uid: str) -> WebhookDelivery:
        """Send a message once more, as a new one. Raises NotFoundError."""
        with self._database.write() as session:
            webhook = find(session, actor, uid)
            query = select(WebhookDelivery).where(
                WebhookDelivery.webhook_pk == webhook.pk, WebhookDelivery.uid == delivery_uid
            )
            old = session.scalar(query)
            if old is None:
                raise NotFoundError("The webhook has no such delivery.")
            row = _row(webhook.pk, old.repo_uid, old.payload)
            session.add(row)
            session.flush()
            return row

    def prune(self) -> None:
        """Forget messages that were finished long ago."""
        old = WebhookDelivery.finished_at < utc_now() - _KEPT_FOR
        with self._database.write() as session:
            session.execute(delete(WebhookDelivery).where(old))

    def _may_read(self, name: str, repo: Repo) -> bool:
        try:
            actor = self._accounts.actor_for_user(name)
        except HubError:  # the account is gone
            return False
        return decide(actor, Action.READ, repo) is Verdict.ALLOW

    def _finish(
        self, session: Session, task: Task, state: str, status: int | None, error: str | None
    ) -> None:
        row = session.get(WebhookDelivery, task.delivery.pk)
        if row is not None:
            row.state, row.status, row.error = state, status, error
            row.finished_at = utc_now()


def _row(webhook_pk: int, repo_uid: str, payload: dict[str, Any]) -> WebhookDelivery:
    return WebhookDelivery(uid=new_uid(), webhook_pk=webhook_pk, repo_uid=repo_uid, payload=payload)


def _watching(session: Session, repo: Repo) -> Select[Webhook, Namespace]:
    account = session.get(Namespace, repo.namespace_pk)
    uids = [repo.uid] if account is None else [repo.uid, account.uid]
    watches = select(WebhookWatch.webhook_pk).where(WebhookWatch.uid.in_(uids))
    return (
        select(Webhook, Namespace)
        .join(Namespace, Namespace.pk == Webhook.user_pk)
        .where(Webhook.pk.in_(watches), Webhook.disabled.is_(False))
        .order_by(Webhook.pk)
    )


def _take(session: Session, task: Task, now: datetime) -> bool:
    row = session.get(WebhookDelivery, task.delivery.pk)
    if row is None or row.state != "pending" or row.next_at > now:
        return False
    row.attempts += 1
    row.next_at = now + _TAKEN_FOR
    task.delivery.attempts = row.attempts
    return True
