"""``%phub train --on ray`` on a real cluster of two nodes, one of which is lost in the middle."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import HfApi, hf_hub_download
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from phub_jupyter.compute.training import Record
from phub_jupyter.compute.training.state import CandidateState, RunState
from phub_magics.training_job import TrainingJob
from tests.compute.ray_cluster import RayCluster
from tests.compute.training_data import remarks, write_dataset
from tests.conftest import HubServer
from tests.magics.shells import hub_shell
from tests.server.model_server import REPO, model_server

DATASET = "ada/remarks"
LINE = f"train --on ray --model {REPO} --dataset {DATASET} --candidates 6"

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    root = tmp_path_factory.mktemp("served")
    folder = write_dataset(
        root / "remarks",
        train=remarks(40_000),
        validation=remarks(60, 1),
        test=remarks(80, 2),
    )
    with model_server(root) as running:
        api = HfApi(endpoint=running.endpoint, token=running.token())
        api.create_repo(DATASET, repo_type="dataset", private=True)
        api.upload_folder(repo_id=DATASET, repo_type="dataset", folder_path=folder)
        yield running


@pytest.fixture(scope="module")
def cluster() -> Iterator[RayCluster]:
    running = RayCluster()
    yield running
    running.close()


@pytest.fixture
def shell(
    server: HubServer, cluster: RayCluster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[InteractiveShell]:
    with hub_shell(server, monkeypatch, tmp_path) as shell:
        monkeypatch.setenv("PHUB_TOKEN", server.token())
        monkeypatch.setenv("PHUB_RAY_ADDRESS", cluster.address)
        monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
        yield shell


def begin(shell: InteractiveShell, repo: str, more: str = "") -> TrainingJob:
    job = shell.run_line_magic("phub", f"{LINE} --to {repo} --background {more}")
    assert isinstance(job, TrainingJob)
    return job


def until(job: TrainingJob, seconds: float, condition: object) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert job.wait(0.2) is None, "the run is over"
        assert time.monotonic() < deadline, list(job.record.events())


def rows(record: Record) -> dict[str, CandidateState]:
    return RunState.read(record.events()).candidates


def fine_tunes_run(record: Record) -> bool:
    running = [row for row in rows(record).values() if row.status == "running"]
    return len(running) == 2 and all(row.candidate.stepwise for row in running)


def test_a_run_survives_the_loss_of_a_node(
    server: HubServer, cluster: RayCluster, shell: InteractiveShell
) -> None:
    job = begin(shell, "ada/clustered", "--max-train-rows 6400")
    until(job, 300, lambda: fine_tunes_run(job.record) and cluster.at_work(1))
    cluster.lose(1)
    result = job.wait(400)
    assert result is not None
    cluster.add_node()

    state = RunState.read(job.record.events())
    assert state.status == "finished"
    assert len(state.candidates) == 6
    assert all(row.validation is not None for row in state.candidates.values())
    assert {row.status for row in state.candidates.values()} <= {"finished", "dropped"}
    api = HfApi(endpoint=server.endpoint, token=server.token())
    assert [branch.name for branch in api.list_repo_refs("ada/clustered").branches] == ["main"]
    names = set(api.list_repo_files("ada/clustered"))
    assert {"config.json", "model.safetensors", "README.md", "phub_run.jsonl"} <= names
    metrics = json.loads(Path(_pull(server, "ada/clustered", "metrics.json")).read_text())
    assert metrics["winner"]["test"]["rows"] == 80
    token = os.environ["PHUB_TOKEN"].encode()
    assert not [path for path in cluster.logs() if token in path.read_bytes()]


def test_a_run_is_stopped_and_gone_on_with_where_it_was(
    server: HubServer, cluster: RayCluster, shell: InteractiveShell
) -> None:
    job = begin(shell, "ada/resumed")
    until(job, 300, lambda: "c5" in rows(job.record))
    job.control.cancel("c5")
    until(job, 300, lambda: rows(job.record)["c5"].status == "cancelled")
    job.cancel()
    with pytest.raises(UsageError, match="Stopped; what was done is kept"):
        job.wait(180)
    assert RunState.read(job.record.events()).status == "stopped"
    reached = {name: row.checkpoint for name, row in rows(job.record).items()}

    shell.run_line_magic("phub", "train --resume")
    state = RunState.read(job.record.events())
    assert state.status == "finished"
    assert state.pushed == "ada/resumed"
    assert state.candidates["c5"].status == "cancelled"
    jobs = [line["id"] for line in job.record.events() if line["event"] == "job"]
    assert len(jobs) == 2
    assert all(state.candidates[name].checkpoint >= step for name, step in reached.items())


def _pull(server: HubServer, repo: str, name: str) -> str:
    return hf_hub_download(repo, name, endpoint=server.endpoint, token=server.token())
