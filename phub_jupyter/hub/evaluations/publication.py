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
from phub_jupyter.hub.access import Action, Verdict, decide
from phub_jupyter.hub.community.pull_requests import PullRequests
from phub_jupyter.hub.database.tables import EvaluationJob, Repo
from phub_jupyter.hub.evaluations.signatures import Signatures
from phub_jupyter.hub.objects.passes import Pass
from phub_jupyter.hub.repos.commits import Commits
from phub_jupyter.hub.repos.git_repository import MAIN, GitRepository
from phub_jupyter.hub.repos.operations import AddFile, CommitHeader, Operation
from phub_jupyter.hub.repos.repositories import Repositories

__all__ = ["Publication"]

_ATTEMPTS = 5
_CARD = "README.md"
_BRANCH = "main"
_LONGEST_NOTE = 1000


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
        self, job: EvaluationJob, model: Mapping[str, Any], right: Pass, report: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Commit to a model what it scored, or propose it where its pass allows only that.

        Returns the commit, which is None if there is nothing to say, and of a proposal the number
        of the pull request. Raises ConflictError if others are faster all the time.
        """
        repo, actor = right.repo, right.actor
        results = self._signed(job, model, report, repo)
        header = f"Add evaluation results on {job.dataset['repo']}"
        place = {"model": model["repo"], "commit": None, "pullRequest": None}
        if not results:
            return place
        for _ in range(_ATTEMPTS):
            git = self._repositories.open(repo)
            head = git.head(MAIN)
            operations = _operations(git, head, repo, results)
            summary = CommitHeader(header, parent_commit=head)
            try:
                if decide(actor, Action.WRITE, repo) is Verdict.ALLOW:
                    done = self._commits.commit(repo, _BRANCH, summary, operations, actor)
                    return {**place, "commit": done.oid}
                made = self._commits.prepare(repo, _BRANCH, summary, operations, actor)
            except StaleParentError:
                continue
            number = self._pull_requests.open(
                repo, _BRANCH, header, "", actor, draft=False, head=made.oid
            )
            return {**place, "commit": made.oid, "pullRequest": number}
        raise ConflictError(f"{model['repo']} is being updated all the time; try again.")

    def _signed(
        self, job: EvaluationJob, model: Mapping[str, Any], report: Mapping[str, Any], repo: Repo
    ) -> list[EvalResult]:
        asked_at = job.started_at or job.created_at  # the same when it is done again
        results = from_report(
            report,
            model["name"],
            model_commit=model["commit"],
            dataset=job.dataset["repo"],
            dataset_commit=job.dataset["commit"],
            date=asked_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            notes=_how(job.settings, report),
        )
        return [self._signatures.signed(result, repo.uid) for result in results]


def _how(settings: Mapping[str, Any], report: Mapping[str, Any]) -> str:
    """How values were computed, in words that the signature covers."""
    told = [f"Computed by the hub (phub-jupyter {__version__}) from the commits named here"]
    columns = ", ".join(f"{role} = {name}" for role, name in sorted(report["columns"].items()))
    told.append(f"columns: {columns}")
    if settings["labels"]:
        pairs = ", ".join(f"{mine} = {theirs}" for mine, theirs in settings["labels"].items())
        told.append(f"labels of the models and the dataset: {pairs}")
    if settings["rows"]:
        told.append(f"{report['rows']} rows drawn with seed {settings['seed']}")
    if report["left_out"]:
        told.append(f"{report['left_out']} rows without an answer left out")
    text = "; ".join(told)
    return f"{text if len(text) < _LONGEST_NOTE else text[:_LONGEST_NOTE] + '…'}."


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
