"""The schemas of calls and what the pipelines read are the same thing."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from phub_jupyter.calls import call_schema, chat_schema
from phub_jupyter.compute.inference.pipelines import task_module
from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.serving.default_examples import DEFAULTS
from phub_jupyter.hub.serving.examples import Speech, examples
from phub_jupyter.tasks import TASKS

SERVED = [task.name for task in TASKS.values() if task.servable]
FILE = base64.b64encode(b"a file").decode()


def inputs_for(schema: dict[str, Any]) -> Any:
    """Something that the schema of inputs allows."""
    if "anyOf" in schema:
        return inputs_for(schema["anyOf"][0])
    if schema.get("contentEncoding"):
        return FILE
    if schema["type"] == "array":
        return ["a text"]
    if schema["type"] == "string":
        return "a text"
    if "properties" not in schema:  # a table
        return {"age": ["31", "44"]}
    return {name: inputs_for(field) for name, field in schema["properties"].items()}


def right(schema: dict[str, Any]) -> Iterator[Any]:
    """Values at the limits of what the schema allows."""
    if "enum" in schema:
        yield from schema["enum"]
    elif schema["type"] == "boolean":
        yield from (True, False)
    elif schema["type"] == "integer":
        step = schema.get("multipleOf", 1)
        yield from (schema["minimum"], schema.get("maximum", 10**6 * step))
    elif schema["type"] == "number":
        yield from (schema["maximum"], schema.get("minimum", 0.5))
    elif schema["type"] == "object":
        for name, field in schema["properties"].items():
            yield from ({name: value} for value in right(field))
    elif schema["type"] == "array" and "prefixItems" in schema["items"]:
        yield [["Total", [0, 0, 90, 1000]]]
    elif schema["type"] == "array":
        yield ["one", "two"]
    else:
        yield "a text of {}"


def wrong(schema: dict[str, Any]) -> Iterator[Any]:
    """Values just outside of what the schema allows, and of another type."""
    yield {"no": "such value"}
    if schema.get("type") in ("integer", "number"):
        step = 1 if schema["type"] == "integer" else 0.001
        yield from ("1", schema.get("minimum", schema.get("exclusiveMinimum")) - step)
        if "exclusiveMinimum" in schema:
            yield schema["exclusiveMinimum"]
        if "maximum" in schema:
            yield schema["maximum"] + step
        if "multipleOf" in schema:
            yield schema["minimum"] + 1
    elif schema.get("type") == "object":
        for name, field in schema["properties"].items():
            yield from ({name: value} for value in wrong(field))
    elif "enum" in schema:
        yield "no such word"


def call(task: str, **parameters: Any) -> dict[str, Any]:
    """A body that the task takes, with these parameters in it."""
    schema = call_schema(task)["properties"]
    needed = {name: ["one", "two"] for name in schema["parameters"].get("required", ())}
    return {"inputs": inputs_for(schema["inputs"]), "parameters": {**needed, **parameters}}


@pytest.mark.parametrize("task", SERVED)
def test_the_names_are_those_that_the_pipeline_knows(task: str) -> None:
    with pytest.raises(InvalidRequestError) as refusal:
        task_module(task).parse(call(task, no_such_parameter=1))
    listed = re.search(r"this task takes (.*)\.$", str(refusal.value))
    assert listed is not None
    known = set() if listed[1] == "none" else set(listed[1].split(", "))
    assert known == set(call_schema(task)["properties"]["parameters"]["properties"])


@pytest.mark.parametrize("task", SERVED)
def test_what_the_schema_allows_is_taken_and_what_it_forbids_refused(task: str) -> None:
    schema = call_schema(task)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    parse = task_module(task).parse
    assert validator.is_valid(call(task))
    parse(call(task))
    for name, field in schema["properties"]["parameters"]["properties"].items():
        for value in right(field):
            body = call(task, **{name: value})
            assert validator.is_valid(body), (name, value)
            parse(body)
        for value in wrong(field):
            body = call(task, **{name: value})
            assert not validator.is_valid(body), (name, value)
            with pytest.raises(InvalidRequestError):
                print("taken:", name, value, parse(body))
    for name in schema["properties"]["parameters"].get("required", ()):
        body = call(task, **{name: None})
        assert not validator.is_valid(body)
        with pytest.raises(InvalidRequestError):
            parse(body)


@pytest.mark.parametrize("task", sorted(DEFAULTS))
def test_our_own_examples_are_taken(task: str) -> None:
    found = examples(task, {}, Speech(mask="<mask>", chats=True))
    assert len(found) == len(DEFAULTS[task])
    for example in found:
        if example.messages is not None:
            body: dict[str, Any] = {"messages": example.messages, **example.parameters}
            jsonschema.validate(body, chat_schema())
            task_module("chat").parse(body)
            continue
        body = {"inputs": example.inputs, "parameters": example.parameters}
        jsonschema.validate(body, call_schema(task))
        task_module(task).parse(body)
