"""Webhooks over HTTP: the public contract, and what became of each message."""

from __future__ import annotations

from typing import Any

from phub_jupyter.errors import InvalidRequestError, NotSupportedError
from phub_jupyter.hub.database.tables import WebhookDelivery
from phub_jupyter.hub.webhooks.webhooks import Watched, WebhookView, WebhookWishes
from phub_server.base import HubHandler
from phub_server.fields import text_field
from phub_server.routing import Route
from phub_server.wire import timestamp

__all__ = ["ROUTES"]

_LONGEST_SECRET = 256


class WebhooksHandler(HubHandler):
    """The caller's webhooks."""

    async def get(self) -> None:
        """List them."""
        found = await self.run(self.hub.webhooks.all, self.actor)
        self.reply([_webhook(view) for view in found])

    async def post(self) -> None:
        """Make one."""
        wishes = _wishes(self.json_body())
        view = await self.run(self.hub.webhooks.create, self.actor, wishes)
        self.reply({"webhook": _webhook(view)})


class WebhookHandler(HubHandler):
    """One of the caller's webhooks."""

    async def get(self, webhook: str) -> None:
        """Answer it, without its secret."""
        view = await self.run(self.hub.webhooks.get, self.actor, webhook)
        self.reply({"webhook": _webhook(view)})

    async def post(self, webhook: str) -> None:
        """Change it; an empty list of what to watch leaves that as it is."""
        wishes = _wishes(self.json_body())
        view = await self.run(self.hub.webhooks.update, self.actor, webhook, wishes)
        self.reply({"webhook": _webhook(view)})

    async def delete(self, webhook: str) -> None:
        """Remove it and what it still had to deliver."""
        await self.run(self.hub.webhooks.delete, self.actor, webhook)
        self.reply({})


class SwitchHandler(HubHandler):
    """Switches a webhook on or off."""

    async def post(self, webhook: str, switch: str) -> None:
        """Switch it; one that failed too often begins anew."""
        on = switch == "enable"
        view = await self.run(self.hub.webhooks.switch, self.actor, webhook, on)
        self.hub.deliverer.wake()
        self.reply({"webhook": _webhook(view)})


class DeliveriesHandler(HubHandler):
    """What a webhook delivered, or tried to."""

    async def get(self, webhook: str) -> None:
        """List the last hundred messages, newest first."""
        rows = await self.run(self.hub.webhook_queue.log, self.actor, webhook)
        self.reply([_delivery(row) for row in rows])


class ReplayHandler(HubHandler):
    """Sends a message once more."""

    async def post(self, webhook: str, delivery: str) -> None:
        """Queue it as a new message."""
        replay = self.hub.webhook_queue.replay
        row = await self.run(replay, self.actor, webhook, delivery)
        self.hub.deliverer.wake()
        self.reply({"delivery": _delivery(row)})


def _webhook(view: WebhookView) -> dict[str, Any]:
    row = view.row
    return {
        "id": row.uid,
        "url": row.url,
        "watched": [{"type": item.type, "name": item.name} for item in view.watched],
        "domains": row.domains,
        "disabled": row.disabled,
    }


def _delivery(row: WebhookDelivery) -> dict[str, Any]:
    repo = row.payload["repo"]
    return {
        "id": row.uid,
        "event": row.payload["event"],
        "repo": {"type": repo["type"], "name": repo["name"]},
        "state": row.state,
        "attempts": row.attempts,
        "status": row.status,
        "error": row.error,
        "createdAt": timestamp(row.created_at),
        "finishedAt": None if row.finished_at is None else timestamp(row.finished_at),
    }


def _wishes(body: dict[str, Any]) -> WebhookWishes:
    if body.get("jobSourceId") or body.get("secrets"):
        raise NotSupportedError("jobSourceId: this hub runs no jobs; send a url.")
    domains = body.get("domains")
    if domains is not None and not _are_texts(domains):
        raise InvalidRequestError("domains: send a list of repo and discussion.")
    return WebhookWishes(
        url=text_field(body, "url"),
        watched=[_watched(item) for item in _list(body, "watched")],
        domains=domains,
        secret=_secret(body),
    )


def _list(body: dict[str, Any], key: str) -> list[Any]:
    value = body.get(key) or []
    if not isinstance(value, list):
        raise InvalidRequestError(f"{key}: send a list.")
    return value


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _watched(item: Any) -> Watched:
    kind, name = (item.get("type"), item.get("name")) if isinstance(item, dict) else (None, None)
    if not (isinstance(kind, str) and isinstance(name, str) and _is_plain(kind + name)):
        raise InvalidRequestError("watched: each item is an object with type and name.")
    return Watched(kind, name)


def _secret(body: dict[str, Any]) -> str | None:
    secret = text_field(body, "secret")
    # It travels in a header, where neither line ends nor other letters can be.
    if secret is not None and not (_is_plain(secret) and len(secret) <= _LONGEST_SECRET):
        raise InvalidRequestError(
            f"secret: use at most {_LONGEST_SECRET} letters, digits and signs of ASCII."
        )
    return secret


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable()


_WEBHOOK = r"/api/settings/webhooks/(?P<webhook>[0-9a-f]{24})"

ROUTES: tuple[Route, ...] = (
    Route(r"/api/settings/webhooks", WebhooksHandler),
    Route(_WEBHOOK, WebhookHandler),
    Route(rf"{_WEBHOOK}/(?P<switch>enable|disable)", SwitchHandler),
    Route(rf"{_WEBHOOK}/deliveries", DeliveriesHandler),
    Route(rf"{_WEBHOOK}/deliveries/(?P<delivery>[0-9a-f]{{24}})/replay", ReplayHandler),
)
