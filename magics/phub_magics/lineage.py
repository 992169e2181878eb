"""``%phub lineage``: what a repository was trained on, and what was trained on it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.training import Record
from phub_jupyter.errors import RepoNotFoundError
from phub_magics.arguments import repo_id
from phub_magics.connection import Connection
from phub_magics.table import Table

if TYPE_CHECKING:
    from huggingface_hub import HfApi

__all__ = ["add_arguments", "run"]

_HEADINGS = ("Relation", "Kind", "Repository", "Commit")
_MOST_STEPS = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``%phub lineage`` takes."""
    parser.add_argument("repo", type=repo_id, metavar="REPO", help="a model or dataset of the hub")
    parser.add_argument(
        "--type",
        choices=["model", "dataset"],
        help="which of the two, if both have that name (default: the model)",
    )


def run(args: argparse.Namespace, shell: Any) -> Table:
    """The chain up to what it comes from, and what directly comes from it.

    Raises RepoNotFoundError.
    """
    connection = Connection.from_environment()
    api = connection.api
    kind = args.type or ("model" if api.repo_exists(args.repo) else "dataset")
    if not api.repo_exists(args.repo, repo_type=kind):
        raise RepoNotFoundError(
            f"REPO: '{args.repo}' does not exist on this hub, or you may not see it."
        )
    rows = list(_sources(api, args.repo)) if kind == "model" else []
    rows.append(("this", kind, args.repo, ""))
    rows += _results(api, args.repo, kind)
    return Table(f"Lineage of {args.repo}", _HEADINGS, rows, "")


def _sources(api: HfApi, repo: str) -> Iterator[tuple[str, ...]]:
    """From the nearest to the farthest; a card may name what this hub does not have."""
    seen = {repo}
    todo = [repo]
    while todo and len(seen) < _MOST_STEPS:
        present = todo.pop(0)
        for relation, kind, name, commit in _named_by(api, present):
            yield f"{relation} of {present}", kind, name, commit
            if kind == "model" and name not in seen:
                seen.add(name)
                todo.append(name)


def _named_by(api: HfApi, repo: str) -> Iterator[tuple[str, str, str, str]]:
    from huggingface_hub.errors import HfHubHTTPError

    try:
        info = api.model_info(repo)
    except HfHubHTTPError:
        return
    data: Any = info.card_data
    card: dict[str, Any] = data.to_dict() if data else {}
    commits = _commits(api, repo, info)
    for base in _listed(card.get("base_model")):
        yield "base model", "model", base, commits.get(base, "")
    for dataset in _listed(card.get("datasets")):
        yield "dataset", "dataset", dataset, commits.get(dataset, "")


def _commits(api: HfApi, repo: str, info: Any) -> dict[str, str]:
    """The commits that the record of the run names, by repository."""
    if not any(file.rfilename == Record.FILE_NAME for file in info.siblings or []):
        return {}
    path = api.hf_hub_download(repo, Record.FILE_NAME, revision=info.sha)
    with Path(path).open(encoding="utf-8") as lines:
        for line in lines:
            event = json.loads(line)
            if event.get("event") == "started":
                sources = [event.get("sources", {}).get(kind) for kind in ("model", "dataset")]
                return {source["repo"]: source["commit"] for source in sources if source}
    return {}


def _results(api: HfApi, repo: str, kind: str) -> list[tuple[str, ...]]:
    word = "base_model" if kind == "model" else "dataset"
    found = api.list_models(filter=f"{word}:{repo}")
    return [("trained from this", "model", model.id, model.sha or "") for model in found]


def _listed(value: Any) -> list[str]:
    names = value if isinstance(value, list) else [value]
    return [name for name in names if isinstance(name, str)]
