"""Makes calls of a model from what a person wrote after ``%phub infer``, one task at a time."""

from __future__ import annotations

import argparse
import base64
import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.tasks import TASKS

__all__ = ["ModelCall", "calls_for", "parameters_of", "sent_beside", "texts_of"]

_MANY = 256
_PAIRS = 512
_VECTORS = 128
_PREDICTED = 2_000  # rows of a table in a call
_TABULAR = ("tabular-classification", "tabular-regression")
_OWN = {
    "context": ("question-answering",),
    "image": ("visual-question-answering", "document-question-answering"),
    "labels": ("zero-shot-classification", "zero-shot-image-classification"),
    "sentences": ("sentence-similarity",),
    "table": ("table-question-answering", *_TABULAR),
}
_EXAMPLES = {
    "context": '--context "The text to look in."',
    "image": "--image street.png",
    "labels": '--labels "film,sport,music"',
    "sentences": '--sentences "One sentence." "Another one."',
    "table": "--table table.csv",
}
_TOGETHER = {
    "text-classification": _MANY,
    "token-classification": _MANY,
    "fill-mask": _MANY,
    "zero-shot-classification": _PAIRS,
    "summarization": 8,
    "translation": 8,
}
"""Tasks that take several texts in a call, and how many."""


@dataclass(frozen=True, slots=True)
class ModelCall:
    """One body; the answer is a list with an element a text if ``listed``, else the only one's."""

    body: dict[str, Any]
    listed: bool

    def answers(self, answer: Any) -> list[Any]:
        """One answer a text."""
        if self.listed:
            return list(answer)
        alone = isinstance(answer, list) and len(answer) == 1 and isinstance(answer[0], dict)
        return [answer[0] if alone and "generated_text" in answer[0] else answer]


def parameters_of(args: argparse.Namespace) -> dict[str, Any]:
    """What ``--parameter``, ``--top-k`` and ``--labels`` say."""
    found = dict(args.parameter or [])
    if args.top_k is not None:
        found["top_k"] = args.top_k
    if args.labels is not None:
        found["candidate_labels"] = [label.strip() for label in args.labels.split(",")]
    return found


def sent_beside(args: argparse.Namespace, task: str) -> dict[str, Any]:
    """What goes with every text: the context, the sentences or the table.

    Raises InvalidRequestError for an option that the task does not take, or one that it misses.
    """
    for name, own in _OWN.items():
        given = getattr(args, name) is not None
        if given and task not in own:
            known = " or ".join(own)
            raise InvalidRequestError(f"--{name}: it is for models for {known}, not for {task}.")
        if not given and task in own:
            raise InvalidRequestError(f"--{name}: missing; write {_EXAMPLES[name]}.")
    found = {name: getattr(args, name) for name in ("context", "sentences")}
    if args.image is not None:
        found["image"] = read_file("--image", args.image)
    if args.table is not None:
        found["table"] = _read_table(args.table.expanduser())
    return {name: value for name, value in found.items() if value is not None}


def calls_for(
    task: str,
    texts: Sequence[str],
    parameters: dict[str, Any],
    beside: dict[str, Any],
    *,
    pooled: bool,
) -> list[ModelCall]:
    """The calls that answer all texts, in their order.

    ``pooled`` says that the model gives one vector a text, so that many fit into an answer.
    """
    if task in _TABULAR:
        return _predictions(beside["table"], parameters)
    if task == "feature-extraction":
        return _listed(texts, parameters, _VECTORS if pooled else 1)
    if task in _TOGETHER:
        labels = len(parameters.get("candidate_labels", ())) or 1
        return _listed(texts, parameters, max(1, _TOGETHER[task] // labels))
    inputs: dict[str, Callable[[str], Any]] = {
        "question-answering": lambda text: {"question": text, **beside},
        "table-question-answering": lambda text: {"query": text, **beside},
        "sentence-similarity": lambda text: {"source_sentence": text, **beside},
        "visual-question-answering": lambda text: {"question": text, **beside},
        "document-question-answering": lambda text: {"question": text, **beside},
    }
    takes_file = TASKS[task].inputs in ("image", "audio")
    make = partial(read_file, "TEXT") if takes_file else inputs.get(task, str)
    return [ModelCall(_body(make(text), parameters), listed=False) for text in texts]


def texts_of(task: str, texts: Sequence[str], beside: dict[str, Any]) -> list[str]:
    """What is answered one by one: the texts, or the rows of a table that is predicted.

    Raises InvalidRequestError when there is nothing, or too much.
    """
    if task in _TABULAR:
        if texts:
            raise InvalidRequestError(f"TEXT: models for {task} take the rows of --table alone.")
        return [str(row + 1) for row in range(len(next(iter(beside["table"].values()))))]
    if not texts:
        kind = {"image": "the path of a picture", "audio": "the path of a sound"}
        raise InvalidRequestError(
            f"TEXT: missing; write {kind.get(TASKS[task].inputs, 'a text in quotation marks')}: "
            '%phub infer REPO "…".'
        )
    return list(texts)


def read_file(option: str, path: str) -> str:
    """A picture or sound as base64. Raises InvalidRequestError."""
    try:
        return base64.b64encode(Path(path).expanduser().read_bytes()).decode("ascii")
    except OSError as error:
        raise InvalidRequestError(f"{option}: {path} cannot be read ({error.strerror}).") from None


def _listed(texts: Sequence[str], parameters: dict[str, Any], size: int) -> list[ModelCall]:
    return [
        ModelCall(_body(list(texts[start : start + size]), parameters), listed=True)
        for start in range(0, len(texts), size)
    ]


def _predictions(table: dict[str, list[Any]], parameters: dict[str, Any]) -> list[ModelCall]:
    height = len(next(iter(table.values())))
    parts = (
        {name: cells[start : start + _PREDICTED] for name, cells in table.items()}
        for start in range(0, height, _PREDICTED)
    )
    return [ModelCall(_body({"data": part}, parameters), listed=True) for part in parts]


def _body(inputs: Any, parameters: dict[str, Any]) -> dict[str, Any]:
    return {"inputs": inputs, "parameters": parameters}


def _read_table(path: Path) -> dict[str, list[str]]:
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file, delimiter=delimiter))
    except OSError as error:
        raise InvalidRequestError(f"--table: {path} cannot be read ({error.strerror}).") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidRequestError(f"--table: {path} is no table in UTF-8 ({error}).") from None
    if not rows:
        raise InvalidRequestError(f"--table: {path} has no rows under its first line.")
    return {name: [row.get(name) or "" for row in rows] for name in rows[0] if name is not None}
