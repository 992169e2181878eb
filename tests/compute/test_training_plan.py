"""Which candidates are tried, and when fine-tunes are compared."""

from __future__ import annotations

import pytest

from phub_jupyter.compute.training import Plan, Settings
from phub_jupyter.compute.training import plan as make_plan
from phub_jupyter.compute.training.data import Data, Rows
from phub_jupyter.compute.training.recipes import recipe_for
from phub_jupyter.errors import InvalidRequestError


def plan(settings: Settings, rows: int) -> Plan:
    nothing = Rows({}, [])
    data = Data(nothing, nothing, nothing, {})
    return make_plan(settings, recipe_for("text-classification").space(data), rows)


@pytest.mark.parametrize("candidates", [1, 2, 3, 6, 12])
def test_a_plan_has_as_many_candidates_as_asked_and_something_to_publish(candidates: int) -> None:
    made = plan(Settings(candidates=candidates), 8000)
    assert len(made.candidates) == candidates
    assert made.stepwise
    assert (len(made.fitted) > 0) == (candidates > 1)
    assert len({candidate.id for candidate in made.candidates}) == candidates


def test_six_candidates_are_three_heads_and_three_fine_tunes() -> None:
    families = [candidate.family for candidate in plan(Settings(candidates=6), 8000).candidates]
    assert families == ["words", "embeddings", "characters", *["full"] * 3]


def test_the_seed_decides_the_candidates() -> None:
    first, again, other = (plan(Settings(seed=seed), 8000) for seed in (1, 1, 2))
    assert first == again
    assert first != other


@pytest.mark.parametrize("rows", [20, 300, 8000, 500_000])
def test_fine_tunes_are_compared_after_forty_steps_at_the_earliest(rows: int) -> None:
    rungs = plan(Settings(), rows).rungs
    assert list(rungs) == sorted(set(rungs))
    assert all(rung >= 40 for rung in rungs[:-1])


def test_large_datasets_are_read_once() -> None:
    assert plan(Settings(), 320_000).rungs[-1] == 10_000


def test_the_field_narrows_to_one() -> None:
    number = 20
    for _ in range(3):
        number = Plan.survivors(number)
    assert number == 1


def test_a_plan_survives_the_record() -> None:
    made = plan(Settings(candidates=8), 1000)
    assert Plan.from_json(made.as_json()) == made


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"task": "text-generation"}, "task: 'text-generation' cannot be trained"),
        ({"task": "mind-reading"}, "task: 'mind-reading' is not a known task"),
        ({"task": "text-classification", "metric": "beauty"}, "metric: 'beauty' cannot rank"),
        ({"candidates": 0}, "candidates: give a number"),
    ],
)
def test_unusable_settings_are_refused(wrong: dict[str, str], words: str) -> None:
    with pytest.raises(InvalidRequestError, match=words):
        Settings(**wrong)  # type: ignore[arg-type]
