"""The access rule at every door: docs/access.md says what should happen, HTTP says what does.

Each door of the route table is tried by every kind of person and token on a public, a gated and a
private repository, and on a protected Space. Bodies are empty, so that what is
allowed is refused for its content (400) or does nothing that matters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
from sqlalchemy import select, update

from phub_jupyter.hub.access import Action
from phub_jupyter.hub.database.tables import Repo, Token, utc_now
from phub_jupyter.identifiers import RepoId, RepoType

from ..conftest import HubServer
from .access_table import VALUES, Door, callers, ceilings, doors, served_doors

KINDS = ("public", "gated", "private", "protected")
REPO_TYPES = (RepoType.MODEL, RepoType.DATASET, RepoType.SPACE, RepoType.BUCKET)
_LFS = "{namespace}/{name}.git/info/lfs/objects/batch"
BODIES = dict.fromkeys((f"/{_LFS}", "/{plural}/" + _LFS), b'{"operation":"download","objects":[]}')
ROLES = ("reader", "contributor", "writer", "organization admin")
TABLE = doors()
OF_REPOSITORIES = [door for door in TABLE if door.action is not None]
OTHERS = [door for door in TABLE if door.action is None]
CLOSED = [door for door in OTHERS if door.right not in ("anybody", "body")]
DONE_FOR_REAL = re.compile(r"^DELETE /api/buckets/{namespace}/{name}$")
"""Doors that need no body to destroy something: only those who may not are sent there."""


class Everybody:
    """A hub with every kind of person and repository, and the tokens to try them with."""

    def __init__(self, server: HubServer) -> None:
        self.endpoint = server.endpoint
        self._server = server
        self._session = requests.Session()
        self._session.trust_env = False
        accounts = server.hub.accounts
        for name in ("outsider", "owner", "boss", *(role.replace(" ", "-") for role in ROLES)):
            server.add_user(name)
        server.add_user("root", admin=True)
        accounts.add_org("acme", "boss")
        for role, name in zip(ROLES, ("read", "contributor", "write", "admin"), strict=True):
            accounts.add_member("acme", role.replace(" ", "-"), name)
        for owner, maker in (("acme", "boss"), ("owner", "owner")):
            self._fill(owner, maker)
        self.tokens = {
            (person, kind): self._token(person, kind) for person in callers() for kind in ceilings()
        }

    def _fill(self, owner: str, maker: str) -> None:
        hub = self._server.hub
        actor = hub.accounts.actor_for_user(maker)
        for repo_type in REPO_TYPES:
            for kind in KINDS:
                if repo_type is RepoType.BUCKET:
                    if kind in ("public", "private"):
                        hub.buckets.create(actor, RepoId(owner, kind), private=kind == "private")
                    continue
                if kind == "protected" and repo_type is not RepoType.SPACE:
                    continue
                repo = hub.repositories.create(
                    actor,
                    repo_type,
                    RepoId(owner, kind),
                    private=kind in ("private", "protected"),
                    protected=kind == "protected",
                    sdk=None,
                )
                if kind == "gated":
                    with hub.database.write() as session:
                        session.execute(
                            update(Repo).where(Repo.pk == repo.pk).values(gated="manual")
                        )
                hub.community.discussions.open(actor, repo, "One", "Text")

    def _token(self, person: str, kind: str) -> str | None:
        if person == "nobody":
            return None
        name = {"hub admin": "root"}.get(person, person.replace(" ", "-"))
        accounts = self._server.hub.accounts
        role = {"expired": "write", "revoked": "write"}.get(kind, kind.partition(",")[0])
        if person == "hub admin" and kind in ("write", "expired", "revoked"):
            role = "admin"
        text = accounts.add_token(
            name, name=kind, role=role, scopes=self._scopes(kind), lifetime=timedelta(hours=1)
        )
        if kind == "revoked":
            accounts.revoke_token(text)
        if kind == "expired":
            with self._server.hub.database.write() as session:
                past = utc_now() - timedelta(seconds=1)
                session.execute(update(Token).where(Token.name == kind).values(expires_at=past))
        return text

    def _scopes(self, token: str) -> list[dict[str, Any]]:
        if not token.startswith("fineGrained, "):
            return []
        most = ("read", "write", "manage")
        rights = list(most[: most.index(token.removeprefix("fineGrained, ")) + 1])
        with self._server.hub.database.read() as session:
            repos = session.execute(select(Repo.type, Repo.uid)).all()
        return [{"type": kind, "id": uid, "rights": rights} for kind, uid in repos]

    def ask(self, door: Door, repo: str, person: str, token: str) -> requests.Response:
        """Try a door with an empty body."""
        address = door.template.replace("{namespace}/{name}", repo)
        address = address.replace("{namespace}", "acme")
        # Models have no prefix there, and nothing but Spaces is protected.
        if address.startswith("/{plural}/") or repo.endswith("/protected"):
            address = address.replace("{plural}", "spaces")
        for name, value in VALUES.items():
            address = address.replace(f"{{{name}}}", value)
        text = self.tokens[person, token]
        headers = {"Content-Type": "application/json"}
        if text is not None:
            headers["Authorization"] = f"Bearer {text}"
        body = None if door.method in ("get", "head") else BODIES.get(door.template, b"{}")
        return self._session.request(
            door.method,
            self.endpoint + address,
            data=body,
            headers=headers,
            allow_redirects=False,
            timeout=60,
        )


@pytest.fixture(scope="module")
def everybody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Everybody]:
    server = HubServer(tmp_path_factory.mktemp("matrix") / "hub")
    yield Everybody(server)
    server.close()


def seen(answer: requests.Response) -> str:
    """What an answer means for the access rule."""
    code = answer.headers.get("X-Error-Code")
    if code == "RepoNotFound":
        return "hidden"
    if code == "GatedRepo":
        return "gated"
    if answer.status_code == 401 and "Invalid credentials" in answer.headers["X-Error-Message"]:
        return "bad credentials"
    if answer.status_code in (401, 403):
        return "denied"
    # 501: not built; 503: a Space without an app. Both were allowed to ask.
    assert answer.status_code < 500 or answer.status_code in (501, 503), answer.text
    return "allowed"


def expected(door: Door, person: str, token: str, kind: str) -> str:
    """What the page says."""
    if person != "nobody" and token in ("expired", "revoked"):
        return "bad credentials"
    own = callers()[person][kind]
    if person == "nobody":
        most = own
    else:
        ceiling = ceilings()[token]
        anybody = callers()["outsider"][kind]
        public = (
            None
            if kind == "private"
            else _least(anybody, ceiling["public" if kind == "protected" else kind])
        )
        most = max(
            (right for right in (_least(own, ceiling["own"]), public) if right is not None),
            default=None,
        )
        if person == "outsider":
            most = public
    if most is None:
        return "hidden"
    wanted = door.action
    assert wanted is not None
    if wanted <= most:
        changes = person != "nobody" and token == "write"
        return "allowed" if changes or not door.own else "denied"
    if most is Action.VISIT:
        return "hidden"
    gated = kind == "gated" and most is Action.READ
    return "gated" if gated and wanted in (Action.CONTENT, Action.PROPOSE) else "denied"


def _least(one: Action | None, other: Action | None) -> Action | None:
    return None if one is None or other is None else min(one, other)


def test_every_door_is_in_the_table() -> None:
    written = {str(door) for door in TABLE}
    served = {str(door) for door in served_doors()}
    missing = "\n".join(
        f"| {text.replace(' ', ' | `')}` | RIGHT |" for text in sorted(served - written)
    )
    assert served <= written, f"add to docs/access.md, each with its right:\n{missing}"
    assert written <= served, f"these doors are no more: {sorted(written - served)}"
    assert len(written) == len(TABLE), "a door is there twice"


def _repo(door: Door, person: str, kind: str) -> str | None:
    if "/buckets/" in door.template and kind == "gated":
        return None
    if kind == "protected" and not re.match(r"/(api/(phub/)?)?(spaces|{plural})/", door.template):
        return None
    return f"{'owner' if person == 'owner' else 'acme'}/{kind}"


@pytest.mark.parametrize("person", list(callers()))
def test_people_get_as_far_as_the_page_says(everybody: Everybody, person: str) -> None:
    every = person in ("outsider", "owner")
    tokens = list(ceilings()) if every else ["write"]
    wrong = []
    for door in OF_REPOSITORIES:
        for kind in KINDS:
            repo = _repo(door, person, kind)
            for token in tokens:
                should = expected(door, person, token, kind)
                if repo is None or (should == "allowed" and DONE_FOR_REAL.match(str(door))):
                    continue
                answer = everybody.ask(door, repo, person, token)
                found = seen(answer)
                if found != should:
                    wrong.append(
                        f"{door} ({door.right}), {kind}, token {token}: {found} instead of "
                        f"{should} ({answer.status_code} {answer.text[:90]})"
                    )
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "door", [door for door in OTHERS if door.right not in ("anybody", "body")], ids=str
)
def test_doors_without_a_repository(everybody: Everybody, door: Door) -> None:
    """Nobody, and for what changes something a token that may only read, is turned away."""
    answers = {
        who: everybody.ask(door, "acme/public", who, token)
        for who, token in (("nobody", "write"), ("outsider", "revoked"))
    }
    if door.right == "own":
        answers["reading"] = everybody.ask(door, "acme/public", "outsider", "read")
    if door.right == "a hub admin":
        answers["a person"] = everybody.ask(door, "acme/public", "outsider", "write")
        assert everybody.ask(door, "acme/public", "hub admin", "write").ok
    for who, answer in answers.items():
        assert answer.status_code in (401, 403, 404), f"{who}: {answer.status_code} {answer.text}"


def test_the_walk_is_a_long_one() -> None:
    assert len(OF_REPOSITORIES) > 100
    assert len(callers()) == 8
