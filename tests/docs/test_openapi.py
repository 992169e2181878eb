"""``openapi.yaml`` says what the route table serves: no more, no less."""

from __future__ import annotations

from scripts.openapi import FILE, METHODS, specification, text

from .route_templates import templates


def test_the_file_is_what_the_table_gives() -> None:
    assert FILE.read_text() == text(), "run `python -m scripts.openapi`"


def test_every_operation_says_what_it_is_for() -> None:
    for path, item in specification()["paths"].items():
        for method in set(item) & set(METHODS):
            assert item[method]["summary"].endswith("."), f"{method} {path} has no docstring"


def test_templates_of_optional_parts_and_choices() -> None:
    assert templates(r"/(?:(?P<plural>datasets|spaces)/)?(?P<name>[^/]+)(?:\.git)?") == {
        "/{name}", "/{name}.git", "/{plural}/{name}", "/{plural}/{name}.git",
    }  # fmt: skip
    assert templates("/api/(?:pause|restart)") == {"/api/pause", "/api/restart"}
