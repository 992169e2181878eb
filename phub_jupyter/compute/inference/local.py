"""Runs a model folder right here, in the process that asks: a notebook's kernel and its GPU."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from phub_jupyter.compute.inference.batcher import BatchLimits, choose
from phub_jupyter.compute.inference.pipelines import (
    Pipeline,
    StreamingPipeline,
    TokenCount,
    task_module,
)
from phub_jupyter.errors import NotSupportedError

__all__ = ["describe", "infer", "infer_all"]


def infer(folder: Path, task: str, body: Mapping[str, Any]) -> Any:
    """The same answer as the hub's Inference API gives for the same body.

    Raises InvalidRequestError for bad inputs or an unusable model. The last model stays loaded.
    """
    return infer_all(folder, task, [body])[0]


def infer_all(folder: Path, task: str, bodies: Sequence[Mapping[str, Any]]) -> list[Any]:
    """The answers to several calls, which share batches."""
    requests = [task_module(task).parse(body) for body in bodies]
    pipeline = _load(folder, task)
    if isinstance(pipeline, StreamingPipeline):
        return [list(pipeline.generate(request, _never, TokenCount()))[-1] for request in requests]
    parts = [list(pipeline.tokenise(request)) for request in requests]
    outputs = iter(_run(pipeline, [item for part in parts for item in part]))
    return [
        pipeline.shape(request, list(islice(outputs, len(part))))
        for request, part in zip(requests, parts, strict=True)
    ]


def describe(folder: Path, task: str) -> dict[str, Any]:
    """How the model runs here: device, precision, and what it knows of its labels or columns."""
    return _load(folder, task).describe()


def _never() -> bool:
    return False


def _run(pipeline: Pipeline, items: Sequence[Any]) -> list[Any]:
    order = sorted(range(len(items)), key=lambda index: items[index].length)
    lengths = [items[index].length for index in order]
    outputs: list[Any] = [None] * len(items)
    start = 0
    while start < len(order):
        stop = start + choose(lengths[start:], 0, BatchLimits()).stop
        batch = order[start:stop]
        for index, output in zip(batch, pipeline.run([items[i] for i in batch]), strict=True):
            outputs[index] = output
        start = stop
    return outputs


@lru_cache(maxsize=1)
def _load(folder: Path, task: str) -> Pipeline | StreamingPipeline:
    try:
        return task_module(task).load(folder)
    except ImportError as error:
        raise NotSupportedError(
            f"Models cannot run here, because {error.name} is not installed; install it with: "
            "pip install 'phub-jupyter[serve]'."
        ) from error
