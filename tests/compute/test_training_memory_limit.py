"""--max-memory: what cannot fit is not tried, and what grows too large ends by itself."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from phub_jupyter.compute.training import Control, Record, Settings, prepare, run
from phub_jupyter.compute.training.affordable import affordable, parameter_count
from phub_jupyter.compute.training.engine import Engine
from phub_jupyter.compute.training.memory import Smaller, fitting
from phub_jupyter.compute.training.memory_limit import MemoryWatch, OverLimitError, held, in_words
from phub_jupyter.compute.training.probe import check_batch
from phub_jupyter.compute.training.space import FamilySpace
from phub_jupyter.compute.training.state import RunState
from phub_jupyter.errors import InvalidRequestError
from tests.compute.tiny_classifier import make_classifier
from tests.compute.training_data import remarks, write_dataset

SPACES = [FamilySpace(name, {}) for name in ("guess", "lora", "full")]
MEGABYTE = 10**6


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_classifier(tmp_path_factory.mktemp("model") / "tiny")


def large(folder: Path, weights: int) -> Path:
    import numpy as np
    from safetensors.numpy import save_file

    folder.mkdir()
    save_file({"a": np.zeros((weights // 10, 10), np.float16)}, folder / "model.safetensors")
    return folder


def test_a_watch_sees_what_is_held_for_a_moment_and_by_children() -> None:
    with MemoryWatch(held() + 100 * MEGABYTE, "cpu") as watch:
        watch.check()
        much = b"x" * (300 * MEGABYTE)
        time.sleep(0.3)
        del much
        with pytest.raises(OverLimitError, match="it needs .* of memory where .* are allowed"):
            watch.check()
        watch.reset()
        watch.check()


def test_without_a_limit_nothing_is_looked_at() -> None:
    with MemoryWatch(None, "cpu") as watch:
        watch.check()
    assert watch.peak == 0


def test_families_that_cannot_fit_are_left_out_and_named(tmp_path: Path) -> None:
    folder = large(tmp_path / "m", 50_000_000)  # 200 MB to hold, 800 MB to train as a whole
    assert parameter_count(folder) == 50_000_000
    affordable(SPACES, folder, 10**12)  # loads what training needs, which is held from now on
    now = held()
    kept, said = affordable(SPACES, folder, now + 500 * MEGABYTE)
    assert [space.family for space in kept] == ["guess", "lora"]
    assert len(said) == 1
    assert said[0].startswith("Fine-tune is left out: it needs about ")
    assert affordable(SPACES, folder, now + 1500 * MEGABYTE) == (SPACES, [])
    with pytest.raises(InvalidRequestError, match="max-memory: .* do not suffice to train"):
        affordable(SPACES, folder, now + 100 * MEGABYTE)


def test_a_row_is_tried_out_to_see_how_many_fit(model: Path) -> None:
    import torch
    from transformers import AutoModelForSequenceClassification

    classifier = AutoModelForSequenceClassification.from_pretrained(model)
    rows = {"input_ids": torch.full((256, 60), 5), "labels": torch.zeros(256, dtype=torch.long)}
    engine = Engine("cpu", 1, bf16=False)
    with MemoryWatch(held() + 2000 * MEGABYTE, "cpu") as watch:
        check_batch(classifier, rows, 1, watch, engine)
        assert all(weight.grad is None for weight in classifier.parameters())
        with pytest.raises(OverLimitError) as caught:
            check_batch(classifier, rows, 10_000, watch, engine)
    assert caught.value.rows is not None
    assert 1 < caught.value.rows < 10_000


def test_parts_are_as_small_as_was_measured() -> None:
    assert fitting(Smaller(), 32, 40) == Smaller()
    assert fitting(Smaller(), 32, 9) == Smaller(4)
    assert fitting(Smaller(), 32, 0) == Smaller(32)
    assert fitting(Smaller(), 6, 1) == Smaller(4)


class Hungry(Control):
    """A person whose every step of one candidate holds much for a moment, a few times."""

    def __init__(self, candidate: str, times: int) -> None:
        super().__init__()
        self._candidate, self._times = candidate, times
        self._held = b""

    def may_step(self, candidate: str) -> bool:
        self._held = b""
        if candidate == self._candidate and self._times:
            self._times -= 1
            self._held = b"x" * (1500 * MEGABYTE)
            time.sleep(0.3)
            self._held = b""
        return super().may_step(candidate)


@pytest.mark.parametrize(
    ("times", "status"), [(1, "finished"), pytest.param(99, "failed", marks=pytest.mark.long)]
)
def test_a_candidate_above_the_limit_goes_on_smaller_or_ends_and_the_race_goes_on(
    tmp_path: Path, model: Path, times: int, status: str
) -> None:
    parts = {"train": remarks(160), "validation": remarks(30, 1), "test": remarks(30, 2)}
    folder = write_dataset(tmp_path / "data", **parts)
    affordable(SPACES, model, 10**12)
    asked = Settings(candidates=3, max_memory=held() + 1000 * MEGABYTE)
    prepared = prepare(asked, folder)
    assert prepared.sentence().endswith(f"At most {in_words(asked.max_memory or 0)} of memory.")
    record = Record.create(tmp_path / "runs")
    sources = {"dataset": {"repo": "ada/r", "commit": "b" * 40}}
    run(record, prepared.settings, prepared.data, model, Hungry("c2", times), sources)
    state = RunState.read(record.events())
    row = state.candidates["c2"]
    assert state.started["settings"]["max_memory"] == asked.max_memory
    assert row.peak > (asked.max_memory or 0)
    assert row.memory.slices > 1
    assert state.winner is not None
    assert (row.status == "failed") is (status == "failed")
    if status == "failed":
        assert row.reason.startswith("max-memory: it needs ")
        assert state.winner == "c3"
    else:
        assert row.validation is not None
