"""Trusted publishers: jobs of a CI that may write one repository without a secret of the hub.

A job shows the id token that its CI gave it and gets a token of the hub for an hour. It acts for
the person who trusted it, on this repository alone, and no longer than that person may write there.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from phub_jupyter.errors import ForbiddenError, HubError, InvalidRequestError, NotFoundError
from phub_jupyter.hub.access import Action, Actor, Verdict, decide, require_own
from phub_jupyter.hub.accounts import Accounts, new_uid
from phub_jupyter.hub.apps.issuers import Issuers, Job
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import (
    Namespace,
    Repo,
    SubjectUse,
    Token,
    TrustedPublisher,
    utc_now,
)
from phub_jupyter.hub.repos.destinations import repo_key
from phub_jupyter.identifiers import RepoId, RepoType

__all__ = ["JobToken", "TrustedPublishers"]

_LOG = logging.getLogger("phub")
_LIFETIME = timedelta(hours=1)
_MOST_USES = 20
"""How often one id token is exchanged: each process of a job does so once."""

_MOST_PUBLISHERS = 20
_MOST_CLAIMS = 20
_LONGEST_CLAIM = 512
_WHICH_PROJECT = ("repository", "repository_id", "project_path", "project_id", "sub")
_MAY_END_IN_STAR = ("ref", "ref_path")


@dataclass(frozen=True, slots=True)
class JobToken:
    """What a job gets, and for how many seconds."""

    access_token: str
    expires_in: int


class TrustedPublishers:
    """The jobs that each repository trusts, and their tokens."""

    def __init__(self, database: Database, accounts: Accounts, issuers: Issuers) -> None:
        self._database = database
        self._accounts = accounts
        self.issuers = issuers

    def all(self, repo: Repo) -> list[tuple[TrustedPublisher, str]]:
        """The publishers of a repository, each with who trusts it."""
        query = (
            select(TrustedPublisher, Namespace.name)
            .join(Namespace, Namespace.pk == TrustedPublisher.user_pk)
            .where(TrustedPublisher.repo_pk == repo.pk)
            .order_by(TrustedPublisher.pk)
        )
        with self._database.read() as session:
            return [(row, name) for row, name in session.execute(query)]

    def add(
        self, actor: Actor, repo: Repo, issuer: str, claims: Mapping[str, Any]
    ) -> TrustedPublisher:
        """Trust the jobs of ``issuer`` that have all these claims."""
        pk = require_own(actor)
        if self._accounts.end_of(actor) is not None:
            raise ForbiddenError("token: use one that does not expire; a publisher stays.")
        if issuer not in self.issuers.names:
            known = ", ".join(self.issuers.names) or "none yet"
            raise InvalidRequestError(
                f"issuer: this hub trusts {known}; an administrator can add '{issuer[:200]}'."
            )
        row = TrustedPublisher(
            uid=new_uid(), repo_pk=repo.pk, user_pk=pk, issuer=issuer, claims=_checked(claims)
        )
        with self._database.write() as session:
            count = select(func.count()).where(TrustedPublisher.repo_pk == repo.pk)
            if (session.scalar(count) or 0) >= _MOST_PUBLISHERS:
                raise InvalidRequestError(f"publishers: at most {_MOST_PUBLISHERS}; remove one.")
            session.add(row)
        return row

    def remove(self, repo: Repo, uid: str) -> None:
        """Trust those jobs no more; the tokens that they have end."""
        with self._database.write() as session:
            done = session.execute(
                delete(TrustedPublisher).where(
                    TrustedPublisher.repo_pk == repo.pk, TrustedPublisher.uid == uid
                )
            )
        if not getattr(done, "rowcount", 0):
            raise NotFoundError(f"publisher: the repository trusts no '{uid}'.")

    def exchange(self, subject_token: str, resource: str) -> JobToken:
        """A token of the hub for the id token of a job.

        Raises ForbiddenError, in the same words whether the repository is missing, hidden, or
        trusts other jobs, and InvalidRequestError for a resource that is none.
        """
        key = _key_of(resource)
        job = self.issuers.verify(subject_token)
        found = self._trusting(key, job)
        if found is None:
            raise ForbiddenError(
                f"resource: {resource} trusts no job with these claims; see its publishers."
            )
        with self._database.write() as session:
            self._count(session, job)
            return self._issue(session, *found, job)

    def _trusting(self, key: str, job: Job) -> tuple[TrustedPublisher, Repo, Namespace] | None:
        query = (
            select(TrustedPublisher, Repo, Namespace)
            .join(Repo, Repo.pk == TrustedPublisher.repo_pk)
            .join(Namespace, Namespace.pk == TrustedPublisher.user_pk)
            .where(Repo.key == key, TrustedPublisher.issuer == job.issuer)
            .order_by(TrustedPublisher.pk)
        )
        with self._database.read() as session:
            rows = [(row[0], row[1], row[2]) for row in session.execute(query)]
        for publisher, repo, person in rows:
            actor = self._accounts.actor_for_user(person.name)
            writes = decide(actor, Action.WRITE, repo) is Verdict.ALLOW
            if writes and _fits(publisher.claims, job.claims):
                return publisher, repo, person
        return None

    def _count(self, session: Session, job: Job) -> None:
        now = utc_now()
        session.execute(delete(SubjectUse).where(SubjectUse.expires_at <= now))
        use = session.get(SubjectUse, job.fingerprint)
        if use is None:
            ends = datetime.fromtimestamp(job.ends, UTC) + timedelta(minutes=5)
            use = SubjectUse(digest=job.fingerprint, uses=0, expires_at=ends)
            session.add(use)
        if use.uses >= _MOST_USES:
            raise ForbiddenError(
                f"subject_token: it was exchanged {_MOST_USES} times; exchange once, and keep the "
                "token for the job."
            )
        use.uses += 1

    def _issue(
        self,
        session: Session,
        publisher: TrustedPublisher,
        repo: Repo,
        person: Namespace,
        job: Job,
    ) -> JobToken:
        now = utc_now()
        subject = _printable(str(job.claims.get("sub", "")))
        text, row = self._accounts.new_token(
            person,
            name=f"job {subject}"[:255],
            role="fineGrained",
            scopes=[{"type": repo.type, "id": repo.uid, "rights": ["read", "write"]}],
            lifetime=_LIFETIME,
        )
        row.publisher_pk = publisher.pk
        over = (Token.publisher_pk == publisher.pk, Token.expires_at <= now)
        session.execute(delete(Token).where(*over))
        session.add(row)
        kept = session.get_one(TrustedPublisher, publisher.pk)
        kept.last_used_at, kept.last_subject = now, subject
        _LOG.info(
            "A job of %s (%r) may write %s/%s for %s.",
            job.issuer, subject, repo.namespace, repo.name, person.name,
        )  # fmt: skip
        return JobToken(text, int(_LIFETIME.total_seconds()))


def _key_of(resource: str) -> str:
    kind, _, rest = resource.partition("/")
    try:
        if resource.count("/") == 2 and kind.endswith("s"):
            return repo_key(RepoType.parse(kind.removesuffix("s")), RepoId.parse(rest))
        if resource.count("/") == 1:
            return repo_key(RepoType.MODEL, RepoId.parse(resource))
    except HubError:
        pass
    raise InvalidRequestError(
        "resource: name one repository, NAMESPACE/NAME, or datasets/NAMESPACE/NAME and so on."
    )


def _checked(claims: Mapping[str, Any]) -> dict[str, Any]:
    if not 0 < len(claims) <= _MOST_CLAIMS:
        raise InvalidRequestError(f"claims: send 1 to {_MOST_CLAIMS}.")
    if not any(name in claims for name in _WHICH_PROJECT):
        raise InvalidRequestError(
            f"claims: name the project by one of {', '.join(_WHICH_PROJECT)}; otherwise every "
            "project of that CI could write here."
        )
    return {name: _checked_value(name, value) for name, value in claims.items()}


def _checked_value(name: str, value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_CLAIM or "\0" in value:
        raise InvalidRequestError(f"claims: {name[:64]} needs a text, as it is in the id token.")
    stars = value.count("*")
    if stars > (1 if name in _MAY_END_IN_STAR and value.endswith("*") and len(value) > 1 else 0):
        raise InvalidRequestError(
            f"claims: {name[:64]} must be the whole value; only {' and '.join(_MAY_END_IN_STAR)} "
            "may end in *."
        )
    return value


def _printable(subject: str) -> str:
    return "".join(letter for letter in subject if letter.isprintable())[:200]


def _fits(wanted: Mapping[str, str], claims: Mapping[str, Any]) -> bool:
    return all(_same(value, claims.get(name)) for name, value in wanted.items())


def _same(wanted: str, found: Any) -> bool:
    if isinstance(found, bool):
        return wanted == ("true" if found else "false")
    if isinstance(found, int):
        return wanted == str(found)
    if not isinstance(found, str):
        return False
    return found.startswith(wanted[:-1]) if wanted.endswith("*") else found == wanted
