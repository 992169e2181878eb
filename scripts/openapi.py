"""Writes ``openapi.yaml`` from the route table and the docstrings of its handlers.

Run ``make openapi`` after adding a route; a test holds the file to the table.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from tornado.web import RequestHandler

from phub_server.base import HubHandler
from phub_server.handlers.not_built import NotBuiltHandler, UnknownHandler
from phub_server.routes import ROUTES
from tests.docs.route_templates import templates

__all__ = ["FILE", "specification", "text"]

FILE = Path(__file__).parents[1] / "server_ext/phub_server/openapi.yaml"
METHODS = ("get", "head", "post", "put", "patch", "delete")

_ABOUT = (
    "The public client contract as far as it is built, and the hub's own routes below /api/phub. "
    "Calls of the public contract that are not listed answer 501 with X-Error-Code NotSupported "
    "and change nothing."
)
_PARAMETERS = {
    "namespace": "User or organization.",
    "name": "Name of the repository.",
    "revision": "Branch, tag, commit or full ref, as one encoded segment.",
    "path": "Path inside the repository.",
    "plural": "Type of the repository.",
}


def specification() -> dict[str, Any]:
    """The whole document."""
    paths: dict[str, Any] = {}
    for route in ROUTES:
        if route.handler in (NotBuiltHandler, UnknownHandler):
            continue
        for template in sorted(templates(route.pattern)):
            paths.setdefault(template, _item(template, route.pattern, route.handler))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Private Hub",
            "version": "0.1.0",
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "security": [{"token": []}, {}],
        "paths": paths,
        "components": _COMPONENTS,
    }


def text() -> str:
    """The document as it is kept in the repository."""
    return yaml.safe_dump(specification(), sort_keys=False, width=100, allow_unicode=True)


def _item(template: str, pattern: str, handler: type[HubHandler]) -> dict[str, Any]:
    item: dict[str, Any] = {}
    names = re.findall(r"{(\w+)}", template)
    if names:
        item["parameters"] = [_parameter(name, pattern) for name in names]
    return item | dict(_operations(handler))


def _parameter(name: str, pattern: str) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    choice = re.search(rf"\(\?P<{name}>([\w-]+(?:\|[\w-]+)+)\)", pattern)
    if choice:
        schema["enum"] = choice[1].split("|")
    about = _PARAMETERS.get(name)
    described = {"description": about} if about else {}
    return {"name": name, "in": "path", "required": True, **described, "schema": schema}


def _operations(handler: type[HubHandler]) -> Iterator[tuple[str, Any]]:
    noun = handler.__module__.rpartition(".")[2]
    for method in METHODS:
        function = getattr(handler, method)
        if function is RequestHandler._unimplemented_method:
            continue
        about = inspect.getdoc(function) if function.__doc__ else inspect.getdoc(handler)
        summary = " ".join((about or "").partition("\n\n")[0].split())
        yield (
            method,
            {
                "tags": [noun],
                "summary": summary,
                "responses": {
                    "200": {"description": "Done."},
                    "default": {"$ref": "#/components/responses/Refusal"},
                },
            },
        )


_TEXT = {"schema": {"type": "string"}}
_COMPONENTS: dict[str, Any] = {
    "securitySchemes": {
        "token": {
            "type": "http",
            "scheme": "bearer",
            "description": "A token that starts with hf_; also accepted as the password of Basic.",
        }
    },
    "responses": {
        "Refusal": {
            "description": "What went wrong, with X-Error-Code and X-Error-Message.",
            "headers": {"X-Error-Code": _TEXT, "X-Error-Message": dict(_TEXT)},
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "required": ["error"],
                        "properties": {"error": {"type": "string"}},
                    }
                }
            },
        }
    },
}


if __name__ == "__main__":
    FILE.write_text(text())
