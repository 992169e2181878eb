"""Runs a model folder right here, in the process that asks: a notebook's kernel and its GPU."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from phub_jupyter.compute.inference.batcher import BatchLimits, choose
from phub_jupyter.compute.inference.pipelines import Pipeline, task_module
from phub_jupyter.errors import NotSupportedError

__all__ = ["infer"]


def infer(folder: Path, task: str, inputs: Any, parameters: Any = None) -> Any:
    """The same answer as the hub's Inference API gives for the same inputs and parameters.

    Raises InvalidRequestError for bad inputs or an unusable model. The last model stays loaded.
    """
    module = task_module(task)
    request = module.parse(inputs, parameters)
    pipeline = _load(folder, task)
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
    return pipeline.shape(request, outputs)


@lru_cache(maxsize=1)
def _load(folder: Path, task: str) -> Pipeline:
    try:
        return task_module(task).load(folder)
    except ImportError as error:
        raise NotSupportedError(
            f"Models cannot run here, because {error.name} is not installed; install it with: "
            "pip install 'phub-jupyter[serve]'."
        ) from error
