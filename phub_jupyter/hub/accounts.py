"""People, organizations, their roles, and the tokens that programs use."""

from __future__ import annotations

import hashlib
import logging
import secrets
import string
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from phub_jupyter.errors import (
    AuthenticationError,
    ConflictError,
    InvalidRequestError,
    NotFoundError,
)
from phub_jupyter.hub.access import Actor, Grant
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.changes import Remembered
from phub_jupyter.hub.database.tables import (
    AccessRequest,
    GroupMember,
    Member,
    Namespace,
    Token,
    utc_now,
)
from phub_jupyter.identifiers import parse_namespace

__all__ = [
    "ORG_ROLES",
    "TOKEN_ROLES",
    "Accounts",
    "account_named",
    "grant_of",
    "new_uid",
    "no_account",
]

ORG_ROLES = ("read", "contributor", "write", "admin")
TOKEN_ROLES = ("read", "write", "admin", "fineGrained")

_ALPHABET = string.ascii_letters + string.digits
_INVALID = "Invalid credentials in Authorization header"
_UID = 32  # characters of a digest that are enough to know a token by
_LOG = logging.getLogger("phub")
_USE_NOTED_EVERY = timedelta(minutes=1)


def new_uid() -> str:
    """A new id of 24 hex digits, as the public hub gives to everything that can be renamed."""
    return secrets.token_hex(12)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class Accounts:
    """Keeps the accounts of a hub and tells which actor a token stands for."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: Remembered[tuple[Actor, datetime | None]] = Remembered(database.version)

    def add_user(
        self, name: str, *, admin: bool = False, fullname: str = "", email: str | None = None
    ) -> Namespace:
        """Add a person. Raises InvalidRequestError or ConflictError naming the name."""
        return self._add(name, "user", fullname=fullname, email=email, is_admin=admin)

    def add_org(self, name: str, owner: str) -> Namespace:
        """Add an organization with its first administrator."""
        return self._add(name, "org", owner=self._person(owner))

    def add_member(self, org: str, user: str, role: str) -> None:
        """Give a person a role in an organization, replacing an earlier one."""
        if role not in ORG_ROLES:
            raise InvalidRequestError(f"role: '{role}' is not one of {', '.join(ORG_ROLES)}.")
        found = self.find(org)
        if found is None or found.kind != "org":
            raise NotFoundError(f"organization: there is no organization '{org}'.")
        self._put_member(found.pk, self._person(user).pk, role)

    def find(self, name: str) -> Namespace | None:
        """The person or organization of that name, in any spelling of its case."""
        with self._database.read() as session:
            return session.scalar(select(Namespace).where(Namespace.key == name.lower()))

    def people(self) -> list[Namespace]:
        """Every person of the hub, by name; organizations are not among them."""
        with self._database.read() as session:
            query = select(Namespace).where(Namespace.kind == "user").order_by(Namespace.key)
            return list(session.scalars(query))

    def name_of(self, pk: int) -> str:
        """The name of the account with that key. Raises NotFoundError."""
        with self._database.read() as session:
            found = session.get(Namespace, pk)
        if found is None:
            raise NotFoundError("user: the account does not exist any more.")
        return found.name

    def ensure_user(self, name: str, admin: bool) -> Namespace:
        """The person of that name, added if missing, made administrator if ``admin``."""
        try:
            return self.add_user(name, admin=admin)
        except ConflictError:
            found = self._person(name)
        if admin and not found.is_admin:
            with self._database.write() as session:
                session.merge(found).is_admin = True
            found = self._person(name)
        return found

    def add_token(
        self,
        user: str,
        *,
        name: str,
        role: str,
        scopes: Iterable[Mapping[str, Any]] | None = None,
        lifetime: timedelta | None = None,
        reads_gated: bool = False,
    ) -> str:
        """Mint a token and return its text, which is not kept and cannot be shown again."""
        text, row = self.new_token(
            self._person(user),
            name=name,
            role=role,
            scopes=scopes,
            lifetime=lifetime,
            reads_gated=reads_gated,
        )
        with self._database.write() as session:
            session.add(row)
        return text

    def new_token(
        self,
        person: Namespace,
        *,
        name: str,
        role: str,
        scopes: Iterable[Mapping[str, Any]] | None = None,
        lifetime: timedelta | None = None,
        reads_gated: bool = False,
    ) -> tuple[str, Token]:
        """The text of a new token, and the row that makes it valid once it is in the database."""
        if role not in TOKEN_ROLES:
            raise InvalidRequestError(f"role: '{role}' is not one of {', '.join(TOKEN_ROLES)}.")
        if lifetime is not None and lifetime <= timedelta(0):
            raise InvalidRequestError("lifetime: a token must be valid for some time.")
        rights = [_checked_scope(scope) for scope in scopes or ()]
        text = "hf_" + "".join(secrets.choice(_ALPHABET) for _ in range(40))
        row = Token(
            user_pk=person.pk,
            name=name,
            digest=_digest(text),
            role=role,
            scopes=rights,
            reads_gated=reads_gated,
            expires_at=None if lifetime is None else utc_now() + lifetime,
        )
        return text, row

    def revoke_token(self, text: str) -> None:
        """Make a token worthless from now on; one that is not known is that already."""
        with self._database.write() as session:
            session.execute(delete(Token).where(Token.digest == _digest(text)))

    def token(self, pk: int) -> Token:
        """The row of a token that `actor_for_token` has just accepted."""
        with self._database.read() as session:
            return session.get_one(Token, pk)

    def end_of(self, actor: Actor) -> datetime | None:
        """When the token of the actor ends; None for sessions and tokens without end."""
        return None if actor.grant is None else self.token(actor.grant.pk).expires_at

    def tokens_of(self, user: str) -> list[Token]:
        """A person's tokens, oldest first."""
        person = self._person(user)
        with self._database.read() as session:
            query = select(Token).where(Token.user_pk == person.pk).order_by(Token.pk)
            return list(session.scalars(query))

    def actor_for_token(self, text: str) -> Actor:
        """Who a token stands for. Raises AuthenticationError if it is unknown or expired."""
        version = self._known.now()
        with self._database.read() as session:
            row = session.execute(
                select(Token, Namespace)
                .join(Namespace, Namespace.pk == Token.user_pk)
                .where(Token.digest == _digest(text))
            ).first()
            if row is None or (row.Token.expires_at and row.Token.expires_at <= utc_now()):
                raise AuthenticationError(_INVALID)
            actor = _actor(session, row.Namespace, grant_of(row.Token))
        self._note_use(row.Token)
        self._known.put(_digest(text), (actor, row.Token.expires_at), version)
        return actor

    def known_actor(self, text: str) -> Actor | None:
        """The same without asking the database, if nothing was written to it since; else None."""
        known = self._known.get(_digest(text))
        if known is None:
            return None
        actor, expires_at = known
        return actor if expires_at is None or expires_at > utc_now() else None

    def actor_for_user(self, name: str) -> Actor:
        """A person in a session of their own, without a token that narrows their rights."""
        person = self._person(name)
        with self._database.read() as session:
            return _actor(session, person, None)

    def orgs_of(self, actor: Actor) -> list[tuple[Namespace, str]]:
        """The organizations a person is in, by name, each with the person's role."""
        with self._database.read() as session:
            query = select(Namespace).where(Namespace.pk.in_(actor.roles)).order_by(Namespace.key)
            return [(org, actor.roles[org.pk]) for org in session.scalars(query)]

    def _add(
        self, name: str, kind: str, *, owner: Namespace | None = None, **columns: Any
    ) -> Namespace:
        row = Namespace(
            uid=new_uid(), key=parse_namespace(name).lower(), name=name, kind=kind, **columns
        )
        try:
            with self._database.write() as session:
                session.add(row)
                if owner is not None:
                    session.flush()
                    session.add(Member(org_pk=row.pk, user_pk=owner.pk, role="admin"))
        except IntegrityError:
            raise ConflictError(f"name: '{name}' is taken; choose another name.") from None
        return row

    def _person(self, name: str) -> Namespace:
        found = self.find(name)
        if found is None or found.kind != "user":
            raise NotFoundError(f"user: there is no user '{name}'; add it with `phub user add`.")
        return found

    def _put_member(self, org_pk: int, user_pk: int, role: str) -> None:
        with self._database.write() as session:
            session.merge(Member(org_pk=org_pk, user_pk=user_pk, role=role))

    def _note_use(self, token: Token) -> None:
        """Write down that a token is in use; reading does not depend on whether that works."""
        now = utc_now()
        if token.last_used_at is not None and now - token.last_used_at <= _USE_NOTED_EVERY:
            return
        try:
            with self._database.write() as session:
                session.execute(update(Token).where(Token.pk == token.pk).values(last_used_at=now))
        except DBAPIError as error:  # a full or read-only disk, or a database that is busy
            _LOG.warning("The use of token %s could not be noted: %s", token.pk, error.orig)


