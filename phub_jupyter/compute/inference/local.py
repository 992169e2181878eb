"""Runs a model folder right here, in the process that asks: a notebook's kernel and its GPU."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from phub_jupyter.compute.inference.batcher import BatchLimits, choose
from phub_jupyter.compute.inference.pipelines import Pipeline, StreamingPipeline, task_module
from phub_jupyter.errors import NotSupportedError

__all__ = ["infer"]


def infer(folder: Path, task: str, body: Mapping[str, Any]) -> Any:
    """The same answer as the hub's Inference API gives for the same body.

    Raises InvalidRequestError for bad inputs or an unusable model. The last model stays loaded.
    """
    module = task_module(task)
    request = module.parse(body)
    pipeline = _load(folder, task)
    if isinstance(pipeline, StreamingPipeline):
        *_, answer = pipeline.generate(request, lambda: False)
        return answer
    return pipeline.shape(request, _run(pipeline, request))


def _run(pipeline: Pipeline, request: Any) -> list[Any]:
    items = list(pipeline.tokenise(request))
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
