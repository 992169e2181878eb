"""Which candidates are tried, and when fine-tunes are compared."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from phub_jupyter.compute.training import Plan, Settings
from phub_jupyter.compute.training import plan as make_plan
from phub_jupyter.compute.training.data import Data, Rows
from phub_jupyter.compute.training.families import FAMILIES
from phub_jupyter.compute.training.recipes import recipe_for
from phub_jupyter.compute.training.search import propose
from phub_jupyter.compute.training.space import LogRange
from phub_jupyter.errors import InvalidRequestError

NOTHING = Rows({}, [])
NO_DATA = Data(NOTHING, NOTHING, NOTHING, {}, problem="single_label")


def plan(settings: Settings, rows: int) -> Plan:
    return make_plan(settings, recipe_for("text-classification").space(NO_DATA), rows)


@pytest.mark.parametrize("candidates", [1, 2, 3, 6, 12])
def test_a_plan_has_as_many_candidates_as_asked_and_something_to_publish(candidates: int) -> None:
    made = plan(Settings(candidates=candidates), 8000)
    assert len(made.candidates) == candidates
    assert made.stepwise
    assert (len(made.fitted) > 0) == (candidates > 1)
    assert len({candidate.id for candidate in made.candidates}) == candidates


def test_families_share_the_candidates() -> None:
    families = Counter(row.family for row in plan(Settings(candidates=25), 8000).candidates)
    compared = [row for row in FAMILIES.values() if not row.publishable]
    assert 3 < sum(families[row.name] for row in compared) <= 12
    assert families["full"] > families["lora"] >= 4
    assert sum(families.values()) == 25


def test_the_first_of_each_family_has_the_settings_of_the_recipe() -> None:
    made = plan(Settings(candidates=25), 8000)
    first = {row.family: row for row in reversed(made.candidates)}
    assert not any(row.open for row in first.values())
    assert all(
        row.open and not row.parameters for row in made.candidates if row not in first.values()
    )


SPACE = next(
    row for row in recipe_for("text-classification").space(NO_DATA) if row.family == "full"
)


def test_the_seed_and_what_was_seen_decide_what_is_proposed() -> None:
    seen = [(dict(SPACE.default), 0.8)]
    first, again, other = (propose(SPACE, seen, seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert propose(SPACE, [*seen, (first, 0.7)], 1) not in (first, SPACE.default)


def test_proposals_stay_in_the_space() -> None:
    tried: list[tuple[dict[str, Any], float]] = []
    for number in range(8):
        tried.append((propose(SPACE, tried, 5), number / 10))
    for parameters, _ in tried:
        assert set(parameters) == set(SPACE.default)
        for name, dimension in SPACE.dimensions.items():
            if isinstance(dimension, LogRange):
                assert dimension.low <= parameters[name] <= dimension.high
            else:
                assert parameters[name] in dimension.values


@pytest.mark.parametrize("rows", [20, 300, 8000, 500_000])
def test_fine_tunes_are_compared_after_forty_steps_at_the_earliest(rows: int) -> None:
    rungs = plan(Settings(), rows).rungs
    assert list(rungs) == sorted(set(rungs))
    assert all(rung >= 40 for rung in rungs[:-1])


def test_large_datasets_are_read_once() -> None:
    assert plan(Settings(), 320_000).rungs[-1] == 10_000


@pytest.mark.parametrize("candidates", [3, 6, 25, 60])
def test_the_field_narrows_to_two_or_more(candidates: int) -> None:
    made = plan(Settings(candidates=candidates), 8000)
    left = [sum(made.survivors(rung).values()) for rung in made.rungs[:-1]]
    assert left == sorted(left, reverse=True)
    assert all(2 <= number <= max(2, len(made.stepwise) // 2 + 1) for number in left)


def test_a_plan_survives_the_record() -> None:
    made = plan(Settings(candidates=8), 1000)
    assert Plan.from_json(made.as_json()) == made


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"task": "fill-mask"}, "task: 'fill-mask' cannot be trained"),
        ({"task": "mind-reading"}, "task: 'mind-reading' is not a known task"),
        ({"task": "text-classification", "metric": "beauty"}, "metric: 'beauty' cannot rank"),
        ({"candidates": 0}, "candidates: give a number"),
    ],
)
def test_unusable_settings_are_refused(wrong: dict[str, str], words: str) -> None:
    with pytest.raises(InvalidRequestError, match=words):
        Settings(**wrong)  # type: ignore[arg-type]
