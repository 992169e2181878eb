"""A reference: Ray Serve with batches, a replica for each lane.

``python ray_serve_server.py MODEL PRECISION LANES PORT`` serves ``POST /``. Whoever starts it sets
the variables that Ray's own documentation names for throughput.
"""

from __future__ import annotations

import signal
import sys
from typing import Any

import ray
from ray import serve
from rival_model import BATCH, WAIT_SECONDS, Classifier
from starlette.requests import Request


class Replica:
    """Classifies what came together."""

    def __init__(self, folder: str, precision: str) -> None:
        self._classifier = Classifier(folder, precision)

    async def __call__(self, request: Request) -> Any:
        """Answer one call."""
        return await self.classify((await request.json())["inputs"])

    @serve.batch(max_batch_size=BATCH, batch_wait_timeout_s=WAIT_SECONDS)
    async def classify(self, texts: list[str]) -> list[Any]:
        """A whole batch."""
        return self._classifier.classify(texts)


if __name__ == "__main__":
    model, precision, lanes, port = sys.argv[1:]
    ray.init(num_cpus=int(lanes) + 1, include_dashboard=False, log_to_driver=False)
    serve.start(http_options={"host": "127.0.0.1", "port": int(port)})
    deployment = serve.deployment(Replica).options(
        num_replicas=int(lanes), max_ongoing_requests=4 * BATCH
    )
    serve.run(deployment.bind(model, precision))
    print("ready", flush=True)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    serve.shutdown()
    ray.shutdown()
