"""How to let people try a model: its form, examples, and why not where it cannot be tried."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlsplit

from phub_jupyter.calls import call_schema, chat_schema
from phub_jupyter.hub.access import Action, Verdict, decide
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.serving.examples import Example
from phub_jupyter.hub.serving.widgets import Widget
from phub_server.base import HubHandler
from phub_server.routing import NAME, NAMESPACE, Route

__all__ = ["ROUTES"]

_GATED = "Access to this model is restricted; ask for it on the model's page."


class WidgetHandler(HubHandler):
    """What a page needs to know to let people try a model."""

    async def get(self, namespace: str, name: str) -> None:
        """Task, schema of a call, examples, and whether the caller's calls would be taken."""
        repo = await self.repo(Action.READ, "models", namespace, name)
        content = decide(self.actor, Action.CONTENT, repo) is Verdict.ALLOW
        widget = await self.run(self.hub.widgets.of, repo, content=content)
        self.reply(self._body(repo, widget, None if content else _GATED))

    def _body(self, repo: Repo, widget: Widget, refusal: str | None) -> dict[str, Any]:
        task, reason = widget.task, refusal or widget.reason
        repo_id = f"{repo.namespace}/{repo.name}"
        address = f"{self.endpoint}/models/{repo_id}"
        known = task is not None and task.servable
        return {
            "id": repo_id,
            "sha": widget.commit,
            "task": repo.pipeline_tag,
            "label": None if task is None else task.label,
            "inputs": None if task is None else task.inputs,
            "modality": None if task is None else task.modality,
            "servable": reason is None,
            "reason": reason,
            "shown": repo.card_data.get("inference") is not False,
            "address": address,
            "schema": call_schema(task.name) if task is not None and known else None,
            "chat": {"address": f"{address}/v1/chat/completions", "schema": chat_schema()}
            if widget.chats
            else None,
            "examples": [self._example(repo_id, example) for example in widget.examples],
        }

    def _example(self, repo_id: str, example: Example) -> dict[str, Any]:
        body: dict[str, Any]
        if example.messages is not None:
            body = {"messages": example.messages, **example.parameters}
        else:
            body = {"inputs": example.inputs}
            if example.parameters:
                body["parameters"] = example.parameters
        return {
            "title": example.title,
            "group": example.group,
            "body": body,
            "src": None if example.src is None else self._address(repo_id, example.src),
            "output": example.output,
        }

    def _address(self, repo_id: str, src: str) -> str:
        if urlsplit(src).scheme:
            return src
        return f"{self.endpoint}/{repo_id}/resolve/main/{quote(src.lstrip('./'))}"


ROUTES: tuple[Route, ...] = (Route(rf"/api/models/{NAMESPACE}/{NAME}/widget", WidgetHandler),)
