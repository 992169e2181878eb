"""``%phub infer``: run a model of the hub on texts and see labels with bars."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from phub_jupyter.client.inference import classify_texts
from phub_jupyter.errors import InvalidRequestError, NotSupportedError
from phub_magics.arguments import count, repo_id
from phub_magics.connection import Connection
from phub_magics.label_table import LabelTable
from phub_magics.text_file import read_texts

__all__ = ["add_arguments", "run"]

_TASK = "text-classification"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``%phub infer`` takes."""
    parser.add_argument("repo", type=repo_id, metavar="REPO", help="model, as namespace/name")
    parser.add_argument("texts", nargs="*", metavar="TEXT", help="texts, in quotation marks")
    parser.add_argument("--file", type=Path, help="read texts from a .txt, .csv, .tsv or .jsonl")
    parser.add_argument("--column", default="text", help="the column of --file (default: text)")
    parser.add_argument("--top-k", type=count, metavar="N", help="show only the N best labels")
    parser.add_argument(
        "--local", action="store_true", help="download the model and run it in this kernel"
    )


def run(args: argparse.Namespace, shell: Any) -> LabelTable:
    """Answer with the labels of each text; the notebook shows them as a table.

    Raises InvalidRequestError and whatever the hub refuses.
    """
    texts = _texts(args)
    parameters = {} if args.top_k is None else {"top_k": args.top_k}
    connection = Connection.from_environment()
    if args.local:
        answers = _run_here(connection, args.repo, texts, parameters)
    else:
        answers = classify_texts(
            connection.endpoint, connection.token, args.repo, texts, parameters
        )
    return LabelTable(texts, answers)


def _texts(args: argparse.Namespace) -> list[str]:
    if args.file is not None and args.texts:
        raise InvalidRequestError("TEXT: give texts or --file, not both.")
    if args.file is not None:
        return read_texts(args.file.expanduser(), args.column)
    if not args.texts:
        raise InvalidRequestError(
            'TEXT: missing; write a text in quotation marks: %phub infer REPO "some text".'
        )
    texts: list[str] = args.texts
    return texts


def _run_here(
    connection: Connection, repo: str, texts: list[str], parameters: dict[str, Any]
) -> list[list[dict[str, Any]]]:
    from huggingface_hub import snapshot_download

    from phub_jupyter.compute.inference.local import infer

    info = connection.api.model_info(repo)
    if info.pipeline_tag != _TASK:
        raise NotSupportedError(
            f"task: {repo} is a model for '{info.pipeline_tag}'; %phub infer runs {_TASK}."
        )
    folder = snapshot_download(
        repo, revision=info.sha, endpoint=connection.endpoint, token=connection.token
    )
    answers: list[list[dict[str, Any]]] = []
    for start in range(0, len(texts), 256):
        body = {"inputs": texts[start : start + 256], "parameters": parameters}
        answers += infer(Path(folder), _TASK, body)
    return answers
