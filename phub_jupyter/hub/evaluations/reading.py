"""Reads the results in a model's repository; what cannot be read counts for nothing."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.eval_results import FOLDER, EvalResult, read_results
from phub_jupyter.hub.database.tables import EvalResultRow
from phub_jupyter.hub.evaluations.signatures import Signatures
from phub_jupyter.hub.repos.git_repository import Entry, GitRepository
from phub_jupyter.identifiers import RepoId

__all__ = ["FoundResult", "read_files", "replace_rows"]

_LOG = logging.getLogger("phub")
_MOST_FILES = 100
_MOST_RESULTS = 1000
_LARGEST_FILE = 64 * 1024
_LONGEST = {"task": 127, "metric": 127, "split": 127, "date": 64}
_COMMITS = {"dataset_commit": 64, "model_commit": 64}

FoundResult = tuple[str, EvalResult]
"""The path of a file, and one of the results in it."""


def read_files(git: GitRepository, entries: Sequence[Entry]) -> list[FoundResult]:
    """All results of a model, a bounded number of them; ``entries`` are its files."""
    files = [entry for entry in entries if _holds_results(entry)][:_MOST_FILES]
    found: list[FoundResult] = []
    for entry in files:
        text = git.read_blob(entry.oid).decode("utf-8", "replace")
        try:
            results = read_results(text)
        except InvalidRequestError as error:
            _LOG.info("%s cannot be read: %s", entry.path, error)
            continue
        found += [(entry.path, result) for result in results if _fits(result)]
    return found[:_MOST_RESULTS]


def replace_rows(
    session: Session,
    repo_pk: int,
    uid: str,
    found: Sequence[FoundResult],
    signatures: Signatures,
) -> None:
    """Let the rows of a model be what its files say."""
    session.execute(delete(EvalResultRow).where(EvalResultRow.repo_pk == repo_pk))
    rows = [_row(repo_pk, path, result, signatures.genuine(result, uid)) for path, result in found]
    if rows:
        session.execute(insert(EvalResultRow), rows)


def _holds_results(entry: Entry) -> bool:
    folder, _, name = entry.path.rpartition("/")
    is_text = entry.kind == "file" and entry.lfs is None and entry.size <= _LARGEST_FILE
    return is_text and folder == FOLDER and name.endswith((".yaml", ".yml"))


def _fits(result: EvalResult) -> bool:
    """Whether a result names a dataset and has nothing longer than its column."""
    try:
        RepoId.parse(result.dataset)
    except InvalidRequestError:
        return False
    limits = {**_LONGEST, **_COMMITS}
    short = all(len(getattr(result, name)) <= limit for name, limit in limits.items())
    return short and len(result.task_id) <= 255


def _row(repo_pk: int, path: str, result: EvalResult, verified: bool) -> dict[str, Any]:
    return {
        "repo_pk": repo_pk,
        "filename": path,
        "dataset_key": result.dataset.lower(),
        "dataset": result.dataset,
        "task_id": result.task_id,
        "task": result.task,
        "metric": result.metric,
        "split": result.split,
        "value": result.value,
        "stderr": result.stderr,
        "low": result.low,
        "high": result.high,
        "rows": result.rows,
        "dataset_commit": result.dataset_commit,
        "model_commit": result.model_commit,
        "date": result.date,
        "source_url": result.source_url,
        "source_name": result.source_name,
        "notes": result.notes,
        "verify_token": result.verify_token,
        "verified": verified,
    }
