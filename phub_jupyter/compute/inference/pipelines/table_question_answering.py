"""Table question answering: a question and a table in, the cells that answer it out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phub_jupyter.compute.inference.model_folder import load_parts
from phub_jupyter.compute.inference.pipelines.call import (
    MAX_CHARACTERS,
    choice,
    flag,
    object_of,
    read_call,
    text,
)
from phub_jupyter.compute.inference.pipelines.tensors import (
    TensorItem,
    blame_model,
    finite,
    run_alike,
)
from phub_jupyter.compute.inference.pipelines.tokens import longest_input, own
from phub_jupyter.compute.inference.precision import describe, fit, on_device
from phub_jupyter.compute.tabular.table import read_table
from phub_jupyter.errors import InvalidRequestError

__all__ = ["TableQuestionAnswering", "TableQuestionAnsweringRequest", "load", "parse"]

_PARAMETERS = ("padding", "sequential", "truncation", "model")
_PADDINGS = ("do_not_pad", "longest", "max_length")
_CHARACTERS_A_TOKEN = 16  # longer cells than all tokens can show are not looked at whole
_SHORTEST = 32
_COLUMNS, _ROWS = 1, 2  # which of the numbers beside a token tell its place in the table


@dataclass(frozen=True, slots=True)
class TableQuestionAnsweringRequest:
    """A checked question and a table of texts, by columns of equal length."""

    question: str
    table: dict[str, list[str]]
    drop_rows: bool


def parse(body: Mapping[str, Any]) -> TableQuestionAnsweringRequest:
    """Check a call; the question is called ``query`` by some clients, ``question`` by others."""
    call = read_call(body, parameters=_PARAMETERS)
    inputs = object_of("inputs", call.inputs)
    for field in inputs:
        if field not in ("query", "question", "table"):
            raise InvalidRequestError(f"inputs.{field}: unknown; send question and table.")
    if "query" in inputs and "question" in inputs:
        raise InvalidRequestError("inputs.query: send either query or question, not both.")
    sent = call.parameters
    if "model" in sent:
        text("parameters.model", sent["model"])  # some clients name it here as well
    choice("parameters.padding", sent.get("padding", "do_not_pad"), _PADDINGS)
    flag("parameters.sequential", sent.get("sequential", False))
    name = "query" if "query" in inputs else "question"
    return TableQuestionAnsweringRequest(
        text(f"inputs.{name}", inputs.get(name)),
        _texts(read_table("inputs.table", inputs.get("table"))),
        flag("parameters.truncation", sent.get("truncation", True)),
    )


def _texts(table: dict[str, list[Any]]) -> dict[str, list[str]]:
    found = {
        text("inputs.table", column, empty=True): [
            text(f"inputs.table.{column}[{row}]", "" if cell is None else str(cell), empty=True)
            for row, cell in enumerate(cells)
        ]
        for column, cells in table.items()
    }
    if sum(len(cell) for cells in found.values() for cell in cells) > MAX_CHARACTERS:
        raise InvalidRequestError(
            f"inputs.table: more than {MAX_CHARACTERS:,} characters; send fewer rows."
        )
    return found


class TableQuestionAnswering:
    """A loaded TAPAS, which points at cells and may say what is to be done with them."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        if not hasattr(tokenizer, "convert_logits_to_predictions"):
            raise InvalidRequestError(
                "model: its tokenizer is not one for tables; this task runs TAPAS models."
            )
        self._tokenizer, self._config = tokenizer, model.config
        self._aggregations = getattr(model.config, "aggregation_labels", None) or {}
        self._max_tokens = longest_input(model, tokenizer)
        self._model = on_device(model)

    def describe(self) -> dict[str, Any]:
        """How the model runs here."""
        return describe(self._model, max_tokens=self._max_tokens)

    def tokenise(self, request: TableQuestionAnsweringRequest) -> list[TensorItem]:
        """The question with the table, as many rows as fit."""
        import pandas

        columns, rows = len(request.table), len(next(iter(request.table.values())))
        fitting = min(self._max_tokens // columns, self._most(_ROWS))
        if columns > self._most(_COLUMNS) or not fitting:
            raise InvalidRequestError(
                f"inputs.table: {columns} columns are more than the model can see."
            )
        if not request.drop_rows and rows > fitting:
            raise self._does_not_fit("the table")
        seen = max(_SHORTEST, self._characters // (columns * min(rows, fitting)))
        frame = pandas.DataFrame(
            {
                index: [cell[:seen] for cell in cells[:fitting]]
                for index, cells in enumerate(request.table.values())
            },
            dtype=object,
        )
        frame.columns = pandas.Index([name[:seen] for name in request.table], dtype=object)
        return [self._item(request, frame)]

    def _most(self, which: int) -> int:
        return int(self._config.type_vocab_sizes[which]) - 1

    @property
    def _characters(self) -> int:
        return self._max_tokens * _CHARACTERS_A_TOKEN

    def _item(self, request: TableQuestionAnsweringRequest, frame: Any) -> TensorItem:
        question = request.question[: self._characters]
        if len(self._tokenizer.tokenize(question)) > self._max_tokens // 2:
            raise InvalidRequestError(
                f"inputs.question: it takes more than half of the {self._max_tokens} tokens that "
                "the model sees; ask in fewer words."
            )
        fitted = {"truncation": "drop_rows_to_fit", "max_length": self._max_tokens}
        with blame_model():
            try:
                encoding = own(self._tokenizer)(
                    table=frame,
                    queries=question,
                    return_tensors="pt",
                    padding=False,
                    **(fitted if request.drop_rows else {}),
                )
            except ValueError as error:
                raise self._does_not_fit("not even the first row of the table") from error
        columns = dict(encoding)
        length = int(columns["input_ids"].shape[1])
        if length > self._max_tokens:
            raise self._does_not_fit("the table")
        if int(columns["token_type_ids"][..., _ROWS].max()) == 0:
            raise self._does_not_fit("not even the first row of the table")
        return TensorItem(columns, length)

    def _does_not_fit(self, what: str) -> InvalidRequestError:
        verb = "fits" if what.startswith("not") else "does not fit"
        return InvalidRequestError(
            f"inputs.table: {what} {verb} into the {self._max_tokens} tokens that the model sees; "
            "send fewer columns, shorter cells or fewer rows."
        )

    def run(self, items: Sequence[TensorItem]) -> list[Any]:
        """Run one batch; for each table the chosen cells, and what is to be done with them."""
        return run_alike(items, self._forward)

    def _forward(self, batch: dict[str, Any], items: Sequence[TensorItem]) -> list[Any]:
        output = self._model(**fit(batch, self._model))
        actions = output.logits_aggregation if self._aggregations else None
        chosen = [
            self._tokenizer.convert_logits_to_predictions(
                item.columns,
                finite(output.logits[[index]].float()).cpu(),
                None if actions is None else finite(actions[[index]].float()).cpu(),
            )
            for index, item in enumerate(items)
        ]
        return [(cells[0] if cells else [], *action) for cells, *action in chosen]

    def shape(
        self, request: TableQuestionAnsweringRequest, outputs: Sequence[Any]
    ) -> dict[str, Any]:
        """``{answer, coordinates, cells, aggregator?}``."""
        coordinates, *actions = outputs[0]
        columns = list(request.table.values())
        cells = [columns[column][row] for row, column in coordinates]
        answer = {
            "answer": ", ".join(cells),
            "coordinates": [[int(row), int(column)] for row, column in coordinates],
            "cells": cells,
        }
        if actions:
            number = int(actions[0][0])
            name = str(self._aggregations.get(number, number))
            answer["aggregator"] = name
            if number != self._config.no_aggregation_label_index:
                answer["answer"] = f"{name} > {answer['answer']}"
        return answer


def load(folder: Path) -> TableQuestionAnswering:
    """Load the model in ``folder``. Raises InvalidRequestError, NotSupportedError."""
    return TableQuestionAnswering(*load_parts(folder, "AutoModelForTableQuestionAnswering"))
