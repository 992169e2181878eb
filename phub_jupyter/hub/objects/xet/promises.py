"""How long clients may count on a xorb.

A client that was told of a xorb (it sent it, or the hub answered that it has it) remembers that for
three weeks and refers to the xorb without sending it again. So each time the hub tells, it promises
to keep the xorb for longer than that, in the same transaction that looks whether it is there;
`phub gc` removes no xorb whose promise is not over.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.database.tables import Xorb, XorbPromise, utc_now

__all__ = ["PROMISED", "REMEMBERED", "promise"]

REMEMBERED = timedelta(days=21)
"""How long clients remember."""

PROMISED = REMEMBERED + timedelta(days=1)
"""With time for an upload that begins in the last moment."""

_BATCH = 500


def promise(session: Session, xorbs: Iterable[str]) -> None:
    """Keep the xorbs for a while; ``session`` is a write transaction.

    Raises InvalidRequestError if one is missing.
    """
    names = list(dict.fromkeys(xorbs))
    until = utc_now() + PROMISED
    for first in range(0, len(names), _BATCH):
        batch = names[first : first + _BATCH]
        present = set(session.scalars(select(Xorb.hash).where(Xorb.hash.in_(batch))))
        if len(present) < len(batch):
            missing = next(name for name in batch if name not in present)
            raise InvalidRequestError(f"The hub has no xorb {missing}; upload it first.")
        known = set(session.scalars(select(XorbPromise.xorb).where(XorbPromise.xorb.in_(batch))))
        session.execute(
            update(XorbPromise)
            .where(XorbPromise.xorb.in_(known))
            .values(until=until)
            .execution_options(synchronize_session=False)
        )
        session.add_all(XorbPromise(xorb=name, until=until) for name in batch if name not in known)
    session.flush()
