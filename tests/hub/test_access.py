"""The one access rule, as a table, and the same rule as SQL."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
from sqlalchemy import select

from phub_jupyter.errors import AuthenticationError, ForbiddenError, RepoNotFoundError
from phub_jupyter.hub.access import (
    ANONYMOUS,
    Action,
    Actor,
    Grant,
    Verdict,
    decide,
    require,
    require_namespace,
    visible_to,
)
from phub_jupyter.hub.database.tables import Namespace, Repo
from phub_jupyter.hub.settings import StoreSettings

ADA, BOB, ACME = 1, 2, 3
UID = "a" * 24


def _repo(owner: int, private: bool, created_by: int = ADA, uid: str = UID) -> Repo:
    return Repo(
        uid=uid,
        namespace_pk=owner,
        namespace="n",
        name="m",
        private=private,
        created_by=created_by,
        type="model",
        key=f"model/n/{uid}",
    )


def _grant(role: str, **scopes: list[str]) -> Grant:
    rights = {uid: frozenset(given) for uid, given in scopes.items()}
    return Grant(pk=1, name="t", role=role, scopes=rights)


def _most(actor: Actor, repo: Repo) -> Action | None:
    """The most that the actor may do; checks on the way that more includes less."""
    verdicts = [decide(actor, action, repo) for action in Action]
    allowed = [action for action, verdict in zip(Action, verdicts, strict=True)
               if verdict is Verdict.ALLOW]  # fmt: skip
    assert allowed == list(Action)[: len(allowed)]
    refused = set(verdicts[len(allowed) :])
    assert refused <= ({Verdict.DENY} if allowed else {Verdict.HIDE})
    return max(allowed, default=None)


READ, WRITE, ADMIN = Action.READ, Action.WRITE, Action.ADMIN


@pytest.mark.parametrize(
    ("actor", "on_public", "on_private"),
    [
        (ANONYMOUS, READ, None),
        (Actor(sees_public=False), None, None),
        (Actor(pk=BOB), READ, None),
        (Actor(pk=ADA), ADMIN, ADMIN),
        (Actor(pk=BOB, is_admin=True), ADMIN, ADMIN),
        (Actor(pk=BOB, is_admin=True, grant=_grant("admin")), ADMIN, ADMIN),
        (Actor(pk=BOB, is_admin=True, grant=_grant("write")), READ, None),
        (Actor(pk=ADA, grant=_grant("read")), READ, READ),
        (Actor(pk=ADA, grant=_grant("write")), ADMIN, ADMIN),
        (Actor(pk=ADA, grant=_grant("fineGrained")), READ, None),
        (Actor(pk=ADA, grant=_grant("fineGrained", **{UID: ["read"]})), READ, READ),
        (Actor(pk=ADA, grant=_grant("fineGrained", **{UID: ["write"]})), WRITE, WRITE),
        (Actor(pk=BOB, grant=_grant("fineGrained", **{UID: ["write"]})), READ, None),
    ],
)
def test_a_persons_repository(
    actor: Actor, on_public: Action | None, on_private: Action | None
) -> None:
    assert _most(actor, _repo(ADA, private=False)) == on_public
    assert _most(actor, _repo(ADA, private=True)) == on_private


@pytest.mark.parametrize(
    ("role", "of_others", "of_their_own"),
    [
        ("read", READ, READ),
        ("contributor", READ, WRITE),
        ("write", WRITE, WRITE),
        ("admin", ADMIN, ADMIN),
    ],
)
def test_an_organizations_repository(role: str, of_others: Action, of_their_own: Action) -> None:
    bob = Actor(pk=BOB, roles={ACME: role})
    assert _most(bob, _repo(ACME, private=True, created_by=ADA)) == of_others
    assert _most(bob, _repo(ACME, private=True, created_by=BOB)) == of_their_own


def test_missing_and_hidden_look_the_same() -> None:
    with pytest.raises(RepoNotFoundError) as missing:
        require(Actor(pk=BOB), READ, None)
    with pytest.raises(RepoNotFoundError) as hidden:
        require(Actor(pk=BOB), READ, _repo(ADA, private=True))
    assert missing.value.message == hidden.value.message


def test_refusals_say_whether_to_log_in_or_to_ask() -> None:
    public = _repo(ADA, private=False)
    with pytest.raises(AuthenticationError):
        require(ANONYMOUS, WRITE, public)
    with pytest.raises(ForbiddenError, match="n/m"):
        require(Actor(pk=BOB), WRITE, public)
    assert require(Actor(pk=BOB), READ, public) is public


@pytest.mark.parametrize(
    ("actor", "allowed"),
    [
        (Actor(pk=ADA), True),
        (Actor(pk=ADA, grant=_grant("write")), True),
        (Actor(pk=ADA, grant=_grant("read")), False),
        (Actor(pk=ADA, grant=_grant("fineGrained", **{UID: ["write"]})), False),
        (Actor(pk=BOB), False),
        (Actor(pk=BOB, roles={ADA: "read"}), False),
        (Actor(pk=BOB, roles={ADA: "contributor"}), True),
        (Actor(pk=BOB, is_admin=True), True),
    ],
)
def test_who_may_create(actor: Actor, allowed: bool) -> None:
    if allowed:
        require_namespace(actor, ADA)
    else:
        with pytest.raises(ForbiddenError):
            require_namespace(actor, ADA)


def test_strangers_create_nothing() -> None:
    with pytest.raises(AuthenticationError):
        require_namespace(ANONYMOUS, ADA)


def test_the_rule_in_sql_shows_what_may_be_read(tmp_path: Path) -> None:
    database = StoreSettings.from_environment(tmp_path).open_database(tmp_path)
    database.migrate()
    owners, flags = (ADA, BOB, ACME), (False, True)
    uids = [letter * 24 for letter in "abcdef"]
    with database.write() as session:
        for pk, name in ((ADA, "ada"), (BOB, "bob"), (ACME, "acme")):
            session.add(Namespace(pk=pk, uid=str(pk) * 24, key=name, name=name, kind="user"))
        session.flush()
        for uid, (owner, private) in zip(uids, product(owners, flags), strict=True):
            session.add(_repo(owner, private, uid=uid))
    scopes = [{}, {uids[1]: ["read"]}, {uids[3]: ["write"], uids[5]: ["read"], uids[0]: ["read"]}]
    grants = [None, *(_grant(role) for role in ("read", "write", "admin"))]
    grants += [_grant("fineGrained", **scope) for scope in scopes]
    actors = [
        Actor(pk=pk, is_admin=admin, roles=roles, grant=grant, sees_public=sees_public)
        for pk, admin, roles, grant, sees_public in product(
            (ADA, BOB), flags, ({}, {ACME: "read"}), grants, flags
        )
    ]
    actors += [ANONYMOUS, Actor(sees_public=False)]
    seen = set()
    with database.read() as session:
        repos = list(session.scalars(select(Repo)))
        for actor in actors:
            shown = set(session.scalars(select(Repo.uid).where(visible_to(actor))))
            allowed = {repo.uid for repo in repos if decide(actor, READ, repo) is Verdict.ALLOW}
            assert shown == allowed, actor
            seen.add(frozenset(shown))
    database.close()
    assert len(seen) > 5  # the comparison was about more than everything and nothing
