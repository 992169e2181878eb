"""The reference that people write first: a transformers pipeline behind a lock in a web server.

It is not meant to be bad: one process, the model loaded once, keep-alive, the event loop free
while the model runs. It has no batching, because a request is all it sees.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler


class ClassifyHandler(RequestHandler):
    """Answers in the shape of the Inference API."""

    def initialize(self, pipe: Any, lock: threading.Lock) -> None:
        self.pipe = pipe
        self.lock = lock

    async def post(self) -> None:
        """Run the pipeline on one text."""
        text = json.loads(self.request.body)["inputs"]
        self.finish(json.dumps([await asyncio.to_thread(self.classify, text)]))

    def classify(self, text: str) -> list[dict[str, Any]]:
        """One text at a time."""
        with self.lock:
            answer: list[dict[str, Any]] = self.pipe(text, top_k=None, truncation=True)
        return answer


async def main(model: str) -> None:
    """Serve the model in a folder on a free port, and print the port."""
    from transformers import pipeline

    pipe = pipeline("text-classification", model=model, device="cpu")
    shared = {"pipe": pipe, "lock": threading.Lock()}
    server = HTTPServer(Application([("/", ClassifyHandler, shared)]))
    sockets = bind_sockets(0, "127.0.0.1")
    server.add_sockets(sockets)
    print(f"port {sockets[0].getsockname()[1]}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
