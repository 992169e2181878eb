"""One candidate of a recipe, trained outside of a run with settings that a tiny model needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from phub_jupyter.compute.training.data import Data
from phub_jupyter.compute.training.plan import Candidate
from phub_jupyter.compute.training.recipes import recipe_for
from phub_jupyter.compute.training.recipes.recipe import Trial, Work

_STEPWISE = {
    "learning_rate": 3e-3,
    "weight_decay": 0.0,
    "warmup": 0.1,
    "max_length": 32,
    "rank": 8,
    "batch_size": 16,
}


def train_one(
    task: str, family: str, data: Data, model: Path, folder: Path, steps: int, **parameters: Any
) -> tuple[Trial, int]:
    """The trained trial, and the step that it reached."""
    recipe = recipe_for(task)
    known = next(space.default for space in recipe.space(data) if space.family == family)
    candidate = Candidate("c1", family, family, {**known, **parameters})
    if candidate.stepwise:
        candidate.parameters.update({**_STEPWISE, **parameters})
    engine = recipe.engine(data, model)
    total = steps if candidate.stepwise else 1
    work = Work(data, model, folder, engine, 0, total, candidate.batch_size, check=lambda: None)
    trial = recipe.trial(candidate, work)
    return trial, trial.fit(0, lambda step: step < total)


def scores_of(task: str, data: Data, trial: Trial, step: int) -> dict[str, float]:
    """What the trial scores on the test rows."""
    return dict(recipe_for(task).score(data, "test", trial.predict("test", step)).values)
