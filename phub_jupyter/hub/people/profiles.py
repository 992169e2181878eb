"""What others see of a person or an organization, and who follows whom."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, delete, func, select
from sqlalchemy.orm import Session

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.access import Actor, require_own, visible_to
from phub_jupyter.hub.accounts import account_named, no_account
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import Discussion, Follow, Like, Member, Namespace, Repo

__all__ = ["Profile", "Profiles"]


@dataclass(frozen=True, slots=True)
class Profile:
    """An account with its numbers; of repositories, those count that the asker may see."""

    account: Namespace
    repos: dict[str, int]
    followers: int
    following: int
    likes: int
    discussions: int
    members: int
    followed: bool
    orgs: list[Namespace]


class Profiles:
    """Shows accounts, and keeps who follows whom."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, actor: Actor, kind: str, name: str) -> Profile:
        """The person (kind user) or organization (kind org) of that name.

        Raises NotFoundError, also for strangers to a hub that shows nothing without a login.
        """
        with self._database.read() as session:
            account = _account(session, actor, kind, name)
            return _profile(session, actor, account)

    def members(self, actor: Actor, org: str, after: int, limit: int) -> list[Namespace]:
        """The members of an organization behind the key ``after``."""
        with self._database.read() as session:
            account = _account(session, actor, "org", org)
            query = select(Namespace).join(Member, Member.user_pk == Namespace.pk)
            return _page(session, query.where(Member.org_pk == account.pk), after, limit)

    def followers(
        self, actor: Actor, kind: str, name: str, after: int, limit: int
    ) -> list[Namespace]:
        """Who follows the account."""
        with self._database.read() as session:
            account = _account(session, actor, kind, name)
            query = select(Namespace).join(Follow, Follow.follower_pk == Namespace.pk)
            return _page(session, query.where(Follow.followed_pk == account.pk), after, limit)

    def following(self, actor: Actor, name: str, after: int, limit: int) -> list[Namespace]:
        """Whom a person follows."""
        with self._database.read() as session:
            account = _account(session, actor, "user", name)
            query = select(Namespace).join(Follow, Follow.followed_pk == Namespace.pk)
            return _page(session, query.where(Follow.follower_pk == account.pk), after, limit)

    def follow(self, actor: Actor, kind: str, name: str, follows: bool) -> None:
        """Follow an account, or no longer; saying it twice changes nothing."""
        follower = require_own(actor)
        with self._database.write() as session:
            followed = _account(session, actor, kind, name).pk
            if followed == follower:
                raise InvalidRequestError("name: nobody follows themselves.")
            if follows:
                session.merge(Follow(follower_pk=follower, followed_pk=followed))
            else:
                session.execute(
                    delete(Follow).where(
                        Follow.follower_pk == follower, Follow.followed_pk == followed
                    )
                )


def _account(session: Session, actor: Actor, kind: str, name: str) -> Namespace:
    if actor.is_anonymous and not actor.sees_public:
        raise no_account(kind, name)
    return account_named(session, kind, name)


def _page(session: Session, query: Select[Namespace], after: int, limit: int) -> list[Namespace]:
    page = query.where(Namespace.pk > after).order_by(Namespace.pk).limit(limit)
    return list(session.scalars(page))


def _profile(session: Session, actor: Actor, account: Namespace) -> Profile:
    counted = (
        select(Repo.type, func.count())
        .where(Repo.namespace_pk == account.pk, visible_to(actor))
        .group_by(Repo.type)
    )
    orgs = (
        select(Namespace)
        .join(Member, Member.org_pk == Namespace.pk)
        .where(Member.user_pk == account.pk)
        .order_by(Namespace.key)
    )
    return Profile(
        account=account,
        repos={row[0]: row[1] for row in session.execute(counted)},
        followers=_count(session, Follow.followed_pk == account.pk),
        following=_count(session, Follow.follower_pk == account.pk),
        likes=_count(session, Like.user_pk == account.pk),
        discussions=_discussions(session, actor, account),
        members=_count(session, Member.org_pk == account.pk),
        followed=actor.pk is not None and session.get(Follow, (actor.pk, account.pk)) is not None,
        orgs=list(session.scalars(orgs)),
    )


def _discussions(session: Session, actor: Actor, account: Namespace) -> int:
    query = (
        select(func.count())
        .select_from(Discussion)
        .join(Repo, Repo.pk == Discussion.repo_pk)
        .where(Discussion.author_pk == account.pk, visible_to(actor))
    )
    return session.scalar(query) or 0


def _count(session: Session, condition: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).where(condition)) or 0
