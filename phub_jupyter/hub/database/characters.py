"""Keeps characters from the database that none can keep, or only some: NUL and half characters.

JSON lets both through. They are replaced in everything that is sent, on every database alike, so
that a text that holds one is kept without it, and a name that holds one is found by nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Engine, event

__all__ = ["clean_parameters"]

_REPLACEMENT = "\ufffd"


def clean_parameters(engine: Engine) -> None:
    """Clean the parameters of every statement that the engine runs."""
    event.listen(engine, "before_cursor_execute", _clean, retval=True)


def _clean(
    connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
) -> tuple[str, Any]:
    if isinstance(parameters, list):  # whatever ``many`` says: it is also true of long INSERTs
        return statement, [_row(row) for row in parameters]
    return statement, _row(parameters)


def _row(row: Any) -> Any:
    if isinstance(row, Mapping):
        return {name: _value(value) for name, value in row.items()}
    if isinstance(row, Sequence):
        return tuple(_value(value) for value in row)
    return row


def _value(value: Any) -> Any:
    if not isinstance(value, str) or (value.isascii() and "\0" not in value):
        return value
    return value.encode("utf-8", "replace").decode().replace("\0", _REPLACEMENT)