def account_named(session: Session, kind: str, name: str) -> Namespace:
    """The person (kind user) or organization (kind org) of that name, in any spelling of its case.

    Raises NotFoundError.
    """
    query = select(Namespace).where(Namespace.key == name.lower(), Namespace.kind == kind)
    found = session.scalars(query).one_or_none()
    if found is None:
        raise no_account(kind, name)
    return found


def no_account(kind: str, name: str) -> NotFoundError:
    """What to raise for an account that is not there, or that the caller may not know of."""
    word = "user" if kind == "user" else "organization"
    return NotFoundError(f"{word}: there is no {word} '{name}' on this hub.")


def _actor(session: Session, person: Namespace, grant: Grant | None) -> Actor:
    members = session.scalars(select(Member).where(Member.user_pk == person.pk))
    groups = session.scalars(select(GroupMember).where(GroupMember.user_pk == person.pk))
    admitted = session.scalars(
        select(AccessRequest.repo_pk).where(
            AccessRequest.user_pk == person.pk, AccessRequest.status == "accepted"
        )
    )
    return Actor(
        pk=person.pk,
        name=person.name,
        is_admin=person.is_admin,
        roles={member.org_pk: member.role for member in members},
        groups={member.group_pk: member.role for member in groups},
        admitted=frozenset(admitted),
        grant=grant,
    )


def _checked_scope(scope: Mapping[str, Any]) -> dict[str, Any]:
    rights = scope.get("rights")
    if not isinstance(scope.get("id"), str) or not isinstance(rights, list) or not rights:
        raise InvalidRequestError("scopes: each needs the id of a repository and its rights.")
    if not set(rights) <= {"read", "write", "create", "manage"}:
        raise InvalidRequestError("scopes: rights are read, write, create and manage.")
    return dict(scope)


def grant_of(token: Token) -> Grant:
    """What the row of a token allows, as the access rule wants it."""
    scopes: dict[str, frozenset[str]] = {}
    namespaces: dict[int, frozenset[str]] = {}
    for scope in token.scopes:
        if "namespace" in scope:
            namespaces[scope["namespace"]] = frozenset(scope["rights"])
        else:
            scopes[scope["id"]] = frozenset(scope["rights"])
    return Grant(
        pk=token.pk,
        uid=token.digest[:_UID],
        name=token.name,
        role=token.role,
        scopes=scopes,
        namespaces=namespaces,
        reads_gated=token.reads_gated or token.role != "fineGrained",
    )
