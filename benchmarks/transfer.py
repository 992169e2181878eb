"""Upload and download of one large file, against the same client's fastest local path, in one run.

``python benchmarks/transfer.py`` makes 512 MiB that cannot be compressed and moves them up to a
hub and down again with ``huggingface_hub``. The references are hf_xet with a folder in place of a
server (``local://``: cut into chunks, hashed and written, but no network and no hub), and a plain
copy of the file. Prints a table and one line of JSON; checks that every byte came back.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hub_process import HubProcess, hub_process

_REPO = "ada/large"
_PIECE = 1 << 20
_CLIENT = Path(__file__).with_name("transfer_client.py")


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


@contextmanager
def timed(rows: dict[str, list[float]], name: str) -> Iterator[Callable[[float], None]]:
    """Collect the seconds of a step: those reported, else those of the block."""
    reported: list[float] = []
    started = time.perf_counter()
    yield reported.append
    rows.setdefault(name, []).append(reported[0] if reported else time.perf_counter() - started)


def one_round(hub: HubProcess, root: Path, size: int, number: int) -> dict[str, list[float]]:
    """Move one new file along every path; the seconds of each."""
    rows: dict[str, list[float]] = {}
    source, target = root / "source.bin", root / "target"
    digest = make_file(source, size, seed=number)
    access = {"HF_ENDPOINT": hub.endpoint, "HF_TOKEN": hub.token}
    name = f"round-{number}.bin"
    with timed(rows, "upload, hub") as report:
        report(run_client(root, "upload", _REPO, str(source), name, **access))
    with timed(rows, "upload, hf_xet to a folder") as report:
        report(run_client(root, "upload-local", str(source), str(root / "local")))
    with timed(rows, "upload, copy and fsync"):
        copy_with_fsync(source, root / "copy.bin")
    target.mkdir()
    with timed(rows, "download, hub") as report:
        report(run_client(root, "download", _REPO, name, str(target), **access))
    if sha256_of(target / name) != digest:
        raise SystemExit("The downloaded file differs from the uploaded one.")
    with timed(rows, "download, hf_xet from a folder") as report:
        report(run_client(root, "download-local", str(root / "local"), str(target / "local.bin")))
    if sha256_of(target / "local.bin") != digest:
        raise SystemExit("hf_xet's own copy differs from the original.")
    with timed(rows, "download, copy"):
        shutil.copyfile(root / "copy.bin", target / "copy.bin")
    for leftover in (target, root / "local"):
        shutil.rmtree(leftover)
    return rows


def copy_with_fsync(source: Path, target: Path) -> None:
    """Copy a file so that it survives a power cut, as the hub's uploads do."""
    shutil.copyfile(source, target)
    with target.open("rb") as file:
        os.fsync(file.fileno())


def report(rounds: list[dict[str, list[float]]], size: int) -> None:
    """Print the best time of each path, because noise only ever adds, and one line of JSON."""
    best = {name: min(row[name][0] for row in rounds) for name in rounds[0]}
    print(f"\n{size >> 20} MiB that cannot be compressed; best of {len(rounds)}; ", end="")
    print(f"{os.cpu_count()} processors\n")
    print(f"{'':<34} {'seconds':>8} {'MiB/s':>8} {'x hf_xet':>9}")
    ratios = {}
    for name, seconds in best.items():
        way = name.partition(",")[0]
        local = next(best[other] for other in best if other.startswith(f"{way}, hf_xet"))
        print(f"{name:<34} {seconds:>8.2f} {(size >> 20) / seconds:>8.0f} {seconds / local:>9.2f}")
        if name.endswith("hub"):
            ratios[way] = round(seconds / local, 2)
    print(json.dumps({"mebibytes": size >> 20, "times_slower_than_local": ratios}))


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mebibytes", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=2)
    args = parser.parse_args()
    size = args.mebibytes << 20
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        with hub_process(root / "hub") as hub:
            hub.api.create_repo(_REPO)
            rounds = [one_round(hub, root, size, number) for number in range(args.rounds)]
    report(rounds, size)


if __name__ == "__main__":
    main()
