"""Looks at a dataset before anything runs: for which task it is, and what it is read as."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from phub_jupyter.compute.training.columns import listed
from phub_jupyter.compute.training.data import Data
from phub_jupyter.compute.training.memory_limit import in_words
from phub_jupyter.compute.training.recipes import (
    TRAINABLE,
    may_be,
    needs_model,
    recipe_for,
    require_model,
)
from phub_jupyter.compute.training.settings import Settings
from phub_jupyter.compute.training.splits import load_splits
from phub_jupyter.errors import InvalidRequestError

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["Prepared", "prepare"]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A dataset read for a task; ``settings`` have task and metric filled in."""

    settings: Settings
    data: Data

    def sentence(self) -> str:
        """What is going to be trained, for the person to see before it begins."""
        columns = ", ".join(f"{role} from '{name}'" for role, name in self.data.columns.items())
        classes = f"; {len(self.data.labels)} classes" if self.data.labels else ""
        kind = f" ({self.data.problem.replace('_', ' ')})" if self.data.problem else ""
        rows = ", ".join(f"{count:,} {name}" for name, count in self.data.rows().items())
        most = self.settings.max_memory
        memory = f" At most {in_words(most)} of memory." if most is not None else ""
        return f"{self.settings.task}{kind}: {columns}{classes}; {rows} rows.{memory}"


def prepare(
    settings: Settings, dataset: Path, has_model: bool = True, model_type: str = ""
) -> Prepared:
    """Read the dataset folder for the task of ``settings``, or for the one it looks like.

    ``has_model`` says whether there is a base model, and ``model_type`` what its configuration
    calls it, which tell tasks apart as well. Raises InvalidRequestError naming the option, column
    or split and what to do about it.
    """
    label = settings.columns.get("label")
    parts = load_splits(dataset, settings.seed, settings.max_train_rows, label)
    task = settings.task or _task_of(parts["train"], settings.columns, has_model, model_type)
    require_model(task, has_model)
    recipe = recipe_for(task)
    data = recipe.read(parts, replace(settings, task=task))
    known = data.metrics or recipe.metrics
    if settings.metric and settings.metric not in known:
        raise InvalidRequestError(
            f"metric: '{settings.metric}' cannot rank candidates here; use {' or '.join(known)}."
        )
    return Prepared(replace(settings, task=task, metric=settings.metric or known[0]), data)


def _task_of(train: Dataset, columns: Mapping[str, str], has_model: bool, model_type: str) -> str:
    """What the columns look like; of several tasks, one that has use for what there is."""
    named = _by_role(train, columns)
    fitting = [task for task in TRAINABLE if recipe_for(task).fits(named)]
    fitting.sort(key=lambda task: (needs_model(task) != has_model, not may_be(model_type, task)))
    if fitting:
        return fitting[0]
    raise InvalidRequestError(
        f"task: cannot tell what the columns {listed(train)} are for; say it with --task "
        f"({', '.join(TRAINABLE)})."
    )


def _by_role(train: Dataset, columns: Mapping[str, str]) -> Dataset:
    """The rows with the columns that the person named called by their roles, as is usual."""
    for role, name in columns.items():
        if name in train.column_names and name != role:
            if role in train.column_names:
                train = train.remove_columns(role)
            train = train.rename_column(name, role)
    return train
