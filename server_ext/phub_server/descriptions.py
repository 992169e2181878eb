"""How a repository looks in JSON: the same keys for single answers and lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.cards.tags import listed
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.spaces.state import Stage
from phub_jupyter.identifiers import RepoType
from phub_server.wire import timestamp

__all__ = ["EXPANDABLE", "Facts", "describe", "expand_keys", "listed_keys"]

_COMMON = (
    "author cardData createdAt disabled lastModified likes private resourceGroup sha siblings "
    "tags trendingScore usedStorage"
)
_LISTED = (
    *("author", "likes", "downloads", "private", "tags", "pipeline_tag", "library_name"),
    *("createdAt", "lastModified", "gated", "trendingScore", "sdk", "sha"),
)
EXPANDABLE = {
    RepoType.MODEL: frozenset(
        f"{_COMMON} baseModels childrenModelCount config downloads downloadsAllTime evalResults "
        "gated gguf inference inferenceProviderMapping library_name mask_token model-index "
        "pipeline_tag safetensors spaces transformersInfo widgetData securityRepoStatus".split()
    ),
    RepoType.DATASET: frozenset(
        f"{_COMMON} citation description downloads downloadsAllTime gated mainSize "
        "paperswithcode_id".split()
    ),
    RepoType.SPACE: frozenset(
        f"{_COMMON} datasets host models region runtime sdk subdomain".split()
    ),
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What an answer is made of beside the row itself."""

    tags: Sequence[str] = ()
    sha: str | None = None
    siblings: list[dict[str, Any]] | None = None
    stage: Stage | None = None
    extra: dict[str, Any] = field(default_factory=dict)


def expand_keys(repo_type: RepoType, keys: Iterable[str]) -> frozenset[str]:
    """Check the ``expand`` of a query. Raises InvalidRequestError with the words to choose from."""
    wanted = frozenset(keys)
    known = EXPANDABLE[repo_type]
    if not wanted <= known:
        raise InvalidRequestError(f'"expand" must be one of [{", ".join(sorted(known))}]')
    return wanted


def listed_keys(full: bool, card_data: bool, config: bool) -> frozenset[str]:
    """The keys of a list's items when the query names none."""
    keys = set(_LISTED)
    keys |= {"siblings", "cardData"} if full else set()
    keys |= {"cardData"} if card_data else set()
    keys |= {"config"} if config else set()
    return frozenset(keys)


def describe(repo: Repo, facts: Facts, keys: frozenset[str] | None = None) -> dict[str, Any]:
    """The JSON of a repository: all keys of its type, or only ``keys``."""
    repo_type = RepoType(repo.type)
    repo_id = f"{repo.namespace}/{repo.name}"
    body: dict[str, Any] = {"_id": repo.uid, "id": repo_id}
    if repo_type is RepoType.MODEL:
        body["modelId"] = repo_id
    if keys is None:
        keys = EXPANDABLE[repo_type]
    for key, value in _VALUES.items():
        if key in keys and key in EXPANDABLE[repo_type]:
            found = value(repo, facts)
            if found is not _ABSENT:
                body[key] = found
    return {**body, **{key: value for key, value in facts.extra.items() if key in keys}}


_ABSENT = object()


def _card_value(key: str) -> Callable[[Repo, Facts], Any]:
    return lambda repo, facts: repo.card_data.get(key, _ABSENT)


def _optional(value: Any) -> Any:
    return _ABSENT if value is None else value


def _runtime(repo: Repo, facts: Facts) -> Any:
    return _ABSENT if facts.stage is None else {"stage": facts.stage.value, "hardware": None}


_VALUES: dict[str, Callable[[Repo, Facts], Any]] = {
    "author": lambda repo, facts: repo.namespace,
    "sha": lambda repo, facts: facts.sha or repo.head,
    "lastModified": lambda repo, facts: timestamp(repo.updated_at),
    "createdAt": lambda repo, facts: timestamp(repo.created_at),
    "private": lambda repo, facts: repo.private,
    "gated": lambda repo, facts: False,
    "disabled": lambda repo, facts: False,
    "downloads": lambda repo, facts: repo.downloads,
    "downloadsAllTime": lambda repo, facts: repo.downloads,
    "likes": lambda repo, facts: repo.likes,
    "tags": lambda repo, facts: list(facts.tags),
    "trendingScore": lambda repo, facts: repo.likes,
    "cardData": lambda repo, facts: repo.card_data,
    "siblings": lambda repo, facts: _optional(facts.siblings),
    "usedStorage": lambda repo, facts: repo.used_storage,
    "pipeline_tag": lambda repo, facts: _optional(repo.pipeline_tag),
    "library_name": lambda repo, facts: _optional(repo.library_name),
    "config": lambda repo, facts: repo.config,
    "model-index": _card_value("model-index"),
    "widgetData": _card_value("widget"),
    "baseModels": lambda repo, facts: listed(repo.card_data.get("base_model")),
    "description": _card_value("description"),
    "sdk": lambda repo, facts: _optional(repo.sdk),
    "models": lambda repo, facts: listed(repo.card_data.get("models")),
    "datasets": lambda repo, facts: listed(repo.card_data.get("datasets")),
    "runtime": _runtime,
}
