"""How many model info answers one hub process gives, against a handler that does nothing.

Both are on the same server: the same process, the same event loop, the same connections. 16 clients
ask as fast as they are answered, in turns for one and for the other.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import statistics
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

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
    """Measure, and print one line of JSON."""
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
        ratios, tails, rates = [], [], []
        for _ in range(ROUNDS):
            idle, _times = asyncio.run(_load(port, nothing))
            rate, times = asyncio.run(_load(port, infos))
            p50, p99 = times[len(times) // 2], times[len(times) * 99 // 100]
            ratios.append(rate / idle)
            tails.append(p99 / p50)
            rates.append(rate)
            print(
                f"nothing {idle:.0f}/s, info {rate:.0f}/s, p50 {p50 * 1e3:.2f} ms, "
                f"p99 {p99 * 1e3:.2f} ms",
                file=sys.stderr,
            )
        ours.send(None)
        process.join(30)
    result = {
        "benchmark": "model_info",
        "clients": CLIENTS,
        "info_per_second": round(statistics.median(rates)),
        "ratio": round(statistics.median(ratios), 3),
        "ratio_at_least": 0.5,
        "p99_over_p50": round(statistics.median(tails), 2),
        "p99_over_p50_at_most": 5,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
