"""People, organizations, tokens, and who a token stands for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from phub_jupyter.errors import (
    AuthenticationError,
    ConflictError,
    InvalidRequestError,
    NotFoundError,
)
from phub_jupyter.hub.accounts import Accounts
from phub_jupyter.hub.database.tables import Base
from phub_jupyter.hub.settings import StoreSettings

pytestmark = pytest.mark.both_stores


@pytest.fixture
def accounts(tmp_path: Path) -> Iterator[Accounts]:
    """The accounts of a new hub that has one person, ada."""
    database = StoreSettings.from_environment(tmp_path).open_database(tmp_path)
    database.migrate()
    accounts = Accounts(database)
    accounts.add_user("ada")
    yield accounts
    database.close()


def test_names_are_found_in_any_case_and_kept_as_written(accounts: Accounts) -> None:
    accounts.add_user("Grace", fullname="Grace H.")
    found = accounts.find("gRACE")
    assert found is not None
    assert (found.name, found.fullname, found.kind) == ("Grace", "Grace H.", "user")


@pytest.mark.parametrize("name", ["ada", "ADA"])
def test_a_name_is_given_once_to_people_and_organizations(accounts: Accounts, name: str) -> None:
    with pytest.raises(ConflictError, match=name):
        accounts.add_user(name)
    with pytest.raises(ConflictError, match=name):
        accounts.add_org(name, "ada")


@pytest.mark.parametrize("name", ["api", "-x", "a..b", "a/b", "", "x" * 97, "a b", "é"])
def test_names_that_would_break_addresses_are_refused(accounts: Accounts, name: str) -> None:
    with pytest.raises(InvalidRequestError, match="namespace"):
        accounts.add_user(name)


def test_an_organization_has_its_owner_as_administrator(accounts: Accounts) -> None:
    accounts.add_org("acme", "Ada")
    accounts.add_user("bob")
    accounts.add_member("acme", "bob", "read")
    accounts.add_member("acme", "bob", "write")
    ada, bob = accounts.actor_for_user("ada"), accounts.actor_for_user("bob")
    assert [(org.name, role) for org, role in accounts.orgs_of(ada)] == [("acme", "admin")]
    assert [(org.name, role) for org, role in accounts.orgs_of(bob)] == [("acme", "write")]


def test_an_organization_without_a_known_owner_is_not_made(accounts: Accounts) -> None:
    with pytest.raises(NotFoundError, match="nobody"):
        accounts.add_org("acme", "nobody")
    assert accounts.find("acme") is None


def test_members_need_a_known_role_organization_and_person(accounts: Accounts) -> None:
    accounts.add_org("acme", "ada")
    with pytest.raises(InvalidRequestError, match="role"):
        accounts.add_member("acme", "ada", "king")
    with pytest.raises(NotFoundError, match="organization"):
        accounts.add_member("ada", "ada", "read")
    with pytest.raises(NotFoundError, match="user"):
        accounts.add_member("acme", "acme", "read")


def test_ensure_user_adds_promotes_and_never_demotes(accounts: Accounts) -> None:
    assert not accounts.ensure_user("ada", admin=False).is_admin
    assert accounts.ensure_user("ada", admin=True).is_admin
    assert accounts.ensure_user("ada", admin=False).is_admin
    assert accounts.actor_for_user("ada").is_hub_admin
    assert accounts.ensure_user("new", admin=True).is_admin


def test_an_organization_cannot_be_taken_for_a_person(accounts: Accounts) -> None:
    accounts.add_org("acme", "ada")
    with pytest.raises(NotFoundError, match="acme"):
        accounts.ensure_user("acme", admin=True)


def test_a_token_stands_for_its_person(accounts: Accounts) -> None:
    text = accounts.add_token("ada", name="laptop", role="write")
    assert text.startswith("hf_")
    actor = accounts.actor_for_token(text)
    assert actor.name == "ada"
    assert actor.grant is not None
    assert (actor.grant.name, actor.grant.role) == ("laptop", "write")
    assert accounts.token(actor.grant.pk).last_used_at is not None
    assert [token.name for token in accounts.tokens_of("ada")] == ["laptop"]


def test_only_the_hash_of_a_token_is_kept(accounts: Accounts, tmp_path: Path) -> None:
    text = accounts.add_token("ada", name="laptop", role="write")
    database = StoreSettings.from_environment(tmp_path).open_database(tmp_path)
    with database.read() as session:
        dump = str([session.execute(select(t)).all() for t in Base.metadata.sorted_tables])
    database.close()
    assert "laptop" in dump
    assert text.removeprefix("hf_") not in dump


def test_unknown_revoked_and_expired_tokens_are_refused_alike(accounts: Accounts) -> None:
    revoked = accounts.add_token("ada", name="a", role="read")
    accounts.revoke_token(revoked)
    accounts.revoke_token(revoked)
    brief = accounts.add_token("ada", name="b", role="read", lifetime=timedelta(microseconds=1))
    for text in ("hf_" + "x" * 40, "", revoked, brief):
        with pytest.raises(AuthenticationError, match="^Invalid credentials in Authorization"):
            accounts.actor_for_token(text)


def test_scopes_are_kept_by_repository(accounts: Accounts) -> None:
    scope = {"type": "model", "id": "1" * 24, "rights": ["read", "write"]}
    text = accounts.add_token("ada", name="space", role="fineGrained", scopes=[scope])
    grant = accounts.actor_for_token(text).grant
    assert grant is not None
    assert dict(grant.scopes) == {"1" * 24: frozenset({"read", "write"})}


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("role", {"role": "owner"}),
        ("lifetime", {"lifetime": timedelta(0)}),
        ("scopes", {"scopes": [{"type": "model", "rights": ["read"]}]}),
        ("scopes", {"scopes": [{"type": "model", "id": "1", "rights": ["admin"]}]}),
        ("scopes", {"scopes": [{"type": "model", "id": "1", "rights": []}]}),
    ],
)
def test_a_token_with_nonsense_is_not_made(
    accounts: Accounts, field: str, changes: dict[str, Any]
) -> None:
    with pytest.raises(InvalidRequestError, match=field):
        accounts.add_token("ada", **{"name": "x", "role": "fineGrained", **changes})
    assert accounts.tokens_of("ada") == []


def test_a_token_for_nobody_says_how_to_add_the_person(accounts: Accounts) -> None:
    with pytest.raises(NotFoundError, match="phub user add"):
        accounts.add_token("nobody", name="x", role="read")
