"""Checks a card before it is committed; clients ask before every commit that has a README."""

from __future__ import annotations

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.cards.validation import validate
from phub_jupyter.identifiers import RepoType
from phub_server.base import HubHandler
from phub_server.routing import Route

__all__ = ["ROUTES"]

_LARGEST = 4 << 20


class ValidateYamlHandler(HubHandler):
    """Errors make 400, warnings do not; both are lists of messages. Needs no token."""

    async def post(self) -> None:
        if len(self.request.body) > _LARGEST:  # anybody may ask
            raise InvalidRequestError(f"content: at most {_LARGEST} bytes are checked.")
        body = self.json_body()
        content = body.get("content")
        if not isinstance(content, str):
            raise InvalidRequestError("content: send the text of the README.")
        report = await self.run(validate, content, RepoType.parse(body.get("repoType")))
        answer = {
            "errors": [{"message": message} for message in report.errors],
            "warnings": [{"message": message} for message in report.warnings],
        }
        if report.errors:
            self.set_header("X-Error-Message", " ".join("; ".join(report.errors).split())[:500])
        self.reply(answer, 400 if report.errors else 200)


ROUTES: tuple[Route, ...] = (Route(r"/api/validate-yaml", ValidateYamlHandler),)
