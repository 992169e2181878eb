"""``python -m phub_jupyter.compute.training.on_ray.wish RUN WISH[:CANDIDATE] …``, as a small job.

The dashboard of a cluster takes jobs and nothing else, so a wish is brought to a run by one.
"""

from __future__ import annotations

import sys
import time
from importlib import import_module
from typing import Any

from phub_jupyter.compute.training.on_ray.spec import NAMESPACE, board_name

__all__ = ["main"]

_PATIENCE = 60.0  # seconds until the board must be there: the race may only be starting


def main(run: str, *wishes: str) -> None:
    """Put the wishes on the board of a run."""
    ray: Any = import_module("ray")
    ray.init(address="auto", namespace=NAMESPACE, log_to_driver=False)
    pairs = [(what, candidate) for what, _, candidate in (wish.partition(":") for wish in wishes)]
    ray.get(_board(ray, run).wish.remote(pairs))


def _board(ray: Any, run: str) -> Any:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            return ray.get_actor(board_name(run))
        except ValueError:
            if time.monotonic() > deadline:
                raise
            time.sleep(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
