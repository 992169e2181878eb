"""What every task reads from the body of a call, and the limits that hold for all of them.

A body is ``{"inputs": …, "parameters": {…}}`` with, for some tasks, more fields beside them.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.frames import Media

__all__ = [
    "MAX_CHARACTERS",
    "MAX_MEDIA_BYTES",
    "MAX_TEXTS",
    "Call",
    "Media",
    "choice",
    "flag",
    "media",
    "number",
    "object_of",
    "read_call",
    "text",
    "texts",
    "whole_number",
    "words",
]

MAX_TEXTS = 512
MAX_CHARACTERS = 1_000_000
MAX_MEDIA_BYTES = 32 * 1024 * 1024

_ALWAYS = ("inputs", "parameters", "options")


@dataclass(frozen=True, slots=True)
class Call:
    """A body taken apart: nothing in it is unknown, and nothing is checked further."""

    inputs: Any
    parameters: dict[str, Any]
    extra: dict[str, Any]


def read_call(
    body: Mapping[str, Any],
    *,
    parameters: Sequence[str] = (),
    top_level: Sequence[str] = (),
    needs_inputs: bool = True,
) -> Call:
    """Take a body apart. Raises InvalidRequestError naming any field that the task does not know.

    ``top_level`` are fields beside ``inputs``; they come back in ``extra``. A parameter that is
    null counts as not sent. Without ``inputs`` the call is refused if ``needs_inputs``.
    """
    for field in body:
        if field not in _ALWAYS and field not in top_level:
            known = ", ".join(("inputs", "parameters", *top_level))
            raise InvalidRequestError(f"{field}: unknown field; this task takes {known}.")
    if needs_inputs and "inputs" not in body:
        raise InvalidRequestError('inputs: missing; send {"inputs": "some text"}.')
    object_of("options", body.get("options"))
    found = object_of("parameters", body.get("parameters"))
    for name in found:
        if name not in parameters:
            known = ", ".join(parameters) or "none"
            raise InvalidRequestError(f"parameters.{name}: unknown; this task takes {known}.")
    sent = {name: value for name, value in found.items() if value is not None}
    extra = {name: body[name] for name in top_level if body.get(name) is not None}
    return Call(body.get("inputs"), sent, extra)


def object_of(name: str, value: Any) -> dict[str, Any]:
    """A JSON object; null counts as an empty one."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidRequestError(f"{name}: send a JSON object.")
    return value


def text(name: str, value: Any, *, empty: bool = False) -> str:
    """One text that can be written as UTF-8, with something in it unless ``empty`` may be."""
    if not isinstance(value, str):
        raise InvalidRequestError(
            f"{name}: expected a text, got {type(value).__name__}; send a string."
        )
    if not empty and not value.strip():
        raise InvalidRequestError(f"{name}: the text is empty; send some words.")
    if len(value) > MAX_CHARACTERS:
        raise _too_long(name)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidRequestError(f"{name}: the text has half a surrogate pair in it.") from None
    return value


def texts(name: str, value: Any, *, limit: int = MAX_TEXTS, blank: bool = False) -> tuple[str, ...]:
    """A text or a list of up to ``limit`` texts, as a tuple; they may be ``blank`` if so told."""
    if isinstance(value, str):
        return (text(name, value, empty=blank),)
    if not isinstance(value, list):
        raise InvalidRequestError(f"{name}: send a text, or a list of texts.")
    if not value:
        raise InvalidRequestError(f"{name}: the list is empty; send at least one text.")
    if len(value) > limit:
        raise InvalidRequestError(
            f"{name}: {len(value)} texts are too many for one request; send at most {limit}."
        )
    found = tuple(text(f"{name}[{index}]", item, empty=blank) for index, item in enumerate(value))
    if sum(map(len, found)) > MAX_CHARACTERS:
        raise _too_long(name)
    return found


def words(name: str, value: Any) -> tuple[str, ...]:
    """A list of words, which may be empty, as a tuple."""
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise InvalidRequestError(f"{name}: send a list of strings.")
    return tuple(value)


def _too_long(name: str) -> InvalidRequestError:
    return InvalidRequestError(
        f"{name}: more than {MAX_CHARACTERS:,} characters in one request; send less text."
    )


def whole_number(name: str, value: Any, *, low: int = 1, high: int | None = None) -> int:
    """A whole number from ``low`` to ``high``."""
    fits = type(value) is int and value >= low and (high is None or value <= high)
    if not fits:
        upper = "" if high is None else f" to {high}"
        raise InvalidRequestError(f"{name}: use a whole number from {low}{upper}, not {value!r}.")
    return int(value)


def number(
    name: str, value: Any, *, low: float = -math.inf, high: float = math.inf, above: bool = False
) -> float:
    """A number from ``low`` (or only ``above`` it) to ``high``."""
    fits = type(value) in (int, float) and low <= value <= high and math.isfinite(value)
    if not fits or (above and value == low):
        start = "" if low == -math.inf else f" {'above' if above else 'from'} {low:g}"
        end = "" if high == math.inf else f" to {high:g}"
        raise InvalidRequestError(f"{name}: use a number{start}{end}, not {value!r}.")
    return float(value)


def flag(name: str, value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise InvalidRequestError(f"{name}: use true or false, not {value!r}.")
    return value


def choice(name: str, value: Any, allowed: Sequence[str]) -> str:
    """One of the ``allowed`` words."""
    if not isinstance(value, str) or value not in allowed:
        raise InvalidRequestError(f"{name}: use {', '.join(allowed)}, not {value!r}.")
    return value


def media(name: str, value: Any) -> bytes:
    """The bytes of a picture or sound that is sent as base64, or as a ``data:`` address."""
    if not isinstance(value, str):
        raise InvalidRequestError(
            f"{name}: send the file as the body, or as base64 in a string, "
            f"not {type(value).__name__}."
        )
    encoded = value.partition(",")[2] if value.startswith("data:") else value
    if len(encoded) > MAX_MEDIA_BYTES * 4 // 3 + 4:
        limit = MAX_MEDIA_BYTES // 1024 // 1024
        raise InvalidRequestError(f"{name}: the file is larger than {limit} MiB; send less.")
    try:
        data = base64.b64decode("".join(encoded.split()), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidRequestError(
            f"{name}: this is not base64; addresses of files are not followed."
        ) from None
    if not data:
        raise InvalidRequestError(f"{name}: the file is empty.")
    return data
