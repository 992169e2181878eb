"""Blocking work in threads, for callers who may leave."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import ParamSpec, TypeVar

__all__ = ["in_thread"]

P = ParamSpec("P")
T = TypeVar("T")


async def in_thread(
    executor: Executor, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """What the function returns.

    A call that is cancelled before its turn never runs; one that runs is waited for even then, so
    that whoever leaves knows that nothing of it goes on.
    """
    work = executor.submit(function, *args, **kwargs)
    done = asyncio.wrap_future(work)
    try:
        return await asyncio.shield(done)
    except asyncio.CancelledError:
        if not work.cancel():
            await asyncio.wait({done})
            done.exception()  # which nobody wants to hear of
        raise
