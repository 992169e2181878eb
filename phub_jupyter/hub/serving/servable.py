"""Which task a model is asked to do, and whether this hub can do it."""

from __future__ import annotations

from phub_jupyter.errors import InvalidRequestError, NotSupportedError
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.tasks import TASKS, can_also

__all__ = ["servable_task"]


def servable_task(repo: Repo, asked: str | None) -> str:
    """The task to run: the model's own, or one that its kind can do too.

    Raises InvalidRequestError or NotSupportedError that names the task.
    """
    own = repo.pipeline_tag
    if asked is not None and asked not in TASKS:
        raise InvalidRequestError(f"task: '{asked}' is not a known task.")
    if own is None:
        raise InvalidRequestError(
            f"model: {repo.namespace}/{repo.name} does not say what it is for; add "
            "'pipeline_tag: text-classification' (or its own task) to the model card."
        )
    task = asked or own
    if task not in TASKS or not TASKS[task].servable:
        known = ", ".join(row.name for row in TASKS.values() if row.servable)
        raise NotSupportedError(f"task: this hub cannot run '{task}' yet; it runs {known}.")
    if task != own and not can_also(own, task):
        raise InvalidRequestError(
            f"task: {repo.namespace}/{repo.name} is a model for '{own}', not for '{task}'."
        )
    return task
