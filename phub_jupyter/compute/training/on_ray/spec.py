"""What a job of the cluster is told: which run it is, and with which token."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

__all__ = ["NAMESPACE", "Spec", "board_name", "take_token"]

NAMESPACE = "phub"
_FILE_NAME = "spec.json"
_TOKEN_FILE = "token"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Spec:
    """One run on a cluster.

    ``sources`` is what the record keeps: repositories and commits, and where the result goes.
    ``model_files`` are the patterns of the files that are needed of the model. ``cpus`` and
    ``gpus`` are what one candidate takes of a machine; parts of a GPU are allowed. ``retries`` is
    how often a candidate's turn may be lost with its machine.
    """

    run: str
    endpoint: str
    settings: Mapping[str, Any]
    sources: Mapping[str, Any]
    model_files: tuple[str, ...]
    cpus: float = 1.0
    gpus: float = 0.0
    retries: int = 3

    @property
    def has_model(self) -> bool:
        """Whether the run starts from a base model."""
        return self.sources.get("model") is not None

    def write(self, folder: Path, token: str) -> None:
        """Leave it where the job will look for it, and the token beside it.

        Ray writes the variables of a job into its logs, and shows them in the dashboard.
        """
        (folder / _FILE_NAME).write_text(json.dumps(asdict(self)), "utf-8")
        (folder / _TOKEN_FILE).write_text(token, "utf-8")

    @classmethod
    def read(cls, folder: Path) -> Self:
        """What `write` left in the folder."""
        body = json.loads((folder / _FILE_NAME).read_text("utf-8"))
        return cls(**{**body, "model_files": tuple(body["model_files"])})


def take_token(folder: Path) -> str:
    """The token that `Spec.write` left in the folder, where it is no more afterwards."""
    path = folder / _TOKEN_FILE
    token = path.read_text("utf-8")
    path.unlink()
    return token


def board_name(run: str) -> str:
    """How the board of a run is found on the cluster."""
    return f"phub-{run}"
