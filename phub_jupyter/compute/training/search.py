"""Proposes what to try next, from what the candidates of a family scored so far."""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.training.space import Choice, Dimension, FamilySpace

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

__all__ = ["propose"]

_RANDOM_FIRST = 4  # tries of a family before the search follows what it has seen
_ATTEMPTS = 8  # to propose something that was not tried yet


def propose(
    space: FamilySpace, tried: Iterable[tuple[Mapping[str, Any], float]], seed: int
) -> dict[str, Any]:
    """Parameters for the next candidate of a family.

    ``tried`` are parameters and score (more is better) of those before it. The answer depends on
    nothing else, so a run that was killed goes on as if it had not been: the record is all the
    state there is.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    distributions = {name: _distribution(row) for name, row in space.dimensions.items()}
    known = [_trial(space, parameters, score, distributions) for parameters, score in tried]
    proposal: dict[str, Any] = {}
    for attempt in range(_ATTEMPTS):
        mixed = zlib.crc32(f"{seed} {space.family} {len(known)} {attempt}".encode())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the multivariate sampler is called experimental
            sampler = optuna.samplers.TPESampler(
                seed=mixed, multivariate=True, n_startup_trials=_RANDOM_FIRST
            )
            study = optuna.create_study(direction="maximize", sampler=sampler)
            study.add_trials(known)
            drawn = study.ask(distributions).params
        proposal = {name: _plain(space.dimensions[name], value) for name, value in drawn.items()}
        if all(trial.params != proposal for trial in known):
            break
    return {**space.default, **proposal}


def _trial(
    space: FamilySpace,
    parameters: Mapping[str, Any],
    score: float,
    distributions: Mapping[str, BaseDistribution],
) -> FrozenTrial:
    from optuna.trial import create_trial

    drawn = {name: parameters[name] for name in space.dimensions}
    return create_trial(params=drawn, distributions=dict(distributions), value=score)


def _distribution(dimension: Dimension) -> BaseDistribution:
    from optuna.distributions import CategoricalDistribution, FloatDistribution

    if isinstance(dimension, Choice):
        return CategoricalDistribution(dimension.values)
    return FloatDistribution(dimension.low, dimension.high, log=True)


def _plain(dimension: Dimension, value: Any) -> Any:
    """Two digits say enough of a number."""
    if isinstance(dimension, Choice):
        return value
    return min(max(float(f"{value:.2g}"), dimension.low), dimension.high)
