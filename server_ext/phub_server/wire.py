"""How dates and page sizes are written on the wire, in every answer that has them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from phub_jupyter.errors import InvalidRequestError

if TYPE_CHECKING:
    from tornado.web import RequestHandler

__all__ = ["page_limit", "timestamp"]

_LONGEST_NUMBER = 16


def timestamp(date: datetime) -> str:
    """A date as the clients parse it: UTC, with a literal ``Z``."""
    return f"{date:%Y-%m-%dT%H:%M:%S}.{date.microsecond // 1000:03d}Z"


def page_limit(handler: RequestHandler, largest: int) -> int:
    """The ``limit`` of the query, at most ``largest``. Raises InvalidRequestError."""
    text = handler.get_query_argument("limit", str(largest))
    # isdecimal alone also takes the digits of other scripts, and int() a text of any length.
    if not text.isascii() or not text.isdecimal() or len(text) > _LONGEST_NUMBER or int(text) == 0:
        raise InvalidRequestError(f"limit: must be a number from 1 to {largest}.")
    return min(int(text), largest)
