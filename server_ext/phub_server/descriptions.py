"""How a repository looks in JSON: the same keys for single answers and lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.cards.architectures import auto_class, task_of
from phub_jupyter.hub.cards.front_matter import listed
from phub_jupyter.hub.catalog.trending import trending_score
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.spaces.state import Stage
from phub_jupyter.identifiers import RepoType
from phub_jupyter.tasks import TASKS
from phub_server.wire import timestamp

__all__ = ["EXPANDABLE", "Facts", "describe", "expand_keys", "listed_keys"]

_COMMON = (
    "author cardData createdAt disabled lastModified likes private resourceGroup sha siblings "
    "tags trendingScore usedStorage xetEnabled"  # the last is asked for by clients of 2025
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
    RepoType.KERNEL: frozenset(f"{_COMMON} downloads downloadsAllTime gated".split()),
}
_LISTED = (
    *("modelId", "author", "sha", "likes", "downloads", "private", "tags", "pipeline_tag"),
    *("library_name", "sdk", "createdAt", "lastModified", "gated", "trendingScore"),
)


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


def listed_keys(repo_type: RepoType, full: bool, card_data: bool, config: bool) -> frozenset[str]:
    """The keys of a list's items when the query names none."""
    keys = set(_LISTED)
    keys |= {"siblings", "cardData"} if full else set()
    keys |= {"cardData"} if card_data else set()
    keys |= {"config"} if config else set()
    return frozenset(keys & _known(repo_type))


def describe(repo: Repo, facts: Facts, keys: frozenset[str] | None = None) -> dict[str, Any]:
    """The JSON of a repository: all keys of its type, or only ``keys``."""
    body: dict[str, Any] = {"_id": repo.uid, "id": _full_name(repo)}
    wanted = _known(RepoType(repo.type)) if keys is None else keys
    for key, value in _VALUES.items():
        if key in wanted:
            found = value(repo, facts)
            if found is not _ABSENT:
                body[key] = found
    extra = {key: value for key, value in facts.extra.items() if keys is None or key in keys}
    return {**body, **extra}


def _known(repo_type: RepoType) -> frozenset[str]:
    more = {RepoType.MODEL: {"modelId"}, RepoType.SPACE: {"visibility"}}
    return EXPANDABLE[repo_type] | more.get(repo_type, set())


def _full_name(repo: Repo) -> str:
    return f"{repo.namespace}/{repo.name}"


_ABSENT = object()


def _card_value(key: str) -> Callable[[Repo, Facts], Any]:
    return lambda repo, facts: repo.card_data.get(key, _ABSENT)


def _safetensors(repo: Repo, facts: Facts) -> Any:
    if not repo.parameters:
        return _ABSENT
    return {"parameters": repo.parameters, "total": repo.parameter_count}


def _transformers_info(repo: Repo, facts: Facts) -> Any:
    if repo.library_name != "transformers" or "architectures" not in repo.config:
        return _ABSENT
    info = {"auto_model": auto_class(repo.config)}
    task = task_of(repo.config)
    return info if task is None else {**info, "pipeline_tag": task}


def _inference(repo: Repo, facts: Facts) -> Any:
    task = TASKS.get(repo.pipeline_tag or "")
    return "warm" if task is not None and task.servable else _ABSENT


def _optional(value: Any) -> Any:
    return _ABSENT if value is None else value


def _runtime(repo: Repo, facts: Facts) -> Any:
    if facts.stage is None:
        return _ABSENT
    hardware = {"current": "local", "requested": "local"}
    return {"stage": facts.stage.value, "hardware": hardware}


_VALUES: dict[str, Callable[[Repo, Facts], Any]] = {
    "modelId": lambda repo, facts: _full_name(repo),
    "author": lambda repo, facts: repo.namespace,
    "sha": lambda repo, facts: facts.sha or repo.head,
    "lastModified": lambda repo, facts: timestamp(repo.updated_at),
    "createdAt": lambda repo, facts: timestamp(repo.created_at),
    "private": lambda repo, facts: repo.private,
    "visibility": lambda repo, facts: repo.visibility,
    "gated": lambda repo, facts: repo.gated or False,
    "disabled": lambda repo, facts: False,
    "downloads": lambda repo, facts: repo.downloads,
    "downloadsAllTime": lambda repo, facts: repo.downloads_all_time,
    "likes": lambda repo, facts: repo.likes,
    "tags": lambda repo, facts: list(facts.tags),
    "trendingScore": lambda repo, facts: trending_score(repo),
    "cardData": lambda repo, facts: repo.card_data,
    "siblings": lambda repo, facts: _optional(facts.siblings),
    "usedStorage": lambda repo, facts: repo.used_storage,
    "xetEnabled": lambda repo, facts: True,
    "pipeline_tag": lambda repo, facts: _optional(repo.pipeline_tag),
    "library_name": lambda repo, facts: _optional(repo.library_name),
    "config": lambda repo, facts: repo.config,
    "safetensors": _safetensors,
    "transformersInfo": _transformers_info,
    "model-index": _card_value("model-index"),
    "widgetData": _card_value("widget"),
    "baseModels": lambda repo, facts: listed(repo.card_data.get("base_model")),
    "inference": _inference,
    "inferenceProviderMapping": lambda repo, facts: [],  # clients would send texts elsewhere
    "resourceGroup": lambda repo, facts: None,
    "citation": _card_value("citation"),
    "paperswithcode_id": _card_value("paperswithcode_id"),
    "description": _card_value("description"),
    "sdk": lambda repo, facts: _optional(repo.sdk),
    "models": lambda repo, facts: listed(repo.card_data.get("models")),
    "datasets": lambda repo, facts: listed(repo.card_data.get("datasets")),
    "runtime": _runtime,
}
