"""How much memory many large uploads at once take: the most above the idle hub, all processes.

``--way lfs`` sends each file as git-lfs does, one PUT; nothing is read from the disk for it.
``--way xet`` lets as many ``huggingface_hub`` processes upload files of noise, and needs disk space
for the files beside the hub's.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import requests
from hub_process import HubProcess, hub_process
from table import Row, finish, json_option
from transfer import make_file, run_client

_REPO = "ada/large"
_PIECE = 1 << 20


class Meter:
    """Looks at the memory of a process and its children all the time."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self.idle = self.highest = self._now()
        self._done = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def stop(self) -> int:
        """The most above what it was at the beginning."""
        self._done.set()
        return self.highest - self.idle

    def _watch(self) -> None:
        while not self._done.wait(0.05):
            self.highest = max(self.highest, self._now())

    def _now(self) -> int:
        total = 0
        for process in (self._process, *self._process.children(recursive=True)):
            try:
                total += process.memory_info().rss
            except psutil.NoSuchProcess:
                continue
        return total


def noise(number: int, mebibytes: int) -> Iterator[bytes]:
    """A file that is different for every number, quick to make."""
    piece = bytearray(random.Random(number).randbytes(_PIECE))
    for place in range(mebibytes):
        piece[:8] = place.to_bytes(8, "little")
        yield bytes(piece)


def by_lfs(hub: HubProcess, number: int, mebibytes: int) -> None:
    """One upload as git-lfs makes it."""
    digest = hashlib.sha256()
    for piece in noise(number, mebibytes):
        digest.update(piece)
    item = {"oid": digest.hexdigest(), "size": mebibytes << 20}
    batch = requests.post(
        f"{hub.endpoint}/{_REPO}.git/info/lfs/objects/batch",
        json={"operation": "upload", "objects": [item]},
        headers={"Authorization": f"Bearer {hub.token}"},
        timeout=600,
    )
    batch.raise_for_status()
    address = batch.json()["objects"][0]["actions"]["upload"]["href"]
    requests.put(address, data=noise(number, mebibytes), timeout=3600).raise_for_status()


def by_xet(hub: HubProcess, root: Path, number: int, mebibytes: int) -> None:
    """One upload by ``huggingface_hub`` as it comes."""
    source = root / f"{number}.bin"
    make_file(source, mebibytes << 20, seed=number)
    access = {"HF_ENDPOINT": hub.endpoint, "HF_TOKEN": hub.token}
    run_client(root, "upload", _REPO, str(source), source.name, **access)
    source.unlink()


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--uploads", type=int, default=16)
    parser.add_argument("--mebibytes", type=int, default=1024)
    parser.add_argument("--way", choices=("lfs", "xet"), default="xet")
    json_option(parser)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, hub_process(Path(name, "hub")) as hub:
        hub.api.create_repo(_REPO)
        meter = Meter(hub.pid)

        def upload(number: int) -> None:
            if options.way == "lfs":
                by_lfs(hub, number, options.mebibytes)
            else:
                by_xet(hub, Path(name), number, options.mebibytes)

        with ThreadPoolExecutor(options.uploads) as pool:
            list(pool.map(upload, range(options.uploads)))
        taken = meter.stop()
    row = Row(
        work=f"memory for {options.uploads} uploads of {options.mebibytes} MiB at once",
        against=f"512 MiB above the idle hub; uploads by {options.way}",
        ours=round(taken / _PIECE, 1),
        reference=512,
        bar=1.0,
        unit="MiB above idle",
        at_most=True,
    )
    finish([row], options)


if __name__ == "__main__":
    main()
