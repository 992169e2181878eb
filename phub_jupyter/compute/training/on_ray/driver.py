"""``python -m phub_jupyter.compute.training.on_ray.driver``: the race, as a job of the cluster.

Every line of its record is also a line of the job's log, where the notebook reads it. What can be
published goes to a branch of the repository that the run is for; the notebook takes it from there.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from phub_jupyter.compute.training.control import Control, StoppedError
from phub_jupyter.compute.training.engine import prepare_threads
from phub_jupyter.compute.training.on_ray.cluster import Cluster
from phub_jupyter.compute.training.on_ray.fetch import dataset_folder, model_folder
from phub_jupyter.compute.training.on_ray.lines import spoken
from phub_jupyter.compute.training.on_ray.spec import NAMESPACE, Spec, take_token
from phub_jupyter.compute.training.on_ray.trials import RayTrials
from phub_jupyter.compute.training.prepare import prepare
from phub_jupyter.compute.training.ranking import GONE
from phub_jupyter.compute.training.record import Record
from phub_jupyter.compute.training.run import Outcome, run
from phub_jupyter.compute.training.settings import Settings
from phub_jupyter.compute.training.state import RunState
from phub_jupyter.errors import HubError

__all__ = ["main"]


class _SpokenRecord(Record):
    """A record whose new lines are printed as well, numbered."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._number = 0

    def append(self, event: str, **fields: Any) -> None:
        """Add one line and say it."""
        fields.setdefault("time", round(time.time(), 3))
        super().append(event, **fields)
        with self._lock:
            self._number += 1
            print(spoken({"event": event, **fields, "line": self._number}), flush=True)


def main() -> int:
    """Run what the working folder describes; the exit status says whether it came to its end."""
    ray: Any = import_module("ray")
    spec, token = Spec.read(Path.cwd()), take_token(Path.cwd())
    prepare_threads()
    record = _record(spec)
    os.chdir(record.folder.parent)  # Ray may take the job's own folder away while it runs
    ray.init(address="auto", namespace=NAMESPACE, log_to_driver=False)
    try:
        _deliver(spec, token, record, _race(spec, token, record))
    except StoppedError:
        return 2  # the job is over, the run is not
    except HubError as error:
        record.append("problem", message=error.message)
        return 1
    return 0


def _race(spec: Spec, token: str, record: Record) -> Outcome:
    prepared = prepare(Settings(**spec.settings), dataset_folder(spec, token), spec.has_model)
    control = Control()
    cluster = Cluster(spec, token, record, control)
    try:
        return run(
            record,
            prepared.settings,
            prepared.data,
            model_folder(spec, token),
            control,
            dict(spec.sources),
            partial(RayTrials, cluster=cluster),
        )
    finally:
        cluster.close()


def _deliver(spec: Spec, token: str, record: Record, outcome: Outcome) -> None:
    from huggingface_hub import HfApi

    api = HfApi(endpoint=spec.endpoint, token=token)
    target, branch = spec.sources["to"], f"run-{spec.run}"
    api.create_repo(target["repo"], private=target["private"], exist_ok=True)
    api.create_branch(target["repo"], branch=branch, exist_ok=True)
    commit = ""
    for folder in outcome.folders.values():
        commit = api.upload_folder(
            repo_id=target["repo"],
            folder_path=folder,
            path_in_repo=folder.name,
            revision=branch,
            commit_message=f"Bring {folder.name} of run {spec.run} home",
        ).oid
    folders = [folder.name for folder in outcome.folders.values()]
    record.append("delivered", branch=branch, commit=commit, folders=folders)
    shutil.rmtree(record.folder)


def _record(spec: Spec) -> Record:
    """The run's folder on this machine; what an earlier job left of it is gone on with."""
    folder = Path.home() / ".cache" / "phub" / "ray" / spec.run
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    known = Path.cwd() / Record.FILE_NAME
    if known.exists():
        _take_over(Record(known.parent), folder)
    return _SpokenRecord(folder)


def _take_over(known: Record, folder: Path) -> None:
    """Begin with the notebook's lines, less the training whose checkpoints are not here."""
    lost = {
        row.candidate.id
        for row in RunState.read(known.events()).candidates.values()
        if row.candidate.stepwise
        and row.status not in GONE
        and not (folder / row.candidate.id).is_dir()
    }
    kept = [
        {key: value for key, value in line.items() if key not in ("job", "line")}
        for line in known.events()
        if not (line["event"] in _OF_TRAINING and line["candidate"] in lost)
    ]
    lines = [json.dumps(line) + "\n" for line in kept]
    (folder / Record.FILE_NAME).write_text("".join(lines), "utf-8")


_OF_TRAINING = ("checkpoint", "loss", "progress", "scores", "status")

if __name__ == "__main__":
    sys.exit(main())
