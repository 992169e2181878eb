"""A dataset folder of made-up film remarks, small enough for tests and plain enough to learn."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

GOOD, BAD = ("good", "bright"), ("bad", "dull")


def remarks(number: int, seed: int = 0) -> list[dict[str, Any]]:
    """Rows with ``text`` and ``label`` (0 is bad, 1 is good)."""
    generator = random.Random(seed)
    rows = []
    for index in range(number):
        label = index % 2
        word = generator.choice((BAD, GOOD)[label])
        start = generator.choice(("the film was", "a film", "the long film is", "a very long film"))
        rows.append({"text": f"{start} {word}" + " film" * generator.randint(0, 3), "label": label})
    generator.shuffle(rows)
    return rows


def write_dataset(folder: Path, named: bool = True, **splits: list[dict[str, Any]]) -> Path:
    """Write each split as Parquet, as ``push_to_hub`` lays them out."""
    from datasets import ClassLabel, Dataset, disable_progress_bars

    disable_progress_bars()
    (folder / "data").mkdir(parents=True)
    for name, rows in splits.items():
        part = Dataset.from_list(rows)
        if named and "label" in part.column_names:
            part = part.cast_column("label", ClassLabel(names=["negative", "positive"]))
        part.to_parquet(folder / "data" / f"{name}-00000-of-00001.parquet")
    return folder
