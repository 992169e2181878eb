"""Tells a page how to let people try a model, and why not where it cannot be tried."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from phub_jupyter.errors import HubError, InvalidRequestError, NotSupportedError
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.serving.default_examples import MASK
from phub_jupyter.hub.serving.examples import Example, Speech, examples
from phub_jupyter.hub.serving.servable import servable_task
from phub_jupyter.hub.serving.serving import require_libraries
from phub_jupyter.hub.serving.small_files import SmallFiles
from phub_jupyter.model_files import check_transformers_files
from phub_jupyter.tasks import TASKS, Task

if TYPE_CHECKING:
    from phub_jupyter.hub.repos.repositories import Repositories

__all__ = ["Widget", "Widgets"]

_LONGEST_MASK = 100  # characters; every example may have it many times


@dataclass(frozen=True, slots=True)
class Widget:
    """What a form needs to know. ``reason`` is why the model cannot be called, if it cannot."""

    task: Task | None
    commit: str | None
    reason: str | None
    chats: bool
    examples: list[Example]


class Widgets:
    """Reads cards and the small files beside them; no model is loaded for it."""

    def __init__(self, repositories: Repositories) -> None:
        self._repositories = repositories

    def of(self, repo: Repo, *, content: bool) -> Widget:
        """The widget of a model at its branch ``main``.

        Without ``content`` nothing is said that only the files tell.
        """
        files = SmallFiles(self._repositories.open(repo))
        task = TASKS.get(repo.pipeline_tag or "")
        reason = None
        try:
            servable_task(repo, None)
            require_libraries()
            if content:
                _require_files(repo.pipeline_tag or "", files)
        except HubError as error:
            reason = error.message
        if task is None or not task.servable:
            return Widget(task, files.commit, reason, False, [])
        speech = _speech(task.name, files) if content else Speech()
        found = examples(task.name, repo.card_data, speech)
        return Widget(task, files.commit, reason, speech.chats, found)


def _require_files(task: str, files: SmallFiles) -> None:
    if task == "text-to-image":
        if "model_index.json" not in files.names:
            raise InvalidRequestError(
                "model: the repository has no model_index.json, so it is not a diffusers model; "
                "upload one with save_pretrained."
            )
        if importlib.util.find_spec("diffusers") is None:
            raise NotSupportedError("task: this hub cannot make pictures; it lacks diffusers.")
    elif task.startswith("tabular-"):
        if not any(name.endswith(".skops") for name in files.names):
            raise InvalidRequestError(
                "model: the repository has no file in the skops format; save the model with "
                "skops.io.dump to model.skops and upload that."
            )
    elif "modules.json" not in files.names:  # whose modules may lie in folders of their own
        config = files.text("config.json")
        if config is not None or "config.json" not in files.names:
            check_transformers_files(files.names, config)


def _speech(task: str, files: SmallFiles) -> Speech:
    read = _SPEECH.get(task.partition("-")[0] if task.startswith("tabular") else task)
    return Speech() if read is None else read(files)


def _masks(files: SmallFiles) -> Speech:
    mask: Any = None
    for path in ("tokenizer_config.json", "special_tokens_map.json"):
        mask = mask or files.json(path).get("mask_token")
    if isinstance(mask, dict):
        mask = mask.get("content")
    fits = isinstance(mask, str) and 0 < len(mask) <= _LONGEST_MASK
    return Speech(mask=mask if fits else MASK)


def _chats(files: SmallFiles) -> Speech:
    template = files.json("tokenizer_config.json").get("chat_template")
    return Speech(chats=bool(template) or "chat_template.jinja" in files.names)


def _tables(files: SmallFiles) -> Speech:
    described = files.json("config.json").get("sklearn")
    table = described.get("example_input") if isinstance(described, dict) else None
    return Speech(table=table if isinstance(table, dict) else None)


_SPEECH: dict[str, Callable[[SmallFiles], Speech]] = {
    "fill-mask": _masks,
    "text-generation": _chats,
    "tabular": _tables,
}
