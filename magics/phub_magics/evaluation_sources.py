"""The models and the dataset of an evaluation: looked up, pinned to commits, downloaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.eval_results import names_of
from phub_magics.connection import Connection
from phub_magics.evaluation_metrics import KIND
from phub_magics.sources import download, find_repo

__all__ = ["EvaluationSources"]

# Weights in formats that can run code when loaded, or that no pipeline reads.
_LEFT = ["*.bin", "*.pt", "*.pth", "*.pkl", "*.ckpt", "*.onnx", "*.h5", "*.msgpack", "*.gguf"]


@dataclass(frozen=True, slots=True)
class EvaluationSources:
    """What is evaluated on what: exactly what a run and its report keep.

    ``metrics`` are those that are code of a repository, at the commits that are trusted.
    """

    models: Sequence[Mapping[str, Any]]
    dataset: Mapping[str, Any]
    metrics: Sequence[Mapping[str, Any]] = ()

    @classmethod
    def resolve(
        cls,
        connection: Connection,
        models: Sequence[str],
        dataset: str,
        metrics: Sequence[Mapping[str, Any]] = (),
    ) -> Self:
        """Pin all repositories to their present commits. Raises RepoNotFoundError."""
        found = [find_repo(connection, "model", model) for model in models]
        rows = find_repo(connection, "dataset", dataset)
        return cls(
            [{"repo": each.id, "commit": each.sha, "task": each.pipeline_tag} for each in found],
            {"repo": rows.id, "commit": rows.sha},
            metrics,
        )

    def names(self, *, push: bool = False) -> list[str]:
        """What the report calls the models. Raises InvalidRequestError for one named twice."""
        return names_of(self.models, push=push)

    def task(self) -> str:
        """The task that all models are for. Raises InvalidRequestError."""
        for model in self.models:
            if not model["task"]:
                raise InvalidRequestError(
                    f"task: {model['repo']} does not say what it is for; add --task, or write "
                    "pipeline_tag into its card."
                )
        first = self.models[0]
        for model in self.models:
            if model["task"] != first["task"]:
                raise InvalidRequestError(
                    f"task: {first['repo']} is for {first['task']}, and {model['repo']} for "
                    f"{model['task']}; compare models of one task, or say which with --task."
                )
        return str(first["task"])

    def model_folders(self, connection: Connection) -> list[tuple[str, Path]]:
        """The models by name, on this machine's disk."""
        return [
            (name, download(connection, "model", dict(model), leave=_LEFT))
            for name, model in zip(self.names(), self.models, strict=True)
        ]

    def dataset_folder(self, connection: Connection) -> Path:
        """The dataset on this machine's disk."""
        return download(connection, "dataset", dict(self.dataset))

    def metric_folders(self, connection: Connection) -> dict[str, Path]:
        """The trusted metrics by name, on this machine's disk."""
        return {
            metric["name"]: download(connection, KIND, dict(metric), patterns=["*.py"])
            for metric in self.metrics
        }

    def as_json(self) -> dict[str, Any]:
        """The sources as the run's folder keeps them."""
        return asdict(self)
