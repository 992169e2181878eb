"""What is wrong with a card, and what could be better."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.cards.front_matter import parse
from phub_jupyter.identifiers import RepoType
from phub_jupyter.tasks import TASKS

__all__ = ["Report", "validate"]

_LISTS = ("tags", "datasets", "task_categories", "models")
_TEXTS = ("license", "pipeline_tag", "library_name", "title", "sdk", "app_file", "pretty_name")


@dataclass(frozen=True, slots=True)
class Report:
    """``errors`` keep a card from being committed; ``warnings`` do not."""

    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def validate(readme: str, repo_type: RepoType) -> Report:
    """Check the metadata of a README."""
    try:
        card = parse(readme)
    except InvalidRequestError as error:
        return Report(errors=[error.message.removeprefix("README.md: ")])
    if not card.data:
        return Report(warnings=["empty or missing yaml metadata in repo card"])
    return Report(errors=list(_errors(card.data)), warnings=list(_warnings(card.data, repo_type)))


def _errors(data: dict[str, Any]) -> Iterator[str]:
    for key in _LISTS:
        value = data.get(key)
        if value is not None and not _is_texts(value):
            yield f'"{key}" must be a text or a list of texts'
    for key in _TEXTS:
        value = data.get(key)
        if value is not None and not _is_texts(value):
            yield f'"{key}" must be a text'


def _is_texts(value: Any) -> bool:
    values = value if isinstance(value, list) else [value]
    return all(isinstance(item, str) for item in values)


def _warnings(data: dict[str, Any], repo_type: RepoType) -> Iterator[str]:
    task = data.get("pipeline_tag")
    if isinstance(task, str) and task not in TASKS:
        yield f'"pipeline_tag": {task} is not a task that this hub knows'
    if repo_type is RepoType.SPACE and "sdk" not in data:
        yield 'a Space should name its "sdk", for example voila'
