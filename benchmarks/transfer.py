"""One large file up, and up again with a hundredth of it changed.

``python benchmarks/transfer.py`` uploads 1 GiB of noise with ``huggingface_hub`` as it comes, every
time from a fresh process with empty caches. The reference is the same client with a folder in place
of a server (``local://``: cut into chunks, hashed and written, but no network, no hub, no fsync).
Then the file is uploaded again with some places changed, through a relay that counts what goes to
the hub. `download.py` measures the way back.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from hub_process import HubProcess, hub_process
from table import Row, finish, json_option

__all__ = ["make_file", "run_client", "sha256_of"]

_REPO = "ada/large"
_PIECE = 1 << 20
_CLIENT = Path(__file__).with_name("transfer_client.py")
_PLACES = 8


def make_file(path: Path, size: int, seed: int) -> str:
    """Write ``size`` bytes of noise; return their SHA-256."""
    noise = random.Random(seed)
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for _ in range(0, size, _PIECE):
            piece = noise.randbytes(_PIECE)
            digest.update(piece)
            file.write(piece)
        os.fsync(file.fileno())
    return digest.hexdigest()


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def run_client(root: Path, *words: str, **variables: str) -> float:
    """Run one step in a fresh process with empty caches; the seconds that its transfer took."""
    with tempfile.TemporaryDirectory(dir=root) as home:
        environment = {
            **os.environ,
            "HF_HOME": home,
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            **variables,
        }
        done = subprocess.run(
            [sys.executable, str(_CLIENT), *words],
            check=True,
            capture_output=True,
            text=True,
            env=environment,
        )
    return float(done.stdout.split()[-1])


def change(path: Path, size: int, seed: int) -> None:
    """Overwrite a hundredth of a file, in some places."""
    noise = random.Random(f"changed {seed}")  # not the noise that is there
    length = size // 100 // _PLACES
    with path.open("r+b") as file:
        for place in range(_PLACES):
            file.seek(size // _PLACES * place + noise.randrange(size // _PLACES - length))
            file.write(noise.randbytes(length))


class Relay:
    """Passes connections on to the hub, and counts the bytes that clients send."""

    def __init__(self, endpoint: str) -> None:
        self.sent = 0
        self._target = urlsplit(endpoint)
        self._port = 0
        self._ready = threading.Event()
        threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True).start()
        self._ready.wait(10)

    @property
    def endpoint(self) -> str:
        """Where clients find the hub; the addresses that it answers with lead here, too."""
        return f"http://127.0.0.1:{self._port}"

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._relay, "127.0.0.1", 0, limit=_PIECE)
        self._port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await server.serve_forever()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, port = self._target.hostname, self._target.port
        hub_reader, hub_writer = await asyncio.open_connection(host, port, limit=_PIECE)
        await asyncio.gather(
            self._pass_on(reader, hub_writer, count=True),
            self._pass_on(hub_reader, writer, count=False),
        )

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, count: bool
    ) -> None:
        try:
            while data := await reader.read(_PIECE):
                self.sent += len(data) if count else 0
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()


@contextmanager
def folder(path: Path) -> Iterator[Path]:
    """A folder that is gone afterwards."""
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def one_round(hub: HubProcess, root: Path, size: int, number: int) -> tuple[float, float, int]:
    """Seconds to the hub, seconds to the folder, and the bytes of uploading it again changed."""
    source = root / "source.bin"
    make_file(source, size, seed=number)
    name = f"round-{number}.bin"
    access = {"HF_TOKEN": hub.token}
    ours = run_client(root, "upload", _REPO, str(source), name, HF_ENDPOINT=hub.endpoint, **access)
    with folder(root / "local") as local:
        reference = run_client(root, "upload-local", str(source), str(local))
    change(source, size, seed=number)
    relay = Relay(hub.endpoint)
    run_client(root, "upload", _REPO, str(source), name, HF_ENDPOINT=relay.endpoint, **access)
    check(hub, root, name, sha256_of(source))
    return ours, reference, relay.sent


def check(hub: HubProcess, root: Path, name: str, digest: str) -> None:
    """Make sure that the hub has the file as it is by now."""
    with tempfile.TemporaryDirectory(dir=root) as target:
        plain = {"HF_ENDPOINT": hub.endpoint, "HF_TOKEN": hub.token, "HF_HUB_DISABLE_XET": "1"}
        run_client(root, "download", _REPO, name, target, **plain)
        if sha256_of(Path(target, name)) != digest:
            raise SystemExit("The downloaded file differs from the uploaded one.")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mebibytes", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=5, help="medians of so many")
    json_option(parser)
    options = parser.parse_args()
    size = options.mebibytes << 20
    with tempfile.TemporaryDirectory() as name, hub_process(Path(name, "hub")) as hub:
        hub.api.create_repo(_REPO)
        rounds = [one_round(hub, Path(name), size, seed) for seed in range(options.rounds)]
    ours, reference, sent = (statistics.median(values) for values in zip(*rounds, strict=True))
    rows = [
        Row(
            work=f"upload {options.mebibytes} MiB, default client",
            against="the same client writing to its local file store",
            ours=ours,
            reference=reference,
            bar=0.7,
            unit="s",
        ),
        Row(
            work="upload again with 1 % changed, empty caches",
            against="the size of the file",
            ours=round(sent / _PIECE, 1),
            reference=options.mebibytes,
            bar=0.03,
            unit="MiB on the wire",
            at_most=True,
        ),
    ]
    finish(rows, options)


if __name__ == "__main__":
    main()
