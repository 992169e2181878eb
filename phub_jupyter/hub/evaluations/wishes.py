"""What a person asks the hub to evaluate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from phub_jupyter.metrics import any_metric_of, family_of
from phub_jupyter.tasks import task_named

__all__ = ["Wish"]


@dataclass(frozen=True, slots=True)
class Wish:
    """Which models on which dataset, each as ``namespace/name`` or with ``@revision``.

    ``settings`` are those of the evaluation; its ``task`` may be empty, for that of the models.
    With ``push`` the results are committed to the models, or proposed.
    """

    models: tuple[str, ...]
    dataset: str
    settings: Mapping[str, Any]
    push: bool

    def for_task(self, task: str) -> dict[str, Any]:
        """The settings for a task.

        Raises InvalidRequestError for a task or metrics that there are not, NotSupportedError for
        a task whose answers nothing can judge.
        """
        family_of(task_named(task).name)
        for name in self.settings["metrics"]:
            any_metric_of(task, name)
        return {**self.settings, "task": task}
