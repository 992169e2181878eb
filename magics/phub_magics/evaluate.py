"""``%phub evaluate``: score models on a dataset of the hub, compare them, publish the results."""

from __future__ import annotations

import argparse
from typing import Any

from phub_jupyter.compute.evaluation.settings import Settings
from phub_jupyter.errors import InvalidRequestError
from phub_magics.arguments import (
    count,
    names,
    repo_id,
    repo_ids,
    role_and_name,
    trusted_metric,
)
from phub_magics.connection import Connection
from phub_magics.evaluation_job import EvaluationJob, evaluations_folder
from phub_magics.evaluation_metrics import find_metrics
from phub_magics.evaluation_sources import EvaluationSources
from phub_magics.evaluation_view import EvaluationView

__all__ = ["add_arguments", "run"]

RESULT_NAME = "phub_last_evaluation"
_MOST_MODELS = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``%phub evaluate`` takes."""
    parser.add_argument(
        "--model",
        type=repo_ids,
        metavar="REPO,REPO",
        help="models, with commas between them; the others are compared with the first",
    )
    parser.add_argument("--dataset", type=repo_id, metavar="REPO", help="the rows to score on")
    parser.add_argument("--task", default="", help="default: the task of the models' cards")
    parser.add_argument(
        "--metric", type=names, default=[], metavar="NAME,NAME", help="default: all that fit"
    )
    parser.add_argument(
        "--trust",
        type=trusted_metric,
        action="append",
        default=[],
        metavar="REPO@COMMIT",
        help="run this repository's metric.py here, exactly as it is at that commit",
    )
    parser.add_argument("--split", default="", help="default: test, else validation")
    parser.add_argument(
        "--slice", default="", metavar="COLUMN", help="score its values apart (default: by length)"
    )
    parser.add_argument("--rows", type=count, metavar="N", help="only N rows, drawn by the seed")
    parser.add_argument(
        "--column",
        action="append",
        default=[],
        type=role_and_name,
        metavar="ROLE=NAME",
        help="which column is the text, label, …; found by its name if left out",
    )
    parser.add_argument(
        "--label",
        action="append",
        default=[],
        type=role_and_name,
        metavar="MODEL=DATASET",
        help="which class of the dataset a label of the models stands for",
    )
    parser.add_argument("--seed", type=int, default=0, help="the same seed draws the same rows")
    parser.add_argument(
        "--push",
        action=argparse.BooleanOptionalAction,
        default=False,
        help="commit the results to the models, or propose them (default: show them only)",
    )
    parser.add_argument(
        "--resume", metavar="RUN", help="go on with an evaluation that was interrupted"
    )


def run(args: argparse.Namespace, shell: Any) -> EvaluationView:
    """Evaluate, and show a report; it is also kept as ``phub_last_evaluation``.

    Raises InvalidRequestError and whatever the hub refuses.
    """
    connection = Connection.from_environment()
    if args.resume is not None:
        job = EvaluationJob.again(connection, evaluations_folder(), args.resume)
    else:
        job = _begin(connection, args)
    report = job.follow(shell)
    view = EvaluationView(report, job.sources, job.folder, connection)
    shell.push({RESULT_NAME: view})
    if args.push:
        view.push()
    return view


def _begin(connection: Connection, args: argparse.Namespace) -> EvaluationJob:
    if not args.model:
        raise InvalidRequestError("model: missing; add --model namespace/name.")
    if args.dataset is None:
        raise InvalidRequestError("dataset: missing; add --dataset namespace/name.")
    models = list(dict.fromkeys(args.model))
    if len(models) > _MOST_MODELS:
        raise InvalidRequestError(f"model: compare at most {_MOST_MODELS} models at a time.")
    own = [name for name in args.metric if "/" in name]
    metrics = find_metrics(connection, own, dict(args.trust))
    sources = EvaluationSources.resolve(connection, models, args.dataset, metrics)
    sources.names(push=args.push)
    settings = Settings(
        task=args.task or sources.task(),
        metrics=tuple(args.metric),
        split=args.split,
        columns=dict(args.column),
        labels=dict(args.label),
        rows=args.rows,
        slice_by=args.slice,
        seed=args.seed,
    )
    return EvaluationJob.begin(connection, evaluations_folder(), settings, sources)
