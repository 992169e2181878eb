"""The messages and tools of a chat, checked: a template must not have to expect anything odd."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from typing import Any

from phub_jupyter.compute.inference.pipelines.call import MAX_CHARACTERS, object_of, text
from phub_jupyter.errors import InvalidRequestError

__all__ = ["read_messages", "read_tools", "tool_calls_in"]

MAX_MESSAGES = 1024
MAX_TOOLS = 128
_CALL = re.compile(r"<tool_call>\s*(\{.*?\})\s*</tool_call>", re.DOTALL)
_MORE = ("name", "tool_call_id", "tool_calls", "reasoning_content")


def read_messages(value: Any) -> tuple[dict[str, Any], ...]:
    """The messages of a chat. Raises InvalidRequestError."""
    if not isinstance(value, list) or not value:
        raise InvalidRequestError('messages: send a list like [{"role": "user", "content": "Hi"}].')
    if len(value) > MAX_MESSAGES:
        raise InvalidRequestError(
            f"messages: {len(value)} are too many; send at most {MAX_MESSAGES}."
        )
    messages = tuple(_message(f"messages[{index}]", item) for index, item in enumerate(value))
    if sum(len(message["content"]) for message in messages) > MAX_CHARACTERS:
        raise InvalidRequestError(
            f"messages: more than {MAX_CHARACTERS:,} characters in one chat; send less text."
        )
    return messages


def _message(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidRequestError(f"{name}: send a JSON object with role and content.")
    role = text(f"{name}.role", value.get("role"))
    content = value.get("content")
    if content is None and role == "assistant" and value.get("tool_calls"):
        content = ""
    message = {"role": role, "content": _content(f"{name}.content", content)}
    for field in _MORE:
        if value.get(field) is not None:
            message[field] = _plain(f"{name}.{field}", value[field])
    return message


def _content(name: str, value: Any) -> str:
    if not isinstance(value, list):
        return text(name, value, empty=True)
    parts = []
    for index, part in enumerate(value):
        if not isinstance(part, dict) or part.get("type") != "text":
            raise InvalidRequestError(f"{name}[{index}]: this model reads text alone.")
        parts.append(text(f"{name}[{index}].text", part.get("text"), empty=True))
    return "".join(parts)


def _plain(name: str, value: Any) -> Any:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise InvalidRequestError(f"{name}: the text has half a surrogate pair in it.") from None
    return value


def read_tools(body: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
    """The tools that the model may call; none if the caller says so."""
    tools, choice = body.get("tools"), body.get("tool_choice")
    if choice not in (None, "auto", "none"):
        raise InvalidRequestError("tool_choice: this hub cannot force a call; use auto or none.")
    if not tools or choice == "none":
        return ()
    if not isinstance(tools, list) or len(tools) > MAX_TOOLS:
        raise InvalidRequestError(f"tools: send a list of at most {MAX_TOOLS} functions.")
    for index, tool in enumerate(tools):
        function = object_of(f"tools[{index}].function", object_of("tools", tool).get("function"))
        text(f"tools[{index}].function.name", function.get("name"))
    return tuple(_plain("tools", tools))


def tool_calls_in(answer: str) -> list[dict[str, Any]]:
    """The calls in an answer, as most models write them: JSON between ``<tool_call>`` marks."""
    calls = []
    for match in _CALL.finditer(answer):
        try:
            found = json.loads(match[1])
            name, arguments = str(found["name"]), found.get("arguments", {})
        except (ValueError, KeyError, RecursionError):
            continue  # then it is text
        function = {"name": name, "arguments": json.dumps(arguments, ensure_ascii=False)}
        calls.append(
            {"id": f"call_{uuid.uuid4().hex[:24]}", "type": "function", "function": function}
        )
    return calls
