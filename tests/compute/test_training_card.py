"""What a card tells about calling the model."""

from __future__ import annotations

import ast

import pytest

from phub_jupyter.compute.training.card_use import library_of, use_of
from phub_jupyter.compute.training.recipes import TRAINABLE


@pytest.mark.parametrize("task", TRAINABLE)
def test_every_trainable_task_has_lines_that_call_it(task: str) -> None:
    first, *code, last = use_of(task, "ada/model").splitlines()
    assert (first, last) == ("```python", "```")
    tree = ast.parse("\n".join(code))
    called = {node.func for node in ast.walk(tree) if isinstance(node, ast.Call)}
    names = {node.attr for node in called if isinstance(node, ast.Attribute)}
    if f'pipeline("{task}", model="ada/model")' in "\n".join(code):
        from transformers.pipelines import check_task

        assert library_of(task) == "transformers"
        assert check_task(task)[0] == task  # the public library has pipelines for some tasks only
    else:
        from huggingface_hub import InferenceClient

        assert names == {task.replace("-", "_")}
        assert all(hasattr(InferenceClient, name) for name in names)
