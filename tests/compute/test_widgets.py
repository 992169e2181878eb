"""What a widget is told is what the pipelines take."""

from __future__ import annotations

from typing import Any

import pytest

from phub_jupyter.compute.inference.pipelines import task_module
from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.tasks import TASKS
from phub_jupyter.widgets import examples_of, schema_of

SERVABLE = [task for task in TASKS.values() if task.servable]
PICTURE = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)


def filled(schema: dict[str, Any]) -> Any:
    """The least that a schema asks for."""
    kind = schema["type"]
    if kind == "object" and "properties" in schema:
        return {name: filled(schema["properties"][name]) for name in schema["required"]}
    if kind == "object":
        return {"column": ["1"]}
    if kind == "array":
        return [f"{filled(schema['items'])} {place}" for place in range(schema["minItems"])]
    return PICTURE if "contentEncoding" in schema else "some words"


@pytest.mark.parametrize("task", SERVABLE, ids=lambda task: task.name)
def test_a_body_that_the_schema_asks_for_is_taken(task: Any) -> None:
    body = filled(schema_of(task))
    if task.name == "fill-mask":
        body["inputs"] += " [MASK]"
    task_module(task.name).parse(body)
    with pytest.raises(InvalidRequestError):
        task_module(task.name).parse({**body, "inputs": None})


@pytest.mark.parametrize("task", SERVABLE, ids=lambda task: task.name)
def test_usual_examples_are_taken(task: Any) -> None:
    found = examples_of(task, {})
    for body in found:
        task_module(task.name).parse(body)
    assert found or task.inputs not in ("text", "question+context") or task.name == "fill-mask"


@pytest.mark.parametrize(
    ("task", "widget", "bodies"),
    [
        ("text-classification", [{"text": "a"}, "c", {}], [{"inputs": "a"}]),
        (
            "tabular-regression",
            [{"structured_data": {"age": [3]}}],
            [{"inputs": {"data": {"age": [3]}}}],
        ),
        ("fill-mask", [{"text": "a [MASK]"}], [{"inputs": "a [MASK]"}]),
        (
            "question-answering",
            [{"text": "Who?", "context": "Ada."}, {"text": "alone"}],
            [{"inputs": {"question": "Who?", "context": "Ada."}}],
        ),
        (
            "sentence-similarity",
            [{"source_sentence": "a", "sentences": ["b", "c"]}, {"source_sentence": "a"}],
            [{"inputs": {"source_sentence": "a", "sentences": ["b", "c"]}}],
        ),
        (
            "zero-shot-classification",
            [{"text": "a", "candidate_labels": "x, y"}],
            [{"inputs": "a", "parameters": {"candidate_labels": ["x", "y"]}}],
        ),
        ("image-classification", [{"src": "https://example.org/cat.png"}], []),
    ],
)  # fmt: skip
def test_examples_of_a_card_are_bodies(task: str, widget: Any, bodies: Any) -> None:
    assert examples_of(TASKS[task], {"widget": widget}) == bodies


def test_a_card_with_anything_as_widget_has_the_usual_examples() -> None:
    task = TASKS["text-classification"]
    for odd in (None, 3, "text", {}, [[]], [{"text": 4}], [{"text": " "}]):
        assert examples_of(task, {"widget": odd}) == examples_of(task, {})
