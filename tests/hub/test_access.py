"""The one access rule, as a table, and the same rule as SQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from phub_jupyter.errors import (
    AuthenticationError,
    ForbiddenError,
    GatedRepoError,
    RepoNotFoundError,
)
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
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import Namespace, Repo, ResourceGroup
from phub_jupyter.hub.settings import StoreSettings

pytestmark = pytest.mark.both_stores

ADA, BOB, ACME = 1, 2, 3
GROUP = 5
UID = "a" * 24


def _repo(
    owner: int,
    private: bool,
    created_by: int = ADA,
    uid: str = UID,
    gated: str | None = None,
    group: int | None = None,
    protected: bool = False,
) -> Repo:
    return Repo(
        pk=7 if uid == UID else None,
        gated=gated,
        resource_group_pk=group,
        uid=uid,
        namespace_pk=owner,
        namespace="n",
        name="m",
        private=private,
        protected=protected,
        created_by=created_by,
        type="model",
        key=f"model/n/{uid}",
    )


def _grant(role: str, *, owner: str = "", reads_gated: bool = False, **scopes: list[str]) -> Grant:
    """A token; ``owner`` is a right to all that ada owns."""
    rights = {uid: frozenset(given) for uid, given in scopes.items()}
    return Grant(
        pk=1,
        uid="1",
        name="t",
        role=role,
        scopes=rights,
        namespaces={ADA: frozenset({owner})} if owner else {},
        reads_gated=reads_gated or role != "fineGrained",
    )


def _most(actor: Actor, repo: Repo) -> Action | None:
    """The most that the actor may do; checks on the way that more includes less."""
    verdicts = [decide(actor, action, repo) for action in Action]
    allowed = [action for action, verdict in zip(Action, verdicts, strict=True)
               if verdict is Verdict.ALLOW]  # fmt: skip
    assert allowed == list(Action)[: len(allowed)]
    refused = set(verdicts[len(allowed) :])
    gate = {Verdict.GATE} if allowed == [Action.VISIT, Action.READ] else set()
    seen = Action.READ in allowed
    assert refused <= ({Verdict.DENY} | gate if seen else {Verdict.HIDE})
    return max(allowed, default=None)


VISIT, READ, CONTENT, PROPOSE, WRITE, ADMIN = Action
ONE = {UID: ["read"]}
ONE_WRITE = {UID: ["write"]}


@pytest.mark.parametrize(
    ("actor", "on_public", "on_gated", "on_private"),
    [
        (ANONYMOUS, CONTENT, READ, None),
        (Actor(sees_public=False), None, None, None),
        (Actor(pk=BOB), PROPOSE, READ, None),
        (Actor(pk=BOB, grant=_grant("read")), CONTENT, READ, None),
        (Actor(pk=BOB, grant=_grant("write")), PROPOSE, READ, None),
        (Actor(pk=ADA), ADMIN, ADMIN, ADMIN),
        (Actor(pk=BOB, is_admin=True), ADMIN, ADMIN, ADMIN),
        (Actor(pk=BOB, is_admin=True, grant=_grant("admin")), ADMIN, ADMIN, ADMIN),
        (Actor(pk=BOB, is_admin=True, grant=_grant("write")), PROPOSE, READ, None),
        (Actor(pk=ADA, grant=_grant("read")), CONTENT, CONTENT, CONTENT),
        (Actor(pk=ADA, grant=_grant("write")), ADMIN, ADMIN, ADMIN),
        (Actor(pk=ADA, grant=_grant("fineGrained")), CONTENT, READ, None),
        (Actor(pk=ADA, grant=_grant("fineGrained", **ONE)), CONTENT, CONTENT, CONTENT),
        (Actor(pk=ADA, grant=_grant("fineGrained", **ONE_WRITE)), WRITE, WRITE, WRITE),
        (Actor(pk=ADA, grant=_grant("fineGrained", owner="read")), CONTENT, CONTENT, CONTENT),
        (Actor(pk=ADA, grant=_grant("fineGrained", owner="write")), WRITE, WRITE, WRITE),
        (Actor(pk=BOB, grant=_grant("fineGrained", **ONE_WRITE)), CONTENT, READ, None),
    ],
)
def test_a_persons_repository(
    actor: Actor, on_public: Action | None, on_gated: Action | None, on_private: Action | None
) -> None:
    assert _most(actor, _repo(ADA, private=False)) == on_public
    assert _most(actor, _repo(ADA, private=False, gated="manual")) == on_gated
    assert _most(actor, _repo(ADA, private=True)) == on_private
    assert _most(actor, _repo(ADA, private=True, gated="auto")) == on_private
    visits = VISIT if on_private is None and actor.sees_public else on_private
    assert _most(actor, _repo(ADA, private=True, protected=True)) == visits


ADMITTED = frozenset({7})


@pytest.mark.parametrize(
    ("grant", "most"),
    [
        (None, PROPOSE),
        (_grant("read"), CONTENT),
        (_grant("write"), PROPOSE),
        (_grant("fineGrained"), READ),
        (_grant("fineGrained", reads_gated=True), CONTENT),
    ],
)
def test_who_was_let_in_reads_a_gated_repository(grant: Grant | None, most: Action) -> None:
    bob = Actor(pk=BOB, admitted=ADMITTED, grant=grant)
    assert _most(bob, _repo(ADA, private=False, gated="manual")) == most
    assert _most(bob, _repo(ADA, private=True, gated="manual")) is None
    assert _most(bob, _repo(ADA, private=False, gated="manual", uid="b" * 24)) == READ


@pytest.mark.parametrize(
    ("role", "of_others", "of_their_own"),
    [
        ("read", PROPOSE, PROPOSE),
        ("contributor", PROPOSE, WRITE),
        ("write", WRITE, WRITE),
        ("admin", ADMIN, ADMIN),
    ],
)
def test_an_organizations_repository(role: str, of_others: Action, of_their_own: Action) -> None:
    bob = Actor(pk=BOB, roles={ACME: role})
    assert _most(bob, _repo(ACME, private=True, created_by=ADA)) == of_others
    assert _most(bob, _repo(ACME, private=True, created_by=BOB)) == of_their_own


@pytest.mark.parametrize(
    ("in_org", "in_group", "most"),
    [
        ("write", None, None),
        ("contributor", None, None),
        ("write", "read", PROPOSE),
        ("read", "write", WRITE),
        ("read", "admin", ADMIN),
        ("admin", None, ADMIN),
        (None, "admin", None),  # who left the organization left its groups
    ],
)
def test_a_resource_group_has_roles_of_its_own(
    in_org: str | None, in_group: str | None, most: Action | None
) -> None:
    bob = Actor(
        pk=BOB,
        roles={ACME: in_org} if in_org else {},
        groups={GROUP: in_group} if in_group else {},
    )
    assert _most(bob, _repo(ACME, private=True, group=GROUP)) == most


def test_whoever_visits_a_protected_app_learns_nothing_more_of_the_space() -> None:
    space = _repo(ADA, private=True, protected=True)
    assert require(ANONYMOUS, VISIT, space) is space
    for action in (READ, CONTENT, PROPOSE, WRITE, ADMIN):
        with pytest.raises(RepoNotFoundError):
            require(Actor(pk=BOB), action, space)


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
    gated = _repo(ADA, private=False, gated="auto")
    for person, action in ((ANONYMOUS, CONTENT), (Actor(pk=BOB), PROPOSE)):
        with pytest.raises(GatedRepoError, match="Access to model n/m is restricted"):
            require(person, action, gated)
    assert require(ANONYMOUS, READ, gated) is gated


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


ROLES = st.sampled_from(["read", "contributor", "write", "admin"])
PEOPLE = st.sampled_from([None, ADA, BOB])
UIDS = [letter * 24 for letter in "abcdefghijklmnopqr"]
GRANTS = st.none() | st.builds(
    Grant,
    pk=st.just(1),
    name=st.just("t"),
    role=st.sampled_from(["read", "write", "admin", "fineGrained"]),
    scopes=st.dictionaries(
        st.sampled_from(UIDS), st.frozensets(st.sampled_from(["read", "write"]))
    ),
    namespaces=st.dictionaries(
        st.sampled_from([ADA, BOB, ACME]), st.frozensets(st.sampled_from(["read", "write"]))
    ),
    reads_gated=st.booleans(),
)
ACTORS = st.builds(
    lambda pk, is_admin, role, groups, grant, sees_public: (
        Actor(sees_public=sees_public)
        if pk is None
        else Actor(pk, "x", is_admin, role, groups, frozenset(), grant, sees_public)
    ),
    PEOPLE,
    st.booleans(),
    st.dictionaries(st.just(ACME), ROLES),
    st.dictionaries(st.sampled_from([GROUP, 6]), ROLES),
    GRANTS,
    st.booleans(),
)


@pytest.fixture(scope="module")
def shelf(stores: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Repositories of each owner, private and public, in a resource group and in none."""
    folder = tmp_path_factory.mktemp("rule")
    database = StoreSettings.from_environment(folder).open_database(folder)
    database.migrate()
    kinds = ((False, False), (True, False), (True, True))
    places = product((ADA, BOB, ACME), kinds, (None, GROUP))
    with database.write() as session:
        for pk, name in ((ADA, "ada"), (BOB, "bob"), (ACME, "acme")):
            session.add(Namespace(pk=pk, uid=str(pk) * 24, key=name, name=name, kind="user"))
        session.flush()
        session.add(ResourceGroup(pk=GROUP, uid="5" * 24, org_pk=ACME, name="g"))
        session.flush()
        for uid, (owner, (private, protected), group) in zip(UIDS, places, strict=True):
            row = _repo(owner, private, uid=uid, group=group, protected=protected)
            row.pk = UIDS.index(uid) + 1
            session.add(row)
    yield database
    database.close()


@settings(max_examples=300, deadline=None)
@given(actor=ACTORS)
def test_the_rule_in_sql_shows_what_may_be_read(shelf: Database, actor: Actor) -> None:
    with shelf.read() as session:
        repos = list(session.scalars(select(Repo)))
        shown = set(session.scalars(select(Repo.uid).where(visible_to(actor))))
    allowed = {repo.uid for repo in repos if decide(actor, READ, repo) is Verdict.ALLOW}
    assert shown == allowed


@settings(max_examples=300, deadline=None)
@given(actor=ACTORS, which=st.integers(0, len(UIDS) - 1), action=st.sampled_from(Action))
def test_a_token_only_takes_away(shelf: Database, actor: Actor, which: int, action: Action) -> None:
    with shelf.read() as session:
        repo = session.scalars(select(Repo).where(Repo.uid == UIDS[which])).one()
    bare = replace(actor, grant=None)
    if decide(actor, action, repo) is Verdict.ALLOW:
        assert decide(bare, action, repo) is Verdict.ALLOW
