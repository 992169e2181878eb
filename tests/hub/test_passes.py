"""Passes: a right is asked for again at each use, whatever the pass says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from phub_jupyter.errors import AuthenticationError, ForbiddenError, HubError, RepoNotFoundError
from phub_jupyter.hub.access import ANONYMOUS, Action, Actor, require
from phub_jupyter.hub.accounts import Accounts
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import Member, Repo
from phub_jupyter.hub.objects.passes import Pass, Passes
from phub_jupyter.hub.objects.tickets import Tickets
from phub_jupyter.hub.settings import StoreSettings

pytestmark = pytest.mark.both_stores

HOUR = timedelta(hours=1)


@dataclass
class Office:
    """Ada owns the organization labs with its repository; bob is a member who may write."""

    database: Database
    accounts: Accounts
    passes: Passes
    repo: Repo

    def issue(self, actor: Actor, action: Action = Action.WRITE) -> str:
        return self.passes.issue("test", Pass(actor, action, self.repo, {"size": 3}), HOUR)

    def set_private(self, private: bool) -> None:
        with self.database.write() as session:
            session.execute(update(Repo).values(private=private))


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    database = StoreSettings.from_environment(tmp_path).open_database(tmp_path)
    database.migrate()
    accounts = Accounts(database)
    accounts.add_user("ada", admin=False)
    accounts.add_user("bob", admin=False)
    accounts.add_org("labs", owner="ada")
    accounts.add_member("labs", "bob", "write")
    labs = accounts.find("labs")
    assert labs is not None
    with database.write() as session:
        repo = Repo(
            uid="r1",
            key="model/labs/m",
            type="model",
            namespace_pk=labs.pk,
            namespace="labs",
            name="m",
            private=True,
            created_by=labs.pk,
        )
        session.add(repo)
    yield Office(database, accounts, Passes(Tickets(b"s" * 32), database, accounts), repo)
    database.close()


def test_a_pass_gives_back_person_right_and_claims(office: Office) -> None:
    found = office.passes.open("test", office.issue(office.accounts.actor_for_user("bob")))
    assert (found.actor.name, found.action, found.repo.uid) == ("bob", Action.WRITE, "r1")
    assert found.claims == {"size": 3}
    with pytest.raises(ForbiddenError):
        office.passes.open("other", office.issue(found.actor))


def test_a_pass_is_worth_nothing_once_its_holder_left(office: Office) -> None:
    text = office.issue(office.accounts.actor_for_user("bob"))
    with office.database.write() as session:
        session.execute(delete(Member).where(Member.role == "write"))
    with pytest.raises(RepoNotFoundError):
        office.passes.open("test", text)
    office.set_private(False)
    with pytest.raises(ForbiddenError):
        office.passes.open("test", text)


def test_a_pass_ends_with_its_token_and_is_no_wider(office: Office) -> None:
    token = office.accounts.add_token("bob", name="t", role="read")
    actor = office.accounts.actor_for_token(token)
    reading = office.issue(actor, Action.READ)
    found = office.passes.open("test", reading)
    with pytest.raises(ForbiddenError):
        require(found.actor, Action.WRITE, found.repo)
    with pytest.raises(ForbiddenError):
        office.passes.open("test", office.issue(actor, Action.WRITE))
    office.accounts.revoke_token(token)
    with pytest.raises(ForbiddenError, match="no longer"):
        office.passes.open("test", reading)
    office.accounts.add_token("bob", name="next", role="admin")  # it may get the same number
    with pytest.raises(ForbiddenError, match="no longer"):
        office.passes.open("test", reading)


def test_a_fine_grained_token_stays_within_its_scopes(office: Office) -> None:
    for uid, allowed in (("r1", True), ("r2", False)):
        scopes = [{"type": "model", "id": uid, "rights": ["read"]}]
        token = office.accounts.add_token("bob", name=uid, role="fineGrained", scopes=scopes)
        text = office.issue(office.accounts.actor_for_token(token), Action.READ)
        if allowed:
            assert office.passes.open("test", text).repo.uid == "r1"
        else:
            with pytest.raises(RepoNotFoundError):
                office.passes.open("test", text)


def test_nobody_in_particular(office: Office) -> None:
    text = office.issue(ANONYMOUS, Action.READ)
    with pytest.raises(RepoNotFoundError):
        office.passes.open("test", text)
    office.set_private(False)
    assert office.passes.open("test", text).actor.is_anonymous
    with pytest.raises(AuthenticationError):
        office.passes.open("test", office.issue(ANONYMOUS))
    stranger = office.issue(Actor(sees_public=False), Action.READ)
    with pytest.raises(HubError):
        office.passes.open("test", stranger)


def test_a_pass_for_a_deleted_repository(office: Office) -> None:
    text = office.issue(office.accounts.actor_for_user("bob"))
    with office.database.write() as session:
        session.execute(delete(Repo))
    with pytest.raises(RepoNotFoundError):
        office.passes.open("test", text)
