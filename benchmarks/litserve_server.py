"""A reference: LitServe with batches, a worker process for each lane.

``python litserve_server.py MODEL PRECISION LANES PORT`` serves ``POST /predict``.
"""

import sys  # annotations are read while the program runs, so they are not put off
from typing import Any

import litserve
from rival_model import BATCH, WAIT_SECONDS, Classifier


class ClassifyAPI(litserve.LitAPI):  # type: ignore[misc]  # it comes without types
    """Runs in a worker process."""

    def __init__(self, folder: str, precision: str) -> None:
        super().__init__(max_batch_size=BATCH, batch_timeout=WAIT_SECONDS)
        self._folder = folder
        self._precision = precision

    def setup(self, device: str) -> None:
        """Load the model."""
        self._classifier = Classifier(self._folder, self._precision)

    def decode_request(self, request: dict[str, Any], **_: Any) -> str:
        """The text of a call."""
        return str(request["inputs"])

    def predict(self, texts: list[str], **_: Any) -> list[Any]:
        """A whole batch."""
        return self._classifier.classify(texts)

    def encode_response(self, output: Any, **_: Any) -> Any:
        """The answer to one call."""
        return output


if __name__ == "__main__":
    model, precision, lanes, port = sys.argv[1:]
    server = litserve.LitServer(
        ClassifyAPI(model, precision), accelerator="cpu", workers_per_device=int(lanes)
    )
    server.run(host="127.0.0.1", port=int(port), generate_client_file=False, log_level="warning")
