"""How lists are sorted, and where the next page of one begins."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import Any

from sqlalchemy import desc, literal, tuple_
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql import ColumnElement

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.database.tables import Repo

__all__ = ["SORTS", "Order"]

SORTS: dict[str, InstrumentedAttribute[Any]] = {
    "trending": Repo.trending,
    "trendingScore": Repo.trending,
    "updated": Repo.updated_at,
    "lastModified": Repo.updated_at,
    "created": Repo.created_at,
    "createdAt": Repo.created_at,
    "likes": Repo.likes,
    "downloads": Repo.downloads,
}
_CURSOR = re.compile(r"([0-9a-zT:.+-]{1,40})_(\d{1,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Order:
    """Largest first; ``after`` is the cursor from which to go on."""

    column: InstrumentedAttribute[Any]
    after: str | None = None

    @classmethod
    def parse(cls, sort: str, after: str | None = None) -> Order:
        """The order of that name. Raises InvalidRequestError."""
        if sort not in SORTS:
            raise InvalidRequestError(f"sort: '{sort}' is not one of {', '.join(SORTS)}.")
        return cls(SORTS[sort], after)

    @property
    def by(self) -> list[Any]:
        """What to sort by; the key makes the order one and the same at each call."""
        return [desc(self.column), desc(Repo.pk)]

    def rest(self) -> list[ColumnElement[bool]]:
        """The condition for what comes after the cursor. Raises InvalidRequestError."""
        if self.after is None:
            return []
        found = _CURSOR.fullmatch(self.after)
        try:
            if found is None:
                raise ValueError
            value = _PARSERS.get(self.column.key, _number)(found[1])
        except (ValueError, OverflowError):
            raise InvalidRequestError(
                "cursor: not from a link of this hub; start without it."
            ) from None
        last = tuple_(literal(value, self.column.type), literal(int(found[2])))
        return [tuple_(self.column, Repo.pk) < last]

    def cursor(self, last: Repo) -> str:
        """What to go on after, when ``last`` was the last row of a page."""
        value = getattr(last, self.column.key)
        return f"{value.isoformat() if isinstance(value, datetime) else repr(value)}_{last.pk}"


def _number(text: str) -> float:
    value = float(text)
    if not isfinite(value):
        raise ValueError(text)
    return value


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment


_PARSERS: dict[str, Callable[[str], Any]] = {
    "updated_at": _moment,
    "created_at": _moment,
    "likes": int,
    "downloads": int,
}
