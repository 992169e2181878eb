"""The worker program: runs models for the hub, in a process of its own.

``python -m phub_jupyter.compute.inference.worker --fd N`` answers frames on the connected Unix
socket that it inherits as file descriptor ``N``. Requests carry an ``id`` and are answered in any
order. When the other end closes, which also happens when the hub dies, the worker ends at once.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import socket

from phub_jupyter.compute.inference.connection import Connection
from phub_jupyter.compute.inference.engine import EngineLimits, InferenceEngine, default_lanes
from phub_jupyter.compute.inference.memory import default_limit

__all__ = ["main"]


async def _run(arguments: argparse.Namespace) -> None:
    connection = socket.socket(fileno=arguments.fd)
    reader, writer = await asyncio.open_unix_connection(sock=connection)
    limits = EngineLimits(
        lanes=arguments.lanes,
        models=arguments.max_models,
        memory=arguments.max_memory,
        waiting=arguments.max_waiting,
        streams=arguments.max_streams,
        idle_seconds=arguments.idle_seconds,
    )
    await Connection(InferenceEngine(limits)).serve(reader, writer)
    os._exit(0)  # a thread that is computing would hold a normal exit up


def main() -> None:
    """Run the program; returns never."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fd", type=int, required=True, help="connected socket to answer on")
    parser.add_argument(
        "--lanes", type=int, default=default_lanes(), help="threads that run models"
    )
    parser.add_argument("--max-models", type=int, default=8, help="models held at a time")
    parser.add_argument(
        "--max-memory", type=int, default=default_limit(), help="bytes that this process may use"
    )
    parser.add_argument("--max-waiting", type=int, default=1024, help="texts waiting for a model")
    parser.add_argument("--max-streams", type=int, default=64, help="texts written at a time")
    parser.add_argument("--idle-seconds", type=float, default=300, help="then a model is let go")
    logging.basicConfig(format="phub worker: %(message)s")
    asyncio.run(_run(parser.parse_args()))


if __name__ == "__main__":
    main()
