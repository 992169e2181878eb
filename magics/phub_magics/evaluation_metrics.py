"""Metrics that are code of a repository: run only at a commit that somebody says they trust."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from phub_jupyter.errors import InvalidRequestError
from phub_magics.connection import Connection
from phub_magics.sources import find_repo

__all__ = ["KIND", "find_metrics"]

KIND = "space"
"""The kind of repository that metrics are, as on the public hub."""


def find_metrics(
    connection: Connection, names: Sequence[str], trusted: Mapping[str, str]
) -> list[dict[str, str]]:
    """Metrics by repository, at the commits that are trusted.

    Raises InvalidRequestError for one that is not, saying what to read and what to write;
    RepoNotFoundError.
    """
    unused = sorted(set(trusted) - set(names))
    if unused:
        raise InvalidRequestError(
            f"--trust: {unused[0]} is not used; add it to --metric, or leave it out."
        )
    return [_found(connection, name, trusted.get(name)) for name in names]


def _found(connection: Connection, name: str, commit: str | None) -> dict[str, str]:
    from huggingface_hub.errors import RevisionNotFoundError

    info = find_repo(connection, KIND, name)
    if commit is None:
        read = f"{connection.endpoint}/spaces/{info.id}/blob/{info.sha}/metric.py"
        raise InvalidRequestError(
            f"metric: {info.id} is code that would run here with your rights; read {read}, and "
            f"add --trust {info.id}@{info.sha[:12]} if you trust it."
        )
    try:
        sha = connection.api.repo_info(info.id, repo_type=KIND, revision=commit).sha
    except RevisionNotFoundError:
        raise InvalidRequestError(f"--trust: {info.id} has no commit {commit}.") from None
    if not str(sha).startswith(commit):  # a branch may be called like a commit
        raise InvalidRequestError(f"--trust: {info.id} has no commit {commit}.")
    return {"name": name, "repo": info.id, "commit": str(sha)}
