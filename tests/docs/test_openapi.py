"""``openapi.yaml`` says what the route table serves: no more, no less."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from tornado.web import RequestHandler

from phub_server.handlers.not_built import NotBuiltHandler, UnknownHandler
from phub_server.routes import ROUTES

from .route_templates import templates

SPECIFICATION = Path(__file__).parents[2] / "server_ext/phub_server/openapi.yaml"
_METHODS = ("get", "head", "post", "put", "patch", "delete")


def _served() -> dict[str, set[str]]:
    table: dict[str, set[str]] = {}
    for route in ROUTES:
        if route.handler in (NotBuiltHandler, UnknownHandler):
            continue
        unimplemented = RequestHandler._unimplemented_method
        methods = {name for name in _METHODS if getattr(route.handler, name) is not unimplemented}
        for template in templates(route.pattern):
            table.setdefault(template, methods)
    return table


@pytest.fixture(scope="module")
def specification() -> dict[str, Any]:
    return dict(yaml.safe_load(SPECIFICATION.read_text()))


def test_every_route_is_specified(specification: dict[str, Any]) -> None:
    assert set(_served()) == set(specification["paths"])


def test_every_method_is_specified(specification: dict[str, Any]) -> None:
    written = {
        path: {name for name in item if name in _METHODS}
        for path, item in specification["paths"].items()
    }
    assert _served() == written


def test_every_operation_says_what_it_is_for(specification: dict[str, Any]) -> None:
    for path, item in specification["paths"].items():
        for method in set(item) & set(_METHODS):
            assert item[method]["summary"].strip().endswith("."), f"{method} {path}"
            assert item[method]["responses"], f"{method} {path}"


def test_templates_of_optional_parts_and_choices() -> None:
    assert templates(r"/(?:(?P<plural>datasets|spaces)/)?(?P<name>[^/]+)(?:\.git)?") == {
        "/{name}", "/{name}.git", "/{plural}/{name}", "/{plural}/{name}.git",
    }  # fmt: skip
    assert templates("/api/(?:pause|restart)") == {"/api/pause", "/api/restart"}
