"""How many model info answers one hub process gives, against a handler that does nothing.

Both are on the same server: the same process, the same event loop, the same connections. 16 clients
ask as fast as they are answered, in turns for one and for the other.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import statistics
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from table import Row, finish, json_option
from tornado.routing import URLSpec
from tornado.web import RequestHandler

CLIENTS = 16
ROUNDS = 5
SECONDS = 2.0
MODELS = 20
CARD = "---\nlicense: mit\npipeline_tag: text-classification\ntags: [one, two]\n---\n# A model\n"


class NothingHandler(RequestHandler):
    """Answers without looking at anything."""

    async def get(self) -> None:
        self.finish({"ok": True})


def serve(data: str, pipe: Connection) -> None:
    """The hub with one more address, in a process of its own."""
    asyncio.run(_serve(Path(data), pipe))


async def _serve(data: Path, pipe: Connection) -> None:
    from phub_jupyter.hub.repos.operations import AddFile, CommitHeader
    from phub_jupyter.identifiers import RepoId, RepoType
    from phub_server.standalone import StandaloneServer

    server = StandaloneServer(data, "127.0.0.1", 0)
    application: Any = server._server.request_callback
    application.wildcard_router.rules.insert(0, URLSpec(r"/nothing", NothingHandler))
    server.hub.accounts.add_user("ada")
    ada = server.hub.accounts.actor_for_user("ada")
    for number in range(MODELS):
        repo_id = RepoId("ada", f"m{number}")
        repo = server.hub.repositories.create(ada, RepoType.MODEL, repo_id, private=True)
        files = [AddFile("README.md", CARD.encode()), AddFile("config.json", b"{}")]
        server.hub.commits.commit(repo, "main", CommitHeader("card", "", None), files, ada)
    pipe.send((server.port, server.hub.accounts.add_token("ada", name="t", role="read")))
    await asyncio.get_running_loop().run_in_executor(None, pipe.recv)
    await server.stop()


async def _client(port: int, requests: list[bytes], until: float) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    times = []
    number = 0
    while (began := time.perf_counter()) < until:
        writer.write(requests[number % len(requests)])
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0])
        await reader.readexactly(length)
        times.append(time.perf_counter() - began)
        number += 1
    writer.close()
    return times


async def _load(port: int, requests: list[bytes]) -> tuple[float, list[float]]:
    began = time.perf_counter()
    until = began + SECONDS
    found = await asyncio.gather(*(_client(port, requests, until) for _ in range(CLIENTS)))
    times = sorted(one for part in found for one in part)
    return len(times) / (time.perf_counter() - began), times


def main() -> None:
    """Measure, and print the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    json_option(parser)
    options = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    with tempfile.TemporaryDirectory() as folder:
        process = context.Process(target=serve, args=(f"{folder}/hub", theirs))
        process.start()
        port, token = ours.recv()
        heads = f"Host: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n\r\n"
        nothing = [f"GET /nothing HTTP/1.1\r\n{heads}".encode()]
        infos = [
            f"GET /api/models/ada/m{number} HTTP/1.1\r\n{heads}".encode()
            for number in range(MODELS)
        ]
        asyncio.run(_load(port, infos))
        idles, rates, halves, tails = [], [], [], []
        for _ in range(ROUNDS):
            idle, _times = asyncio.run(_load(port, nothing))
            rate, times = asyncio.run(_load(port, infos))
            idles.append(idle)
            rates.append(rate)
            halves.append(times[len(times) // 2] * 1e3)
            tails.append(times[len(times) * 99 // 100] * 1e3)
        ours.send(None)
        process.join(30)
    middle = statistics.median
    work = f"model info, {CLIENTS} clients, one process"
    rows = [
        Row(work, "a no-op handler on the same server", 1e3 / middle(rates), 1e3 / middle(idles),
            0.5, "ms a request"),
        Row(f"{work}: p99", "its own p50", middle(tails), middle(halves), 5, "ms", at_most=True),
    ]  # fmt: skip
    finish(rows, options)


if __name__ == "__main__":
    main()
