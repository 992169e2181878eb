"""Begins a run or goes on with it, and writes into its record how it ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

from phub_jupyter.compute.training.affordable import affordable
from phub_jupyter.compute.training.control import Control, StoppedError
from phub_jupyter.compute.training.data import Data
from phub_jupyter.compute.training.journal import Journal
from phub_jupyter.compute.training.plan import plan
from phub_jupyter.compute.training.race import Race
from phub_jupyter.compute.training.recipes import recipe_for
from phub_jupyter.compute.training.record import Record
from phub_jupyter.compute.training.selection import Outcome, select
from phub_jupyter.compute.training.settings import Settings
from phub_jupyter.compute.training.trials import Trials
from phub_jupyter.compute.training.usage import Meter
from phub_jupyter.errors import HubError

__all__ = ["Outcome", "run"]


def run(
    record: Record,
    settings: Settings,
    data: Data,
    model_folder: Path,
    control: Control,
    sources: dict[str, Any] | None = None,
    make_trials: Callable[..., Trials] = Trials,
) -> Outcome:
    """Begin the run of ``record``, or go on with it, and return what was found.

    ``sources`` is kept in the record for the card; ``make_trials`` says where candidates are
    worked on. Raises StoppedError when the person stopped
    the run, InvalidRequestError when the model or every candidate is unusable.
    """
    recipe = recipe_for(settings.task)
    spaces = {space.family: space for space in recipe.space(data)}
    journal = Journal(record)
    if journal.state.started:
        journal.write("run", status="running")
    else:
        kept, left_out = affordable(list(spaces.values()), model_folder, settings.max_memory)
        journal.write(
            "started",
            settings=asdict(settings),
            plan=plan(settings, kept, len(data.train)).as_json(),
            labels=list(data.labels),
            problem=data.problem,
            columns=dict(data.columns),
            rows=data.rows(),
            metrics=_ranking_first(data.metrics or recipe.metrics, settings.metric),
            sources=sources or {},
        )
        journal.write("remarks", sentences=left_out)
    trials = make_trials(journal, recipe, data, model_folder, settings, control)
    begin, meter = time.monotonic(), Meter()
    control.limit(settings.time_budget)
    try:
        with _quiet_transformers():
            Race(journal, trials, spaces, settings, control).run()
            outcome = select(journal, trials, journal.state.metric, settings.keep)
    except BaseException as error:
        status = "stopped" if isinstance(error, StoppedError) else "failed"
        reason = error.message if isinstance(error, HubError) else type(error).__name__
        journal.write("run", status=status, reason=reason, **_spent(begin, meter))
        raise
    journal.write("run", status="finished", **_spent(begin, meter))
    return outcome


def _ranking_first(metrics: tuple[str, ...], ranking: str) -> list[str]:
    return [ranking, *(name for name in metrics if name != ranking)]


def _spent(begin: float, meter: Meter) -> dict[str, Any]:
    return {"seconds": round(time.monotonic() - begin, 2), "usage": meter.read()}


@contextmanager
def _quiet_transformers() -> Iterator[None]:
    """The table shows the progress; the library's own bars and reports would tear it."""
    messages: Any = import_module("transformers.utils.logging")
    level, bars = messages.get_verbosity(), messages.is_progress_bar_enabled()
    messages.set_verbosity_error()
    messages.disable_progress_bar()
    try:
        yield
    finally:
        messages.set_verbosity(level)
        if bars:
            messages.enable_progress_bar()
