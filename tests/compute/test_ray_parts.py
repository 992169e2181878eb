"""What training on a cluster is made of, as far as it needs no cluster."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from phub_jupyter.compute.training import Control, Record, Settings, prepare, run
from phub_jupyter.compute.training.on_ray.lines import Hearing, spoken
from phub_jupyter.compute.training.on_ray.parcel import pack, unpack
from phub_jupyter.compute.training.on_ray.spec import Spec, take_token
from phub_jupyter.compute.training.state import RunState
from phub_jupyter.compute.training.trials import Trials
from tests.compute.tiny_classifier import make_classifier
from tests.compute.training_data import remarks, write_dataset


def test_lines_are_heard_in_pieces_of_any_length() -> None:
    lines = [{"event": "status", "line": number, "reason": "a\nb é"} for number in range(3)]
    log = "Running entrypoint\n" + "".join(spoken(line) + "\nnoise\n" for line in lines)
    for size in (1, 7, len(log)):
        hearing = Hearing()
        pieces = [log[start : start + size] for start in range(0, len(log), size)]
        assert [line for piece in pieces for line in hearing.hear(piece)] == lines
        assert hearing.said == ["Running entrypoint", "noise", "noise", "noise"]


def test_a_folder_travels_whole_and_replaces_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "c1" / "checkpoint-4").mkdir(parents=True)
    (tmp_path / "c1" / "checkpoint-4" / "weights").write_bytes(b"\x00\x01")
    parcel = pack(tmp_path / "c1")
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "stale").touch()
    unpack(parcel, tmp_path / "there")
    assert [path.name for path in (tmp_path / "there").iterdir()] == ["checkpoint-4"]
    assert (tmp_path / "there" / "checkpoint-4" / "weights").read_bytes() == b"\x00\x01"
    unpack(pack(tmp_path / "nowhere"), tmp_path / "there")
    assert not (tmp_path / "there").exists()


def test_a_job_finds_what_it_was_told_and_its_token_once(tmp_path: Path) -> None:
    spec = Spec("r1", "http://hub", {"seed": 1}, {"to": {}}, ("*.json",), gpus=0.5)
    spec.write(tmp_path, "hf_secret")
    assert Spec.read(tmp_path) == spec
    assert take_token(tmp_path) == "hf_secret"
    assert not [path for path in tmp_path.iterdir() if "hf_secret" in path.read_text()]


class TwoLanes(Trials):
    """Two candidates are under way at a time; the arithmetic itself is done one by one."""

    lanes = 2
    together = 0

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._under_way = 0
        self._counting, self._working = threading.Lock(), threading.Lock()

    def train(self, *args: Any, **kwargs: Any) -> None:
        with self._counting:
            self._under_way += 1
            TwoLanes.together = max(TwoLanes.together, self._under_way)
        with self._working:
            super().train(*args, **kwargs)
        with self._counting:
            self._under_way -= 1


def test_candidates_in_two_lanes_are_all_scored_and_all_different(tmp_path: Path) -> None:
    model = make_classifier(tmp_path / "tiny")
    folder = write_dataset(
        tmp_path / "data", train=remarks(160), validation=remarks(40, 1), test=remarks(40, 2)
    )
    prepared = prepare(Settings(candidates=6), folder)
    record = Record.create(tmp_path / "runs")
    run(record, prepared.settings, prepared.data, model, Control(), None, TwoLanes)
    state = RunState.read(record.events())
    assert state.status == "finished"
    assert all(row.validation is not None and row.over for row in state.candidates.values())
    assert TwoLanes.together == 2
    tried = [(row.candidate.family, row.candidate.parameters) for row in state.candidates.values()]
    assert all(tried.count(one) == 1 for one in tried)


def test_ray_is_not_loaded_with_the_magic() -> None:
    code = (
        "import sys, phub_magics.train, phub_magics.ray_training;"
        "import phub_jupyter.compute.training; print('ray' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "False\n"
