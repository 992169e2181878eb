"""Puts the results of an evaluation where they belong: into the repositories of the models."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from phub_jupyter.card_results import card_with
from phub_jupyter.compute.evaluation.report import Report
from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.eval_results import (
    EvalResult,
    file_of,
    from_report,
    merged,
    read_results,
    write_results,
)
from phub_magics.connection import Connection
from phub_magics.evaluation_sources import EvaluationSources
from phub_magics.sources import quiet_downloads

__all__ = ["Pushed", "push_results"]

_CARD = "README.md"


@dataclass(frozen=True, slots=True)
class Pushed:
    """Where the results of one model went; ``proposal`` is the address of a pull request."""

    repo: str
    commit: str
    proposal: str | None
    card_problem: str = ""

    def sentence(self) -> str:
        """What happened, for people."""
        what = f"committed to {self.repo} ({self.commit[:8]})"
        if self.proposal:
            what = f"proposed to {self.repo}, where you may not write: {self.proposal}"
        problem = f" Its card was left as it is: {self.card_problem}" if self.card_problem else ""
        return f"Results {what}.{problem}"


def push_results(
    connection: Connection, report: Report, sources: EvaluationSources
) -> list[Pushed]:
    """Commit to every model what it scored, as a pull request where that is not allowed."""
    date = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    body = report.as_json()
    found = []
    for name, model in zip(sources.names(push=True), sources.models, strict=True):
        results = from_report(
            body,
            name,
            model_commit=model["commit"],
            dataset=sources.dataset["repo"],
            dataset_commit=sources.dataset["commit"],
            date=date,
            notes=" ".join(
                f"{metric['name']} is code of the Space {metric['repo']}@{metric['commit']}."
                for metric in sources.metrics
            ),
        )
        if results:
            found.append(_push(connection, model["repo"], results))
    return found


def _push(connection: Connection, repo: str, results: list[EvalResult]) -> Pushed:
    from huggingface_hub import CommitOperationAdd
    from huggingface_hub.errors import HfHubHTTPError

    api = connection.api
    dataset = results[0].dataset
    head = api.model_info(repo).sha
    place = file_of(dataset)
    kept = _old_results(_read(connection, repo, place, head))
    files = {place: write_results(merged(kept, results))}
    problem = ""
    try:
        card = _read(connection, repo, _CARD, head)
        files[_CARD] = card_with(card, repo.partition("/")[2], results)
    except InvalidRequestError as error:
        problem = error.message
    commit: dict[str, Any] = {
        "repo_id": repo,
        "operations": [CommitOperationAdd(path, text.encode()) for path, text in files.items()],
        "commit_message": f"Add evaluation results on {dataset}",
        "parent_commit": head,
    }
    with quiet_downloads():
        try:
            done = api.create_commit(**commit)
        except HfHubHTTPError as error:
            if error.response is None or error.response.status_code != 403:
                raise
            done = api.create_commit(**commit, create_pr=True)
    return Pushed(repo, done.oid, done.pr_url, problem)


def _old_results(text: str) -> list[EvalResult]:
    try:
        return read_results(text)
    except InvalidRequestError:  # a file that nobody can read has nothing to keep
        return []


def _read(connection: Connection, repo: str, path: str, revision: str | None) -> str:
    """A text of a repository; empty where there is none."""
    from pathlib import Path

    from huggingface_hub.errors import EntryNotFoundError

    with quiet_downloads():
        try:
            found = connection.api.hf_hub_download(repo, path, revision=revision)
        except EntryNotFoundError:
            return ""
    return Path(found).read_text("utf-8", "replace")
