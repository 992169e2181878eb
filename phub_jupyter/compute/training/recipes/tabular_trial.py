"""One estimator over a table: fitted at one go, kept and published as inference reads it."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from phub_jupyter.compute.tabular.model_file import load, save
from phub_jupyter.compute.training.plan import Candidate
from phub_jupyter.compute.training.recipes.recipe import Work
from phub_jupyter.compute.training.recipes.tabular_estimators import Wanted, estimator
from phub_jupyter.compute.training.recipes.tabular_table import example_of, frame_of

__all__ = ["TabularTrial"]


class TabularTrial:
    """Fits a candidate and keeps it in its folder of the run, in a file that holds no code."""

    def __init__(self, task: str, candidate: Candidate, work: Work) -> None:
        self._task = task
        self._candidate = candidate
        self._work = work
        self._folder = work.folder / candidate.id

    def fit(self, start: int, on_step: Callable[[int], bool]) -> int:
        """Fit it, which is one step."""
        self._work.check()
        vars(self)["_fitted"] = fitted = self._fit()
        if self._candidate.publishable:
            self._folder.mkdir(exist_ok=True)
            example = example_of(self._work.data.train.inputs)
            save(fitted, self._folder, task=self._task, example=example)
        return 1

    def predict(self, split: str, step: int) -> Sequence[Any]:
        """The probability of each class, or a number, a row."""
        frame = self._frame(split)
        names = self._work.data.labels
        if not names:
            return [float(value) for value in self._fitted.predict(frame)]
        probabilities = self._fitted.predict_proba(frame)
        place = {str(name): column for column, name in enumerate(self._fitted.classes_)}
        return [
            [float(row[place[name]]) if name in place else 0.0 for name in names]
            for row in probabilities
        ]

    def save(self, folder: Path, step: int) -> None:
        """Write the estimator and the description of its columns."""
        shutil.copytree(self._folder, folder, dirs_exist_ok=True)

    def release(self) -> None:
        """Forget the fitted estimator; its file stays."""
        vars(self).pop("_fitted", None)

    def discard(self) -> None:
        """Delete its file."""
        self.release()
        shutil.rmtree(self._folder, ignore_errors=True)

    @cached_property
    def _fitted(self) -> Any:
        return load(self._folder).estimator if self._candidate.publishable else self._fit()

    def _fit(self) -> Any:
        data, engine = self._work.data, self._work.engine
        columns: Mapping[str, Any] = data.train.inputs
        kinds = {
            name: "text" if values.dtype == object else "number" for name, values in columns.items()
        }
        wanted = Wanted(
            kinds, self._candidate.parameters, self._work.seed, engine.threads, not data.labels
        )
        targets: Sequence[Any] = data.train.targets
        if data.labels:
            targets = [data.labels[index] for index in targets]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a fit that did not converge shows in its score
            return estimator(self._candidate.family, wanted).fit(self._frame("train"), targets)

    def _frame(self, split: str) -> Any:
        def make() -> Any:
            return frame_of(self._work.data.split(split).inputs)

        return self._work.once(("frame", split), make)
