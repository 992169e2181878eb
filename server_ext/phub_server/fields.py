"""Reads the fields of a JSON body; what is of the wrong kind is refused by its name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from phub_jupyter.errors import InvalidRequestError

__all__ = [
    "flag_field",
    "number_field",
    "pairs_field",
    "required_text",
    "text_field",
    "texts_field",
]

_LARGEST = 2**31


def text_field(body: Mapping[str, Any], field: str, longest: int | None = None) -> str | None:
    """A text of at most ``longest`` characters, or None. Raises InvalidRequestError."""
    value = body.get(field)
    if value is None:
        return None
    if not isinstance(value, str):
        raise InvalidRequestError(f"{field}: send a text.")
    if longest is not None and len(value) > longest:
        raise InvalidRequestError(f"{field}: send a text of at most {longest} characters.")
    # JSON lets NUL and half of a surrogate pair through, which no database and no git takes.
    if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise InvalidRequestError(f"{field}: send a text without NUL and half characters.")
    return value


def required_text(body: Mapping[str, Any], field: str, longest: int | None = None) -> str:
    """A text that is not empty. Raises InvalidRequestError."""
    value = text_field(body, field, longest)
    if not value:
        raise InvalidRequestError(f"{field}: send a text.")
    return value


def flag_field(body: Mapping[str, Any], field: str) -> bool | None:
    """True, false or None. Raises InvalidRequestError."""
    value = body.get(field)
    if value is not None and not isinstance(value, bool):
        raise InvalidRequestError(f"{field}: send true or false.")
    return value


def number_field(body: Mapping[str, Any], field: str, least: int = 0) -> int | None:
    """A whole number of at least ``least`` that fits into 31 bits, or None.

    Raises InvalidRequestError.
    """
    value = body.get(field)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value < _LARGEST:
        raise InvalidRequestError(f"{field}: send a whole number from {least} up.")
    return value


def texts_field(body: Mapping[str, Any], field: str, most: int, longest: int) -> tuple[str, ...]:
    """A list of at most ``most`` texts that are not empty. Raises InvalidRequestError."""
    value = body.get(field)
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > most:
        raise InvalidRequestError(f"{field}: send a list of at most {most} texts.")
    return tuple(required_text({field: item}, field, longest) for item in value)


def pairs_field(body: Mapping[str, Any], field: str, most: int, longest: int) -> dict[str, str]:
    """An object of at most ``most`` texts that are not empty. Raises InvalidRequestError."""
    value = body.get(field)
    if value is None:
        return {}
    if not isinstance(value, dict) or len(value) > most:
        raise InvalidRequestError(f"{field}: send an object of at most {most} texts.")
    return {
        required_text({field: key}, field, longest): required_text({field: item}, field, longest)
        for key, item in value.items()
    }
