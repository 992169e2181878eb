"""``%phub infer``: run a model of the hub on texts, files or rows and see what it answers."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from phub_jupyter.client.inference import call_model
from phub_jupyter.errors import InvalidRequestError, NotSupportedError
from phub_magics.arguments import count, repo_id
from phub_magics.connection import Connection
from phub_magics.infer_calls import ModelCall, calls_for, parameters_of, sent_beside, texts_of
from phub_magics.text_file import read_texts
from phub_magics.views import VIEWS, view_of
from phub_magics.views.answer_table import AnswerTable

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``%phub infer`` takes."""
    parser.add_argument("repo", type=repo_id, metavar="REPO", help="model, as namespace/name")
    parser.add_argument(
        "texts", nargs="*", metavar="TEXT", help="texts in quotation marks, or paths of files"
    )
    parser.add_argument("--file", type=Path, help="read texts from a .txt, .csv, .tsv or .jsonl")
    parser.add_argument("--column", default="text", help="the column of --file (default: text)")
    parser.add_argument("--context", metavar="TEXT", help="the text to answer questions from")
    parser.add_argument("--image", metavar="PATH", help="the picture to ask about")
    parser.add_argument(
        "--table", type=Path, metavar="PATH", help="a .csv or .tsv to ask about or to predict"
    )
    parser.add_argument("--labels", metavar="A,B,C", help="labels for a model without its own")
    parser.add_argument("--sentences", nargs="+", metavar="TEXT", help="sentences to compare with")
    parser.add_argument("--task", choices=sorted(VIEWS), help="another task that the model can do")
    parser.add_argument(
        "--parameter",
        type=_parameter,
        action="append",
        metavar="NAME=VALUE",
        help="a parameter of the task; may be given several times",
    )
    parser.add_argument("--top-k", type=count, metavar="N", help="show only the N best")
    parser.add_argument(
        "--local", action="store_true", help="download the model and run it in this kernel"
    )


def _parameter(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError(f"'{text}' is not of the form NAME=VALUE")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value  # a word is a text without quotation marks


def run(args: argparse.Namespace, shell: Any) -> AnswerTable:
    """Answer with one answer a text; the notebook shows them as suits the task.

    Raises InvalidRequestError and whatever the hub refuses.
    """
    written = _texts(args)
    connection = Connection.from_environment()
    info = connection.api.model_info(args.repo)
    task = _task(args, info.pipeline_tag)
    beside = sent_beside(args, task)
    texts = texts_of(task, written, beside)
    calls = calls_for(
        task,
        texts,
        parameters_of(args),
        beside,
        pooled=info.library_name == "sentence-transformers",
    )
    ask = _ask_here if args.local else _ask_hub
    return view_of(task, texts, ask(connection, args, str(info.sha), task, calls), beside)


def _task(args: argparse.Namespace, own: str | None) -> str:
    task = args.task or own
    if task is None:
        raise InvalidRequestError(
            f"model: {args.repo} does not say what it is for; add 'pipeline_tag: "
            "text-classification' (or its own task) to the model card."
        )
    if task not in VIEWS:
        raise NotSupportedError(
            f"task: {args.repo} is a model for '{task}'; %phub infer shows {', '.join(VIEWS)}."
        )
    return str(task)


def _texts(args: argparse.Namespace) -> list[str]:
    if args.file is not None and args.texts:
        raise InvalidRequestError("TEXT: give texts or --file, not both.")
    if args.file is not None:
        return read_texts(args.file.expanduser(), args.column)
    texts: list[str] = args.texts
    return texts


def _ask_hub(
    connection: Connection,
    args: argparse.Namespace,
    commit: str,
    task: str,
    calls: Sequence[ModelCall],
) -> list[Any]:
    return [
        answer
        for call in calls
        for answer in call.answers(
            call_model(connection.endpoint, connection.token, args.repo, call.body, args.task)
        )
    ]


def _ask_here(
    connection: Connection,
    args: argparse.Namespace,
    commit: str,
    task: str,
    calls: Sequence[ModelCall],
) -> list[Any]:
    from huggingface_hub import snapshot_download

    from phub_jupyter.compute.inference.local import infer

    folder = snapshot_download(
        args.repo, revision=commit, endpoint=connection.endpoint, token=connection.token
    )
    return [
        answer for call in calls for answer in call.answers(infer(Path(folder), task, call.body))
    ]
