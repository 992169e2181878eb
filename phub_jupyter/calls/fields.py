"""The few kinds of fields that calls are made of, as JSON schemas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["Schema", "choice", "flag", "number", "text", "texts", "whole"]

Schema = dict[str, Any]


def _with(schema: Schema, about: str, default: Any) -> Schema:
    if about:
        schema["description"] = about
    if default is not None:
        schema["default"] = default
    return schema


def whole(
    about: str = "", *, low: int = 1, high: int | None = None, default: int | None = None
) -> Schema:
    """A whole number from ``low`` to ``high``."""
    schema: Schema = {"type": "integer", "minimum": low}
    if high is not None:
        schema["maximum"] = high
    return _with(schema, about, default)


def number(
    about: str = "",
    *,
    low: float = 0,
    high: float = 1,
    above: bool = False,
    default: float | None = None,
) -> Schema:
    """A number from ``low``, or only ``above`` it, to ``high``."""
    schema: Schema = {
        "type": "number",
        "exclusiveMinimum" if above else "minimum": low,
        "maximum": high,
    }
    return _with(schema, about, default)


def flag(about: str = "", *, default: bool | None = None) -> Schema:
    """True or false."""
    return _with({"type": "boolean"}, about, default)


def choice(values: Sequence[Any], about: str = "", *, default: Any = None) -> Schema:
    """One of ``values``."""
    return _with({"enum": list(values)}, about, default)


def text(about: str = "", *, longest: int | None = None, default: str | None = None) -> Schema:
    """A text with something in it."""
    schema: Schema = {"type": "string", "minLength": 1}
    if longest is not None:
        schema["maxLength"] = longest
    return _with(schema, about, default)


def texts(about: str = "", *, least: int = 1, most: int | None = None) -> Schema:
    """A list of texts."""
    schema: Schema = {"type": "array", "items": {"type": "string"}, "minItems": least}
    if most is not None:
        schema["maxItems"] = most
    return _with(schema, about, None)
