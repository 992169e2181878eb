"""The folder that a model over a table travels in: ``config.json`` and a skops file.

``config.json`` has the form that scikit-learn repositories of the field use. The file is never a
pickle: every type in it is on a list (`allowed_types`), and its trees are looked at (`trees`).
"""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phub_jupyter.compute.tabular.allowed_types import TRUSTED, check_schema
from phub_jupyter.compute.tabular.table import column_kind, frame
from phub_jupyter.compute.tabular.trees import check_trees
from phub_jupyter.errors import HubError, InvalidRequestError

__all__ = ["TASKS", "TabularModel", "load", "save"]

TASKS = ("tabular-classification", "tabular-regression")
_FILE = "model.skops"
_MAX_BYTES = 2 * 1024**3
_MAX_SCHEMA = 256 * 1024**2


@dataclass(frozen=True, slots=True)
class TabularModel:
    """A fitted estimator and what it takes: ``columns`` is ``{name: "number" | "text"}``."""

    estimator: Any
    task: str
    columns: dict[str, str]
    example: dict[str, list[Any]]

    def frame(self, table: Mapping[str, Sequence[Any]]) -> Any:
        """``table`` as the frame that the estimator takes. Raises InvalidRequestError."""
        return frame(self.columns, table)


def save(
    estimator: Any, folder: Path, *, task: str, example: Mapping[str, Sequence[Any]]
) -> list[Path]:
    """Write a fitted estimator to ``folder``, and return the files.

    ``example`` holds some rows of its inputs, column by column in the order in which it was
    fitted; a column whose values are numbers takes numbers. The estimator is fitted on a pandas
    frame of floats and texts, with NaN for missing values. Raises NotSupportedError when it is of
    a kind that `load` would refuse.
    """
    import sklearn
    import skops.io

    path, config = folder / _FILE, folder / "config.json"
    data = skops.io.dumps(estimator, compression=zipfile.ZIP_DEFLATED)
    path.write_bytes(data)
    try:
        _open(path)
    except HubError:
        path.unlink()
        raise
    described = {
        "columns": list(example),
        "environment": [f"scikit-learn={sklearn.__version__}"],
        "example_input": {name: [_plain(v) for v in values] for name, values in example.items()},
        "model": {"file": _FILE},
        "model_format": "skops",
        "task": task,
    }
    config.write_text(json.dumps({"sklearn": described}, indent=2, allow_nan=False) + "\n", "utf-8")
    return [config, path]


def _plain(value: Any) -> Any:
    value = value.item() if hasattr(value, "item") else value
    missing = isinstance(value, float) and not math.isfinite(value)
    return None if missing else value


def load(folder: Path) -> TabularModel:
    """Load the model in ``folder``. Raises InvalidRequestError, NotSupportedError."""
    described = _description(folder)
    example = described["example_input"]
    columns = {name: column_kind(example[name]) for name in described["columns"]}
    estimator = _open(folder / described["model"]["file"])
    if not hasattr(estimator, "predict"):
        raise InvalidRequestError("model: its file holds no estimator that predicts.")
    return TabularModel(estimator, described["task"], columns, example)


def _description(folder: Path) -> dict[str, Any]:
    try:
        described = json.loads((folder / "config.json").read_text("utf-8"))["sklearn"]
        columns, example = described["columns"], described["example_input"]
        file, task = described["model"]["file"], described["task"]
        lists = all(isinstance(example[name], list) for name in columns)
        usable = lists and bool(columns) and Path(file).name == file
    except FileNotFoundError:
        raise InvalidRequestError(
            "model: the repository has no config.json; a model over tables needs one with "
            "sklearn.columns, example_input, task and model.file."
        ) from None
    except (ValueError, RecursionError, KeyError, TypeError):
        usable, file, task = False, "", None
    if not usable:
        raise InvalidRequestError(
            "model: config.json must hold sklearn.columns, example_input (values of each column), "
            "task and model.file."
        )
    if task not in TASKS:
        raise InvalidRequestError(
            f"model: sklearn.task in config.json must be {' or '.join(TASKS)}."
        )
    if Path(file).suffix != ".skops":
        raise InvalidRequestError(
            f"model: {file} may be a pickle, which can run code when it is loaded; save the model "
            "with skops.io.dump to model.skops and upload that."
        )
    if not (folder / file).is_file():
        raise InvalidRequestError(f"model: the repository has no {file}, which config.json names.")
    return dict(described)


def _open(path: Path) -> Any:
    import skops.io

    try:
        with zipfile.ZipFile(path) as archive:
            sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
            if sum(sizes.values()) > _MAX_BYTES or sizes["schema.json"] > _MAX_SCHEMA:
                raise InvalidRequestError("model: its file is larger than this hub loads.")
            schema = json.loads(archive.read("schema.json"))
        check_schema(schema)
        model = skops.io.load(path, trusted=TRUSTED)
        check_trees(model)
    except (HubError, MemoryError):
        raise
    except Exception as error:  # the file is a stranger's, and can be wrong in any way
        raise InvalidRequestError(
            f"model: {path.name} cannot be read ({type(error).__name__}); save it again with "
            f"skops.io.dump."
        ) from error
    return model
