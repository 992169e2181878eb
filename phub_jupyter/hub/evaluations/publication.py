"""Puts what the hub computed into the models' repositories, with the hub's signature under it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from phub_jupyter import __version__
from phub_jupyter.card_results import card_with
from phub_jupyter.errors import (
    ConflictError,
    EntryNotFoundError,
    InvalidRequestError,
    StaleParentError,
)
from phub_jupyter.eval_results import (
    EvalResult,
    file_of,
    from_report,
    merged,
    read_results,
    write_results,
)
from phub_jupyter.hub.access import Action, Actor, Verdict, decide, require
from phub_jupyter.hub.community.pull_requests import PullRequests
from phub_jupyter.hub.database.tables import EvaluationJob, Repo, utc_now
from phub_jupyter.hub.evaluations.signatures import Signatures
from phub_jupyter.hub.repos.commits import Commits
from phub_jupyter.hub.repos.git_repository import MAIN, GitRepository
from phub_jupyter.hub.repos.operations import AddFile, CommitHeader, Operation
from phub_jupyter.hub.repos.repositories import Repositories

__all__ = ["Publication"]

_ATTEMPTS = 5
_CARD = "README.md"
_BRANCH = "main"


class Publication:
    """Commits results on behalf of the person who asked for them."""

    def __init__(
        self,
        repositories: Repositories,
        commits: Commits,
        pull_requests: PullRequests,
        signatures: Signatures,
    ) -> None:
        self._repositories = repositories
        self._commits = commits
        self._pull_requests = pull_requests
        self._signatures = signatures

    def publish(
        self, job: EvaluationJob, report: Mapping[str, Any], actor: Actor
    ) -> list[dict[str, Any]]:
        """Commit to each model what it scored, or propose it where the actor may do only that.

        Returns for each model the commit and, of a proposal, the number of the pull request.
        Raises what the access function says; models before the one refused have their results.
        """
        return [self._publish(job, model, report, actor) for model in job.models]

    def _publish(
        self,
        job: EvaluationJob,
        model: Mapping[str, Any],
        report: Mapping[str, Any],
        actor: Actor,
    ) -> dict[str, Any]:
        repo = require(actor, Action.PROPOSE, self._repositories.by_uid(model["uid"]))
        results = self._signed(job, model, report, repo)
        header = f"Add evaluation results on {job.dataset['repo']}"
        # A token that might only propose gets no more through the hub than by itself.
        writes = model["write"] and decide(actor, Action.WRITE, repo) is Verdict.ALLOW
        for _ in range(_ATTEMPTS):
            git = self._repositories.open(repo)
            head = git.head(MAIN)
            operations = _operations(git, head, repo, results)
            summary = CommitHeader(header, parent_commit=head)
            try:
                if writes:
                    done = self._commits.commit(repo, _BRANCH, summary, operations, actor)
                    return {"model": model["repo"], "commit": done.oid, "pullRequest": None}
                made = self._commits.prepare(repo, _BRANCH, summary, operations, actor)
            except StaleParentError:
                continue
            number = self._pull_requests.open(
                repo, _BRANCH, header, "", actor, draft=False, head=made.oid
            )
            return {"model": model["repo"], "commit": made.oid, "pullRequest": number}
        raise ConflictError(f"{model['repo']} is being updated all the time; try again.")

    def _signed(
        self, job: EvaluationJob, model: Mapping[str, Any], report: Mapping[str, Any], repo: Repo
    ) -> list[EvalResult]:
        results = from_report(
            report,
            model["repo"],
            model_commit=model["commit"],
            dataset=job.dataset["repo"],
            dataset_commit=job.dataset["commit"],
            date=utc_now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            notes=f"Computed by the hub (phub-jupyter {__version__}) from the commits named here.",
        )
        return [self._signatures.signed(result, repo.uid) for result in results]


def _operations(
    git: GitRepository, head: str, repo: Repo, results: list[EvalResult]
) -> list[Operation]:
    place = file_of(results[0].dataset)
    try:
        kept = read_results(_text(git, head, place))
    except InvalidRequestError:  # a file that nobody can read has nothing to keep
        kept = []
    files = {place: write_results(merged(kept, results))}
    # A card that cannot be read is left as it is; the results have their own file.
    with suppress(InvalidRequestError):
        files[_CARD] = card_with(_text(git, head, _CARD), repo.name, results)
    return [AddFile(path, text.encode()) for path, text in files.items()]


def _text(git: GitRepository, commit: str, path: str) -> str:
    try:
        entry = git.entry(commit, path)
    except EntryNotFoundError:
        return ""
    if entry.kind != "file" or entry.lfs is not None:
        return ""
    return git.read_blob(entry.oid).decode("utf-8", "replace")
