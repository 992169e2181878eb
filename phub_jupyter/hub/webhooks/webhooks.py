"""People's webhooks: make, look at, change, switch off, delete."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from phub_jupyter.errors import InvalidRequestError, NotFoundError
from phub_jupyter.hub.access import Action, Actor, Verdict, decide, require_own
from phub_jupyter.hub.accounts import new_uid
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import Namespace, Repo, Webhook, WebhookWatch
from phub_jupyter.hub.webhooks.addresses import parse_url
from phub_jupyter.hub.webhooks.secrets import Sealer

__all__ = ["DOMAINS", "Watched", "WebhookView", "WebhookWishes", "Webhooks", "find"]

DOMAINS = ("repo", "discussion")
_REPO_TYPES = ("model", "dataset", "space")
_ACCOUNT_TYPES = ("user", "org")
_MOST_WEBHOOKS = 100
_MOST_WATCHED = 100


@dataclass(frozen=True, slots=True)
class Watched:
    """What to watch: the ``name`` of a repository or account of that ``type``."""

    type: str
    name: str


@dataclass(frozen=True, slots=True)
class WebhookWishes:
    """What a person wants of a webhook; None leaves as it is, and so does nothing to watch."""

    url: str | None = None
    watched: Sequence[Watched] = ()
    domains: Sequence[str] | None = None
    secret: str | None = None


@dataclass(frozen=True, slots=True)
class WebhookView:
    """A webhook and what it watches."""

    row: Webhook
    watched: list[Watched]


class Webhooks:
    """Everybody has their own; those of others look as if there were none."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    def all(self, actor: Actor) -> list[WebhookView]:
        """The webhooks of the person who asks, in order of creation."""
        query = select(Webhook).where(Webhook.user_pk == require_own(actor)).order_by(Webhook.pk)
        with self._database.read() as session:
            return _views(session, session.scalars(query).all())

    def get(self, actor: Actor, uid: str) -> WebhookView:
        """One of the person's webhooks. Raises NotFoundError."""
        with self._database.read() as session:
            return _views(session, [find(session, actor, uid)])[0]

    def create(self, actor: Actor, wishes: WebhookWishes) -> WebhookView:
        """Make a webhook that is switched on. Raises InvalidRequestError."""
        person = require_own(actor)
        if wishes.url is None:
            raise InvalidRequestError("url: send where to deliver to.")
        if not wishes.watched:
            raise InvalidRequestError("watched: send at least one repository or account.")
        with self._database.write() as session:
            own = select(func.count(Webhook.pk)).where(Webhook.user_pk == person)
            if (session.scalar(own) or 0) >= _MOST_WEBHOOKS:
                raise InvalidRequestError(f"You have {_MOST_WEBHOOKS} webhooks; delete one first.")
            row = Webhook(uid=new_uid(), user_pk=person, url=wishes.url, domains=list(DOMAINS))
            session.add(row)
            return self._apply(session, actor, row, wishes)

    def update(self, actor: Actor, uid: str, wishes: WebhookWishes) -> WebhookView:
        """Change what is wished for. Raises NotFoundError, InvalidRequestError."""
        with self._database.write() as session:
            return self._apply(session, actor, find(session, actor, uid), wishes)

    def switch(self, actor: Actor, uid: str, on: bool) -> WebhookView:
        """Switch a webhook on, also one that failed too often, or off."""
        with self._database.write() as session:
            row = find(session, actor, uid)
            row.disabled = not on
            row.failures = 0 if on else row.failures
            return _views(session, [row])[0]

    def delete(self, actor: Actor, uid: str) -> None:
        """Remove a webhook and what it still had to deliver."""
        with self._database.write() as session:
            session.delete(find(session, actor, uid))

    def _apply(
        self, session: Session, actor: Actor, row: Webhook, wishes: WebhookWishes
    ) -> WebhookView:
        if wishes.url is not None:
            parse_url(wishes.url)
            row.url = wishes.url
        if wishes.secret is not None:
            row.secret = self._sealer.seal(wishes.secret) if wishes.secret else None
        if wishes.domains is not None:
            row.domains = _known_domains(wishes.domains)
        session.flush()
        if wishes.watched:
            _watch(session, actor, row, wishes.watched)
        return _views(session, [row])[0]


def find(session: Session, actor: Actor, uid: str) -> Webhook:
    """A webhook of the person who asks. Raises NotFoundError."""
    query = select(Webhook).where(Webhook.uid == uid, Webhook.user_pk == require_own(actor))
    row = session.scalar(query)
    if row is None:
        raise NotFoundError("Webhook not found.")
    return row


def _views(session: Session, rows: Sequence[Webhook]) -> list[WebhookView]:
    found: dict[int, list[Watched]] = {row.pk: [] for row in rows}
    query = select(WebhookWatch).where(WebhookWatch.webhook_pk.in_(list(found)))
    for watch in session.scalars(query.order_by(WebhookWatch.type, WebhookWatch.name)):
        found[watch.webhook_pk].append(Watched(watch.type, watch.name))
    return [WebhookView(row, found[row.pk]) for row in rows]


def _known_domains(domains: Sequence[str]) -> list[str]:
    if not domains or not set(domains) <= set(DOMAINS):
        raise InvalidRequestError(f"domains: send some of {', '.join(DOMAINS)}.")
    return [domain for domain in DOMAINS if domain in domains]


def _watch(session: Session, actor: Actor, row: Webhook, watched: Sequence[Watched]) -> None:
    if len(watched) > _MOST_WATCHED:
        raise InvalidRequestError(f"watched: at most {_MOST_WATCHED} at a time.")
    session.execute(delete(WebhookWatch).where(WebhookWatch.webhook_pk == row.pk))
    found = {}
    for item in watched:
        uid, name = _watched(session, actor, item)
        found[uid] = WebhookWatch(webhook_pk=row.pk, uid=uid, type=item.type, name=name)
    session.add_all(found.values())
    session.flush()


def _watched(session: Session, actor: Actor, item: Watched) -> tuple[str, str]:
    """The id and the right spelling of what the actor wants to watch, if they may see it."""
    if item.type in _ACCOUNT_TYPES:
        key = item.name.lower()
        account = session.scalar(
            select(Namespace).where(Namespace.key == key, Namespace.kind == item.type)
        )
        if account is not None:
            return account.uid, account.name
    elif item.type in _REPO_TYPES:
        repo = session.scalar(select(Repo).where(Repo.key == f"{item.type}/{item.name.lower()}"))
        if repo is not None and decide(actor, Action.READ, repo) is Verdict.ALLOW:
            return repo.uid, f"{repo.namespace}/{repo.name}"
    else:
        known = ", ".join([*_REPO_TYPES, *_ACCOUNT_TYPES])
        raise InvalidRequestError(f"watched: type '{item.type}' is not one of {known}.")
    raise InvalidRequestError(f"watched: you see no {item.type} named '{item.name}' on this hub.")
