"""Whole runs on a tiny real model: finishing, stopping, resuming, cancelling, repeating."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from phub_jupyter.compute.training import Control, Record, Settings, prepare, run
from phub_jupyter.compute.training.card import model_card
from phub_jupyter.compute.training.control import StoppedError
from phub_jupyter.compute.training.curves import learning_curves
from phub_jupyter.compute.training.data import Data
from phub_jupyter.compute.training.memory import Smaller
from phub_jupyter.compute.training.state import RunState
from phub_jupyter.errors import InvalidRequestError
from tests.compute.tiny_classifier import make_classifier
from tests.compute.training_data import remarks, write_dataset

SOURCES = {
    "model": {"repo": "ada/tiny", "commit": "a" * 40, "license": "mit"},
    "dataset": {"repo": "ada/remarks", "commit": "b" * 40},
    "notebook": "Started from a test.",
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_classifier(tmp_path_factory.mktemp("model") / "tiny")


@pytest.fixture(scope="module")
def splits(tmp_path_factory: pytest.TempPathFactory) -> Data:
    folder = write_dataset(
        tmp_path_factory.mktemp("data") / "remarks",
        train=remarks(640),
        validation=remarks(60, 1),
        test=remarks(80, 2),
    )
    return prepare(Settings(), folder).data


class StopAt(Control):
    """Wishes for something as soon as the record shows a certain step of a candidate."""

    def __init__(self, record: Record, candidate: str, step: int, wish: str) -> None:
        super().__init__()
        self._record, self._candidate, self._step, self._wish = record, candidate, step, wish

    def may_step(self, candidate: str) -> bool:
        # Called once a step, after the step was done.
        if candidate == self._candidate:
            self._step -= 1
        if self._step == 0:
            self.stop() if self._wish == "stop" else self.cancel(self._candidate)
        return super().may_step(candidate)


class ShortOfMemory(Control):
    """A machine on which the steps of one candidate fail for lack of memory so many times."""

    def __init__(self, candidate: str, times: int) -> None:
        super().__init__()
        self._candidate, self._times = candidate, times

    def may_step(self, candidate: str) -> bool:
        if candidate == self._candidate and self._times:
            self._times -= 1
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried 8 GiB")
        return super().may_step(candidate)


def events(record: Record, kind: str, **wanted: Any) -> list[dict[str, Any]]:
    return [
        event
        for event in record.events()
        if event["event"] == kind and all(event.get(key) == wanted[key] for key in wanted)
    ]


def go(
    record: Record, splits: Data, model: Path, control: Control | None = None, **settings: Any
) -> Any:
    chosen = Settings(
        **{"task": "text-classification", "metric": "accuracy", "candidates": 3, **settings}
    )
    return run(record, chosen, splits, model, control or Control(), SOURCES)


def test_a_run_finishes_and_leaves_what_can_be_published(
    tmp_path: Path, splits: Data, model: Path
) -> None:
    record = Record.create(tmp_path)
    outcome = go(record, splits, model, candidates=6)
    state = RunState.read(record.events())
    assert state.status == "finished"
    assert all(row.over for row in state.candidates.values())
    assert all(row.validation is not None for row in state.candidates.values())
    assert {path.name for path in outcome.folder.iterdir()} == {
        "config.json",
        "metrics.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    }
    config = json.loads((outcome.folder / "config.json").read_text())
    assert config["id2label"] == {"0": "negative", "1": "positive"}
    metrics = json.loads((outcome.folder / "metrics.json").read_text())
    assert metrics["winner"]["test"]["rows"] == 80
    tested = [row.candidate.id for row in state.candidates.values() if row.test is not None]
    assert sorted(tested) == sorted([state.winner, state.baseline])


def test_only_some_fine_tunes_go_beyond_the_first_rung(
    tmp_path: Path, splits: Data, model: Path
) -> None:
    record = Record.create(tmp_path)
    go(record, splits, model, candidates=6)
    state = RunState.read(record.events())
    first, *_, last = state.plan.rungs
    reached = sorted(state.of(candidate).step for candidate in state.plan.stepwise)
    assert reached == [first, last, last]
    kept = {path.name for path in record.folder.iterdir() if path.name.startswith("c")}
    finalists = {row.candidate.id for row in state.candidates.values() if row.step == last}
    assert state.winner in finalists
    assert kept == finalists


def test_the_same_seed_gives_the_same_scores(tmp_path: Path, splits: Data, model: Path) -> None:
    runs = [Record.create(tmp_path), Record.create(tmp_path)]
    for record in runs:
        go(record, splits, model, candidates=2, seed=7)
    first, again = ([event["scores"] for event in events(record, "scores")] for record in runs)
    assert first == again


def test_a_stop_ends_within_one_step_and_resume_goes_on_there(
    tmp_path: Path, splits: Data, model: Path
) -> None:
    record = Record.create(tmp_path)
    with pytest.raises(StoppedError):
        go(record, splits, model, StopAt(record, "c2", 5, "stop"))
    assert [event["step"] for event in events(record, "checkpoint", candidate="c2")] == [5]
    assert RunState.read(record.events()).status == "stopped"

    outcome = go(record, splits, model)
    assert RunState.read(record.events()).status == "finished"
    assert outcome.winner.test is not None
    assert len(events(record, "scores", candidate="c1", split="validation")) == 1
    steps = [event["step"] for event in events(record, "checkpoint", candidate="c2")]
    assert steps[:2] == [5, RunState.read(record.events()).plan.rungs[0]]


def test_a_stopped_and_resumed_run_scores_as_one_that_was_left_alone(
    tmp_path: Path, splits: Data, model: Path
) -> None:
    whole, broken = Record.create(tmp_path), Record.create(tmp_path)
    go(whole, splits, model, candidates=2)
    with pytest.raises(StoppedError):
        go(broken, splits, model, StopAt(broken, "c2", 13, "stop"), candidates=2)
    go(broken, splits, model, candidates=2)
    first, second = (events(record, "scores", split="test") for record in (whole, broken))
    assert [event["scores"] for event in first] == [event["scores"] for event in second]
    curves = [learning_curves(RunState.read(record.events())) for record in (whole, broken)]
    assert curves[0] == curves[1]
    assert len(curves[0][0].loss) > 13


def test_a_run_killed_in_the_middle_goes_on_from_its_last_checkpoint(
    tmp_path: Path, splits: Data, model: Path
) -> None:
    record = Record.create(tmp_path)
    with pytest.raises(StoppedError):
        go(record, splits, model, StopAt(record, "c2", 5, "stop"))
    lines = record.path.read_bytes().splitlines(keepends=True)
    cut = next(number for number, line in enumerate(lines) if b'"checkpoint"' in line)
    record.path.write_bytes(b"".join(lines[: cut + 1]) + b'{"event": "prog')
    go(record, splits, model)
    assert RunState.read(record.events()).status == "finished"


def test_cancelling_one_candidate_leaves_the_others(
    tmp_path: Path, splits: Data, model: Path
) -> None:
    record = Record.create(tmp_path)
    outcome = go(record, splits, model, StopAt(record, "c2", 5, "cancel"))
    state = RunState.read(record.events())
    assert state.candidates["c2"].status == "cancelled"
    assert state.candidates["c2"].step == 5
    assert outcome.winner.candidate.id == "c3"
    assert not (record.folder / "c2").exists()


def test_without_any_fine_tune_left_nothing_is_handed_back(
    tmp_path: Path, splits: Data, model: Path
) -> None:
    control = Control()
    control.cancel("c2")
    record = Record.create(tmp_path)
    with pytest.raises(InvalidRequestError, match="none is left to publish"):
        go(record, splits, model, control, candidates=2)
    assert RunState.read(record.events()).status == "failed"


def test_the_time_budget_ends_training_with_what_there_is(
    tmp_path: Path, splits: Data, model: Path
) -> None:
    record = Record.create(tmp_path)
    outcome = go(record, splits, model, candidates=3, time_budget=1e-6)
    state = RunState.read(record.events())
    assert state.status == "finished"
    assert outcome.winner.scored_step == state.plan.rungs[0]
    assert state.candidates["c3"].step == 0
    assert "time budget" in state.candidates["c3"].reason


def test_out_of_memory_is_tried_again_in_smaller_parts(
    tmp_path: Path, splits: Data, model: Path
) -> None:
    record = Record.create(tmp_path)
    outcome = go(record, splits, model, ShortOfMemory("c2", 2), candidates=2)
    assert outcome.winner.candidate.id == "c2"
    assert [event["slices"] for event in events(record, "smaller")] == [2, 4]
    assert outcome.winner.memory == Smaller(4)


def test_a_model_that_cannot_be_loaded_is_refused(tmp_path: Path, splits: Data) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text('{"model_type": "unheard-of"}')
    with pytest.raises(InvalidRequestError, match="model: it cannot be loaded"):
        go(Record.create(tmp_path / "runs"), splits, tmp_path / "model")


def test_the_card_says_where_everything_came_from(
    tmp_path: Path, splits: Data, model: Path
) -> None:
    from huggingface_hub import ModelCard

    record = Record.create(tmp_path)
    go(record, splits, model)
    state = RunState.read(record.events())
    card = ModelCard(model_card(state, "ada/classifier"))
    assert card.data.base_model == "ada/tiny"
    assert card.data.datasets == ["ada/remarks"]
    assert card.data.license == "mit"
    assert card.data.pipeline_tag == "text-classification"
    assert {result.metric_type for result in card.data.eval_results} == {"accuracy", "f1"}
    assert card.data.eval_results[0].dataset_revision == "b" * 40
    for words in ("a" * 40, "b" * 40, "Started from a test.", "learning_rate", "Seed: 0"):
        assert words in card.text
    for row in state.candidates.values():
        assert row.candidate.name in card.text


def test_the_card_says_when_a_cheap_baseline_won(tmp_path: Path, splits: Data, model: Path) -> None:
    record = Record.create(tmp_path)
    go(record, splits, model)
    state = RunState.read(record.events())
    assert state.baseline_wins  # one word decides, which counting words finds at once
    assert "A cheap baseline won" in model_card(state, "ada/classifier")
