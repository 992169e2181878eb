"""The record on disk: append-only, torn lines, finding runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from phub_jupyter.compute.training import Record
from phub_jupyter.compute.training.state import RunState
from phub_jupyter.errors import NotFoundError


def test_events_come_back_in_order(tmp_path: Path) -> None:
    record = Record.create(tmp_path / "runs")
    record.append("one", value=1)
    record.append("two", value="zwei")
    assert [(event["event"], event["value"]) for event in record.events()] == [
        ("one", 1),
        ("two", "zwei"),
    ]


def test_a_line_torn_by_a_crash_is_left_out_and_kept_apart(tmp_path: Path) -> None:
    record = Record.create(tmp_path)
    record.append("one")
    with record.path.open("ab") as file:
        file.write(b'{"event": "torn", "val')
    assert [event["event"] for event in record.events()] == ["one"]
    record.append("two")
    assert [event["event"] for event in record.events()] == ["one", "two"]


def test_runs_of_the_same_second_get_folders_of_their_own(tmp_path: Path) -> None:
    assert len({Record.create(tmp_path).name for _ in range(4)}) == 4


def test_the_newest_run_is_found_unless_one_is_named(tmp_path: Path) -> None:
    names = []
    for number in range(2):
        record = Record.create(tmp_path)
        record.append("started", number=number)
        names.append(record.name)
    assert Record.find(tmp_path).name == names[1]
    assert Record.find(tmp_path, names[0]).started()["number"] == 0


def test_a_missing_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no run 'yesterday'"):
        Record.find(tmp_path, "yesterday")
    with pytest.raises(NotFoundError, match="start one without --resume"):
        Record.find(tmp_path)
    with pytest.raises(NotFoundError, match="never started"):
        Record.create(tmp_path).started()


def test_scores_that_noise_explains_are_called_alike() -> None:
    state = RunState()
    names = ("c1", "c2", "c3", "c4")
    candidates = [{"id": name, "name": name, "family": "full"} for name in names]
    state.apply(
        {
            "event": "started",
            "plan": {"candidates": candidates, "rungs": [40], "epoch": 40},
            "settings": {"task": "text-classification", "metric": "accuracy"},
        }
    )
    shares = {"c1": (0.86, 400), "c2": (0.83, 400), "c3": (0.70, 400), "c4": (0.86, 200)}
    for name, (value, rows) in shares.items():
        scores = {"values": {"accuracy": value}, "errors": {"accuracy": 0.018}, "rows": rows}
        state.apply(
            {"event": "scores", "candidate": name, "split": "x", "step": 40, "scores": scores}
        )
    assert state.as_good == []
    state.apply({"event": "selected", "winner": "c1", "baseline": None})
    assert [row.candidate.id for row in state.as_good] == ["c2"]
