"""``%phub train``: several candidates on a dataset of the hub, the best one pushed."""

from __future__ import annotations

import argparse
import os
from dataclasses import asdict
from typing import Any

from phub_jupyter.compute.training import Record, Settings
from phub_jupyter.compute.training.provenance import PROVENANCE_FILE
from phub_jupyter.compute.training.recipes import TRAINABLE, require_model
from phub_jupyter.compute.training.state import RunState
from phub_jupyter.errors import InvalidRequestError
from phub_magics.arguments import count, duration, kept, repo_id, role_and_name, share, size
from phub_magics.connection import Connection
from phub_magics.push import check_target
from phub_magics.ray_training import ray_wishes
from phub_magics.run_folder import keep_cells, runs_folder
from phub_magics.sources import Sources
from phub_magics.training_job import TrainingJob, follow

__all__ = ["add_arguments", "run"]

RESULT_NAME = "phub_last_run"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``%phub train`` takes."""
    parser.add_argument(
        "--model", type=repo_id, metavar="REPO", help="the model to start from, but for tables"
    )
    parser.add_argument("--dataset", type=repo_id, metavar="REPO", help="the rows to learn from")
    parser.add_argument("--to", type=repo_id, metavar="REPO", help="where the best model goes")
    parser.add_argument(
        "--candidates", type=count, default=6, metavar="N", help="how many to try (default: 6)"
    )
    parser.add_argument(
        "--task", default="", help=f"told by the columns if left out: {', '.join(TRAINABLE)}"
    )
    parser.add_argument(
        "--column",
        action="append",
        default=[],
        type=role_and_name,
        metavar="ROLE=NAME",
        help="which column is the text, label, …; found by its name if left out",
    )
    parser.add_argument("--metric", default="", help="what ranks candidates (default: the task's)")
    parser.add_argument("--seed", type=int, default=0, help="the same seed repeats a run")
    parser.add_argument("--max-train-rows", type=count, metavar="N", help="learn from N rows only")
    parser.add_argument(
        "--time-budget", type=duration, metavar="5m", help="train no longer than this"
    )
    parser.add_argument(
        "--max-memory", type=size, metavar="8GB", help="hold no more memory than this"
    )
    parser.add_argument(
        "--on", choices=["kernel", "ray"], help="where candidates train (default: here)"
    )
    parser.add_argument(
        "--cpus-per-trial", type=share, default=1.0, metavar="N", help="on ray, of one machine"
    )
    parser.add_argument(
        "--gpus-per-trial", type=share, default=0.0, metavar="N", help="on ray; 0.5 is half a GPU"
    )
    parser.add_argument(
        "--push",
        type=kept,
        default=1,
        metavar="best|all|N",
        help="how many of those trained to the end go on the hub; all but the best as branches "
        "(default: best)",
    )
    visibility = parser.add_mutually_exclusive_group()
    visibility.add_argument(
        "--private", action="store_true", default=None, help="default: as the dataset is"
    )
    visibility.add_argument("--public", dest="private", action="store_false", default=None)
    parser.add_argument(
        "--no-cells",
        dest="cells",
        action="store_false",
        help="do not put the code of the cells that ran before into provenance.json",
    )
    parser.add_argument(
        "--resume", nargs="?", const="", metavar="RUN", help="go on with a run (default: the last)"
    )
    parser.add_argument(
        "--background", action="store_true", help="give the cell back at once; the table goes on"
    )


def run(args: argparse.Namespace, shell: Any) -> Any:
    """Train and push; the result is also kept as ``phub_last_run``.

    Raises InvalidRequestError and whatever the hub refuses.
    """
    job = _begin(args, shell) if args.resume is None else _resume(args)
    job.start()
    shell.push({RESULT_NAME: job})
    if args.background:
        job.follow_in_background(shell)
        return job
    result = follow(job, shell)
    shell.push({RESULT_NAME: result})
    return result


def _begin(args: argparse.Namespace, shell: Any) -> TrainingJob:
    for name in ("dataset", "to"):
        if getattr(args, name) is None:
            raise InvalidRequestError(f"{name}: missing; add --{name} namespace/name.")
    settings = Settings(
        task=args.task,
        candidates=args.candidates,
        metric=args.metric,
        seed=args.seed,
        columns=dict(args.column),
        max_train_rows=args.max_train_rows,
        time_budget=args.time_budget,
        max_memory=args.max_memory,
        keep=args.candidates if args.push is None else args.push,
    )
    if args.task:
        require_model(args.task, args.model is not None)
    from phub_jupyter.compute.training.environment import environment
    from phub_magics.notebook_cells import executed_cells
    from phub_magics.notebook_state import NotebookState, notebook_sentence

    on = args.on or os.environ.get("PHUB_TRAIN_ON", "kernel")
    ray = {"ray": ray_wishes(args.cpus_per_trial, args.gpus_per_trial)} if on == "ray" else {}
    connection = Connection.from_environment()
    check_target(connection, args.to)
    sources = Sources.resolve(connection, args.model, args.dataset)
    private = sources.dataset["private"] if args.private is None else args.private
    notebook = NotebookState.of(shell)
    noted = {
        "model": sources.model,
        "dataset": sources.dataset,
        "to": {"repo": args.to, "private": private},
        "notebook": notebook_sentence(notebook),
        "code": asdict(notebook) if notebook else None,
        "environment": environment(),
        **ray,
    }
    cells = executed_cells(shell) if args.cells else None
    return TrainingJob.prepare(connection, settings, noted, lambda: _opened(cells))


def _opened(cells: dict[str, Any] | None) -> Record:
    """A new record, with the cells that its push will publish, which the person is told."""
    record = Record.create(runs_folder())
    if cells is not None and cells["sources"]:
        keep_cells(record, cells)
        number = len(cells["sources"])
        print(f"{PROVENANCE_FILE} will hold the code of {number} cells; --no-cells leaves it out.")
    return record


def _resume(args: argparse.Namespace) -> TrainingJob:
    record = Record.find(runs_folder(), args.resume or None)
    state = RunState.read(record.events())
    started = record.started()
    if state.pushed:
        raise InvalidRequestError(
            f"resume: run '{record.name}' is complete and was pushed to {state.pushed}; "
            "start a new one without --resume."
        )
    settings = Settings(**started["settings"])
    connection = Connection.from_environment()
    return TrainingJob.prepare(connection, settings, started["sources"], lambda: record)
