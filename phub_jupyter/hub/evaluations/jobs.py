"""Evaluations that people asked the hub for: written down, looked up, taken up one by one."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, select, update

from phub_jupyter.errors import (
    AuthenticationError,
    ConflictError,
    InvalidRequestError,
    MovedError,
    NotFoundError,
    OverloadedError,
    RepoNotFoundError,
)
from phub_jupyter.eval_results import names_of
from phub_jupyter.hub.access import Action, Actor, Verdict, decide, require_own
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import EvaluationJob, Repo, utc_now
from phub_jupyter.hub.evaluations.wishes import Wish
from phub_jupyter.hub.objects.passes import Pass, Passes
from phub_jupyter.hub.repos.repositories import Repositories
from phub_jupyter.identifiers import RepoType

__all__ = ["EvaluationJobs"]

_MOST_WAITING = 20
_PURPOSE = "evaluation source"
_LONGEST_WAIT = timedelta(days=30)
_ENDED = ("finished", "failed", "cancelled")
_NO_SUCH = "There is no such evaluation, or it is not yours."


class EvaluationJobs:
    """The queue. A job belongs to the person who asked, and nobody else sees it.

    For each repository it keeps a pass, so that it may do no more than the credentials that asked
    for it may do by then.
    """

    def __init__(self, database: Database, repositories: Repositories, passes: Passes) -> None:
        self._database = database
        self._repositories = repositories
        self._passes = passes

    def add(self, actor: Actor, wish: Wish) -> EvaluationJob:
        """Queue an evaluation of what the actor may read, as it is now.

        With ``push`` the actor must be allowed to propose to each model. Raises what the access
        function says, InvalidRequestError, NotSupportedError for tasks that nothing can judge,
        OverloadedError when too many of the actor's wait.
        """
        owner = require_own(actor)
        action = Action.PROPOSE if wish.push else Action.CONTENT
        models = [self._source(actor, action, RepoType.MODEL, name) for name in wish.models]
        dataset = self._source(actor, Action.CONTENT, RepoType.DATASET, wish.dataset)[1]
        settings = wish.for_task(wish.settings["task"] or _task(repo for repo, _ in models))
        sources = [source for _, source in models]
        names = names_of(sources, push=wish.push)
        job = EvaluationJob(
            uid=secrets.token_hex(16),
            user_pk=owner,
            settings=settings,
            models=[{**source, "name": name} for source, name in zip(sources, names, strict=True)],
            dataset=dataset,
            push=wish.push,
        )
        with self._database.write() as session:
            waiting = select(func.count()).where(
                EvaluationJob.user_pk == owner, EvaluationJob.status.in_(("queued", "running"))
            )
            if (session.scalar(waiting) or 0) >= _MOST_WAITING:
                raise OverloadedError(
                    f"You have {_MOST_WAITING} evaluations waiting; cancel one, or come again "
                    "when some are done.",
                    retry_after=60,
                )
            session.add(job)
        return job

    def of(self, actor: Actor, limit: int) -> list[EvaluationJob]:
        """The newest evaluations of a person; those over what they may not read are left out."""
        query = select(EvaluationJob).where(EvaluationJob.user_pk == _person(actor))
        with self._database.read() as session:
            rows = list(session.scalars(query.order_by(EvaluationJob.pk.desc()).limit(limit)))
        known = self._readable(actor, rows)
        return [row for row in rows if _uids(row) <= known]

    def find(self, actor: Actor, uid: str) -> EvaluationJob:
        """One of the actor's evaluations, if they may still read all that it is about.

        Raises NotFoundError.
        """
        row = self._own(actor, uid)
        if not _uids(row) <= self._readable(actor, [row]):
            raise NotFoundError(_NO_SUCH)
        return row

    def remove(self, actor: Actor, uid: str) -> EvaluationJob:
        """Cancel an evaluation, or forget one that has ended; returns it as it was.

        Raises NotFoundError; ConflictError if it ends at this moment.
        """
        require_own(actor)
        row = self._own(actor, uid)
        with self._database.write() as session:
            if row.status in _ENDED:
                session.execute(delete(EvaluationJob).where(EvaluationJob.uid == uid))
                return row
            changed = session.execute(
                update(EvaluationJob)
                .where(EvaluationJob.uid == uid, EvaluationJob.status.not_in(_ENDED))
                .values(status="cancelled", ended_at=utc_now())
                .returning(EvaluationJob.pk)
            )
            if not changed.all():
                raise ConflictError("It has just ended; ask again.")
        return row

    def recover(self) -> None:
        """Queue again what was running when the hub ended."""
        with self._database.write() as session:
            session.execute(
                update(EvaluationJob)
                .where(EvaluationJob.status == "running")
                .values(status="queued")
            )

    def take(self) -> EvaluationJob | None:
        """The oldest job that waits; it counts as running from now on."""
        with self._database.write() as session:
            row = session.scalar(
                select(EvaluationJob)
                .where(EvaluationJob.status == "queued")
                .order_by(EvaluationJob.pk)
                .limit(1)
            )
            if row is not None:
                row.status = "running"
                row.started_at = row.started_at or utc_now()
        return row

    def is_running(self, job: EvaluationJob) -> bool:
        """Whether nobody has cancelled it meanwhile."""
        with self._database.read() as session:
            query = select(EvaluationJob.status).where(EvaluationJob.uid == job.uid)
            return session.scalar(query) == "running"

    def end(self, job: EvaluationJob, status: str, reason: str = "") -> None:
        """Write down how a running job ended; one that was cancelled stays so."""
        with self._database.write() as session:
            session.execute(
                update(EvaluationJob)
                .where(EvaluationJob.uid == job.uid, EvaluationJob.status == "running")
                .values(status=status, reason=reason, ended_at=utc_now())
            )

    def note_pushed(self, job: EvaluationJob, place: Mapping[str, Any]) -> None:
        """Write down where the results of one model went, so that they go there once."""
        job.pushed = [*job.pushed, dict(place)]
        with self._database.write() as session:
            session.execute(
                update(EvaluationJob).where(EvaluationJob.uid == job.uid).values(pushed=job.pushed)
            )

    def right(self, source: Mapping[str, Any]) -> Pass:
        """What the credentials that asked for a job may still do to one of its repositories.

        Raises ForbiddenError, RepoNotFoundError.
        """
        return self._passes.open(_PURPOSE, source["pass"])

    def _source(
        self, actor: Actor, action: Action, kind: RepoType, named: str
    ) -> tuple[Repo, dict[str, Any]]:
        name, _, revision = named.partition("@")
        try:
            repo = self._repositories.find(actor, action, kind, name)
        except MovedError as moved:
            repo = self._repositories.find(actor, action, kind, moved.name)
        except RepoNotFoundError:
            raise RepoNotFoundError(
                f"{kind}: there is no {kind} {name}, or you have no access to it."
            ) from None
        commit = self._repositories.open(repo).resolve(revision or "main")
        return repo, {
            "repo": f"{repo.namespace}/{repo.name}",
            "uid": repo.uid,
            "commit": commit,
            "pass": self._passes.issue(_PURPOSE, Pass(actor, action, repo), _LONGEST_WAIT),
        }

    def _own(self, actor: Actor, uid: str) -> EvaluationJob:
        owner = _person(actor)
        with self._database.read() as session:
            row = session.scalar(select(EvaluationJob).where(EvaluationJob.uid == uid))
        if row is None or row.user_pk != owner:
            raise NotFoundError(_NO_SUCH)
        return row

    def _readable(self, actor: Actor, rows: Iterable[EvaluationJob]) -> set[str]:
        wanted = set[str]().union(*(_uids(row) for row in rows))
        with self._database.read() as session:
            found = session.scalars(select(Repo).where(Repo.uid.in_(wanted))).all()
        return {repo.uid for repo in found if decide(actor, Action.CONTENT, repo) is Verdict.ALLOW}


def _person(actor: Actor) -> int:
    if actor.pk is None:
        raise AuthenticationError("Log in: evaluations belong to the person who asked for them.")
    return actor.pk


def _uids(row: EvaluationJob) -> set[str]:
    return {row.dataset["uid"], *(each["uid"] for each in row.models)}


def _task(models: Iterable[Repo]) -> str:
    """The task that all models are for. Raises InvalidRequestError."""
    tasks = {f"{repo.namespace}/{repo.name}": repo.pipeline_tag for repo in models}
    for name, task in tasks.items():
        if not task:
            raise InvalidRequestError(
                f"task: {name} does not say what it is for; send task, or write pipeline_tag into "
                "its card."
            )
    if len(set(tasks.values())) > 1:
        told = ", ".join(f"{name} is for {task}" for name, task in tasks.items())
        raise InvalidRequestError(f"task: {told}; compare models of one task, or send task.")
    return str(next(iter(tasks.values())))
