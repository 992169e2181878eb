"""One large file down, from the hub and from nginx to the same client, in turns.

Three clients: ``huggingface_hub`` as it comes (from the hub by Xet, from nginx by HTTP), the same
with ``HF_HUB_DISABLE_XET=1``, and ``curl``; and two ways in which the hub keeps the file: whole, as
git-lfs uploads it, and as xorbs, as Xet clients do. For ``curl``, the CPU time of both servers is
compared too. Everything is in the disk's cache. What the library downloads is checked.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil
from hub_process import HubProcess, hub_process
from nginx_process import nginx_process
from table import Row, finish, json_option
from transfer import make_file, run_client, sha256_of

_WHOLE, _XORBS = "ada/whole", "ada/xorbs"
_NAME = "file.bin"


def by_library(root: Path, endpoint: str, repo: str, digest: str, **variables: str) -> float:
    """Seconds of ``hf_hub_download`` in a fresh process with empty caches."""
    with tempfile.TemporaryDirectory(dir=root) as folder:
        took = run_client(root, "download", repo, _NAME, folder, HF_ENDPOINT=endpoint, **variables)
        if sha256_of(Path(folder, _NAME)) != digest:
            raise SystemExit("The downloaded file differs from the uploaded one.")
    return took


def by_curl(url: str, *servers: int) -> tuple[float, float]:
    """Seconds of ``curl`` into nothing, and of the servers' CPU meanwhile."""
    before = sum(cpu(server) for server in servers)
    started = time.perf_counter()
    subprocess.run(["curl", "-sSf", "-o", "/dev/null", url], check=True)
    took = time.perf_counter() - started
    return took, sum(cpu(server) for server in servers) - before


def cpu(pid: int) -> float:
    """CPU seconds of a process and its children."""
    root = psutil.Process(pid)
    return sum(
        times.user + times.system
        for times in (item.cpu_times() for item in (root, *root.children(recursive=True)))
    )


def upload(hub: HubProcess, root: Path, source: Path) -> None:
    """Put the file into both repositories: whole, and as xorbs."""
    for repo, variables in ((_WHOLE, {"HF_HUB_DISABLE_XET": "1"}), (_XORBS, {})):
        hub.api.create_repo(repo)
        access = {"HF_ENDPOINT": hub.endpoint, "HF_TOKEN": hub.token, **variables}
        run_client(root, "upload", repo, str(source), _NAME, **access)


def compare(
    rounds: int, ours: Callable[[], float], theirs: Callable[[], float]
) -> tuple[float, float]:
    """The medians of both, which take turns; the first turn only warms them up."""
    pairs = [(ours(), theirs()) for _ in range(rounds + 1)][1:]
    return statistics.median(pair[0] for pair in pairs), statistics.median(p[1] for p in pairs)


def measure(options: argparse.Namespace, root: Path) -> list[Row]:
    """All rows."""
    size = options.mebibytes << 20
    tree = root / "files" / _WHOLE / "resolve/main"
    tree.mkdir(parents=True)
    digest = make_file(tree / _NAME, size, seed=1)
    rows: list[Row] = []
    with (
        hub_process(root / "hub") as hub,
        nginx_process(root / "nginx", root / "files", digest) as nginx,
    ):
        upload(hub, root, tree / _NAME)
        what = f"download {options.mebibytes} MiB"
        place = f"resolve/main/{_NAME}"
        against = "nginx serving the same file to the same client"
        plain = {"HF_HUB_DISABLE_XET": "1", "HF_TOKEN": hub.token}
        for client, repo, variables, bar in (
            ("default client", _XORBS, {"HF_TOKEN": hub.token}, 0.95),
            ("plain HTTP, kept whole", _WHOLE, plain, 0.95),
            ("plain HTTP, kept as xorbs", _XORBS, plain, 0.95),
        ):
            medians = compare(
                options.rounds,
                lambda repo=repo, set=variables: by_library(
                    root, hub.endpoint, repo, digest, **set
                ),
                lambda set=variables: by_library(root, nginx.endpoint, _WHOLE, digest, **set),
            )
            rows.append(Row(f"{what}, {client}", against, *medians, bar, "s"))
        for kept, repo in (("whole", _WHOLE), ("as xorbs", _XORBS)):
            spent: dict[str, list[float]] = {"ours": [], "theirs": []}

            def curl(who: str, url: str, pid: int, spent: dict[str, list[float]] = spent) -> float:
                took, busy = by_curl(url, pid)
                spent[who].append(busy)
                return took

            medians = compare(
                options.rounds,
                lambda repo=repo: curl("ours", f"{hub.endpoint}/{repo}/{place}", hub.pid),
                lambda: curl("theirs", f"{nginx.endpoint}/{_WHOLE}/{place}", nginx.pid),
            )
            rows.append(Row(f"{what} by curl, kept {kept}", against, *medians, 0.9, "s"))
            per = [statistics.median(spent[who][1:]) * 1024 / options.mebibytes for who in spent]
            rows.append(
                Row(
                    f"the same, CPU of the server, kept {kept}",
                    against,
                    per[0],
                    per[1],
                    1.5,
                    "CPU s per GiB",
                    at_most=True,
                )
            )
    return rows


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mebibytes", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=5, help="medians of so many")
    json_option(parser)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)  # nginx gives up root's rights
        rows = measure(options, Path(name))
    finish(rows, options)


if __name__ == "__main__":
    main()
