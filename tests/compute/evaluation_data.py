"""Dataset folders for the tests of evaluation, and a way to evaluate on them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from datasets import Dataset

from phub_jupyter.compute.evaluation.report import Report
from phub_jupyter.compute.evaluation.run import evaluate
from phub_jupyter.compute.evaluation.settings import Settings

WORDS = "good bad dull bright film long very not".split()


def sentences(count: int) -> list[str]:
    """Different texts of a few words."""
    size = len(WORDS)
    return [
        " ".join(WORDS[(place * step + step) % size] for step in range(1, 3 + place % 5))
        for place in range(count)
    ]


def write_dataset(folder: Path, columns: dict[str, Any], features: Any = None) -> Path:
    """A dataset with one split, ``test``, as it lies in a repository."""
    return write_parquet(folder, Dataset.from_dict(columns, features=features))


def write_parquet(folder: Path, part: Dataset) -> Path:
    """The same for rows that are a table already."""
    (folder / "data").mkdir(parents=True)
    part.to_parquet(folder / "data" / "test-00000-of-00001.parquet")
    return folder


def evaluate_here(
    task: str,
    models: Sequence[Path],
    dataset: Path,
    folder: Path,
    more: dict[str, Any] | None = None,
    **settings: Any,
) -> Report:
    """Evaluate model folders, named by their names."""
    chosen = Settings(task, **settings)
    named = [(model.name, model) for model in models]
    return evaluate(chosen, named, dataset, folder, **(more or {}))
