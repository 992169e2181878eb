"""Every door of the route table, seen from outside a private repository.

The walk takes the routes from the table itself, so a new one is walked as soon as it is there. A
stranger must get exactly what a repository that does not exist would give, and a token that may
only read must change nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from phub_jupyter.identifiers import RepoId, RepoType

from .access_table import VALUES, served_doors

ASKS_BY_POST = re.compile(
    r"/(paths-info(?:/main)?|preupload/main|git-upload-pack|objects/batch|locks/verify|start)$"
    r"|^/models/"
)
"""Calls that read although their method is POST."""

CHANGING_PER_REQUEST = ("Date", "X-Request-Id", "Etag", "Content-Length")


def _doors() -> Iterator[tuple[str, str]]:
    for door in served_doors():
        template = door.template.replace("{namespace}", "ada")
        if "{namespace}/{name}" not in door.template:  # what belongs to an owner as a whole
            continue
        for part, value in VALUES.items():
            if part != "plural":
                template = template.replace(f"{{{part}}}", value)
        for plural in ("models", "datasets", "spaces") if "{plural}" in template else ("",):
            yield door.method, template.replace("{plural}", plural)


DOORS = list(_doors())


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A hub where ada has a private repository of each type, all named ``secret``."""
    from ..conftest import HubServer

    server = HubServer(tmp_path_factory.mktemp("doors") / "hub")
    server.add_user("ada")
    server.add_user("bob")
    actor = server.hub.accounts.actor_for_user("ada")
    for repo_type in set(RepoType) - {RepoType.BUCKET}:
        server.hub.repositories.create(
            actor, repo_type, RepoId.parse("ada/secret"), private=True, sdk=None
        )
    server.hub.buckets.create(actor, RepoId.parse("ada/secret"), private=True)
    yield server
    server.close()


def _ask(served: Any, method: str, address: str, name: str, headers: dict[str, str]) -> Any:
    url = served.endpoint + address.replace("{name}", name)
    return requests.request(method, url, headers=headers, allow_redirects=False, timeout=60)


def _shown(answer: requests.Response, name: str) -> str:
    headers = {
        key: value for key, value in answer.headers.items() if key not in CHANGING_PER_REQUEST
    }
    text = json.dumps([answer.status_code, answer.text, headers], sort_keys=True)
    return text.replace(name, "NAME")


@pytest.mark.parametrize("person", ["nobody", "an outsider"])
def test_private_equals_missing(served: Any, person: str) -> None:
    headers = {} if person == "nobody" else served.headers("bob")
    wrong = []
    for method, address in DOORS:
        private = _ask(served, method, address, "secret", headers)
        missing = _ask(served, method, address, "phantom", headers)
        if private.status_code not in range(400, 500):
            wrong.append(f"{method} {address} answers {private.status_code}")
        if _shown(private, "secret") != _shown(missing, "phantom"):
            wrong.append(f"{method} {address} tells private from missing")
    assert not wrong, "\n".join(wrong)


def test_a_token_that_may_only_read_changes_nothing(served: Any) -> None:
    headers = served.headers("ada", "read")
    open_doors = [
        f"{method} {address}"
        for method, address in DOORS
        if method not in ("get", "head")
        and not ASKS_BY_POST.search(address)
        and _ask(served, method, address, "secret", headers).status_code < 400
    ]
    assert open_doors == []


def test_the_walk_sees_the_whole_table() -> None:
    assert len(DOORS) > 100
    assert ("post", "/api/models/ada/{name}/commit/main") in DOORS
    assert ("get", "/ada/{name}/resolve/main/README.md") in DOORS
    assert ("get", "/spaces/ada/{name}/app") in DOORS
