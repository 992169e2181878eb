"""Tabular classification and regression: a table in, one value for each of its rows out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phub_jupyter.compute.inference.pipelines.call import object_of, read_call
from phub_jupyter.compute.tabular.model_file import TabularModel
from phub_jupyter.compute.tabular.model_file import load as load_model
from phub_jupyter.compute.tabular.table import read_table
from phub_jupyter.errors import InvalidRequestError

__all__ = ["Tabular", "TabularItem", "TabularRequest", "load", "parse"]

_CELLS_A_TOKEN = 100


@dataclass(frozen=True, slots=True)
class TabularRequest:
    """A table, column by column."""

    table: dict[str, list[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class TabularItem:
    """A table as the frame that the model takes."""

    frame: Any
    length: int


def parse(body: Mapping[str, Any]) -> TabularRequest:
    """Check a call: ``{"inputs": {"data": table}}``, or ``{"table": table}`` beside no inputs."""
    call = read_call(body, top_level=("table",), needs_inputs=False)
    if "table" in call.extra:
        return TabularRequest(read_table("table", call.extra["table"]))
    inputs = object_of("inputs", call.inputs)
    if "data" not in inputs:
        raise InvalidRequestError(
            'inputs: send the table as {"inputs": {"data": {"age": ["31", "44"]}}}.'
        )
    return TabularRequest(read_table("inputs.data", inputs["data"]))


class Tabular:
    """A loaded model over a table."""

    def __init__(self, model: TabularModel) -> None:
        self._model = model

    def describe(self) -> dict[str, Any]:
        """How the model runs here."""
        return {"device": "cpu", "precision": "float64", "columns": self._model.columns}

    def tokenise(self, request: TabularRequest) -> list[TabularItem]:
        """The table as the model's frame."""
        frame = self._model.frame(request.table)
        return [TabularItem(frame, max(1, frame.size // _CELLS_A_TOKEN))]

    def run(self, items: Sequence[TabularItem]) -> list[Any]:
        """Predict every table; one list of values each."""
        return [self._predict(item.frame) for item in items]

    def shape(self, request: TabularRequest, outputs: Sequence[Any]) -> list[Any]:
        """One value a row: the class as it was trained, or a number."""
        return list(outputs[0])

    def _predict(self, frame: Any) -> list[Any]:
        estimator = self._model.estimator
        try:
            named = hasattr(estimator, "feature_names_in_")  # else it was fitted on plain numbers
            values: list[Any] = estimator.predict(frame if named else frame.to_numpy()).tolist()
        except MemoryError:
            raise
        except Exception as error:  # the model is a stranger's, and can be wrong in any way
            first = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise InvalidRequestError(
                f"model: it cannot predict from this table: {first:.300}"
            ) from error
        if len(values) != len(frame) or not all(isinstance(v, str | int | float) for v in values):
            raise InvalidRequestError("model: it does not answer with one value a row.")
        if any(value != value or value in (float("inf"), float("-inf")) for value in values):
            raise InvalidRequestError("model: it answers with something that is not a number.")
        return values


def load(folder: Path) -> Tabular:
    """Load the model in ``folder``. Raises InvalidRequestError, NotSupportedError."""
    return Tabular(load_model(folder))
