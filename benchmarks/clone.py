"""Clones of a long history from the hub, against git's own HTTP program behind nginx, in one run.

``python benchmarks/clone.py`` makes a repository of 10,000 commits and 20,000 files, pushes it to
a hub with ``git push``, and clones it with ``git clone``: from the hub, and from
``git http-backend``, run by ``fcgiwrap`` behind nginx over the very same folder. The servers take
turns; the median of the rounds counts. Prints a table and one line of JSON. Needs nginx and
fcgiwrap (Debian packages of these names).
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hub_process import HubProcess, hub_process
from table import Row, finish, json_option

_REPO = "ada/history"
_BACKEND = Path("/usr/lib/git-core/git-http-backend")
_NGINX = """\
worker_processes 2;
daemon off;
pid {root}/nginx.pid;
error_log {root}/nginx.log warn;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path {root}/body;
  fastcgi_temp_path {root}/fastcgi;
  proxy_temp_path {root}/proxy;
  uwsgi_temp_path {root}/uwsgi;
  scgi_temp_path {root}/scgi;
  server {{
    listen 127.0.0.1:{port};
    client_max_body_size 0;
    location / {{
      fastcgi_pass 127.0.0.1:{gateway};
      fastcgi_param SCRIPT_FILENAME {backend};
      fastcgi_param GIT_PROJECT_ROOT {repos};
      fastcgi_param GIT_HTTP_EXPORT_ALL "";
      fastcgi_param GIT_PROTOCOL $http_git_protocol;
      fastcgi_param PATH_INFO $uri;
      fastcgi_param QUERY_STRING $query_string;
      fastcgi_param REQUEST_METHOD $request_method;
      fastcgi_param CONTENT_TYPE $content_type;
      fastcgi_param CONTENT_LENGTH $content_length;
      fastcgi_param HTTP_CONTENT_ENCODING $http_content_encoding;
      fastcgi_param REMOTE_ADDR $remote_addr;
    }}
  }}
}}
"""


def make_repository(path: Path, commits: int, files: int, seed: int = 1) -> None:
    """Make a bare repository: each commit adds some files of text and changes an older one."""
    git("init", "-q", "--bare", "--initial-branch=main", str(path), cwd=path.parent)
    command = ["git", "fast-import", "--quiet"]
    with subprocess.Popen(command, cwd=path, stdin=subprocess.PIPE, env=environment()) as process:
        assert process.stdin is not None
        for piece in _history(commits, files // commits, random.Random(seed)):
            process.stdin.write(piece)
    if process.returncode:
        raise SystemExit("git fast-import failed.")


def _history(commits: int, new_files: int, noise: random.Random) -> Iterator[bytes]:
    paths: list[str] = []
    for number in range(commits):
        message = f"Change {number}"
        yield b"commit refs/heads/main\n"
        yield f"committer Ada <ada@example.invalid> {1_700_000_000 + number} +0000\n".encode()
        yield f"data {len(message)}\n{message}\n".encode()
        changed = [noise.choice(paths)] if paths else []
        added = [f"part-{number % 200:03d}/file-{number}-{item}.txt" for item in range(new_files)]
        paths += added
        for path in changed + added:
            text = noise.randbytes(noise.randrange(100, 1000)).hex()
            yield f"M 100644 inline {path}\ndata {len(text)}\n{text}\n".encode()


def environment() -> dict[str, str]:
    """Nobody's settings, and no questions."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
    }


def git(*arguments: str, cwd: Path) -> None:
    """Run git; its failure ends the benchmark."""
    subprocess.run(["git", *arguments], cwd=cwd, env=environment(), check=True)


@contextmanager
def reference(root: Path, repos: Path) -> Iterator[str]:
    """nginx in front of fcgiwrap in front of ``git http-backend``; the address of the server."""
    port, inner = _free_port(), _free_port()
    config = root / "nginx.conf"
    config.write_text(
        _NGINX.format(root=root, port=port, gateway=inner, repos=repos, backend=_BACKEND)
    )
    gateway = ["fcgiwrap", "-c", "4", "-s", f"tcp:127.0.0.1:{inner}"]
    safe = {  # the folder belongs to whoever runs the hub
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": "*",
    }
    with (
        subprocess.Popen(gateway, env=environment() | safe, start_new_session=True) as cgi,
        subprocess.Popen(["nginx", "-c", str(config), "-p", str(root)]) as nginx,
    ):
        try:
            _await(inner)
            _await(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            nginx.terminate()
            os.killpg(cgi.pid, signal.SIGTERM)  # its children do not end with it


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(port: int) -> None:
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit("nginx did not start.")


def clone(url: str, target: Path, *options: str) -> float:
    """Clone and remove the clone; the seconds of the clone."""
    started = time.perf_counter()
    git("clone", "-q", *options, url, str(target), cwd=target.parent)
    seconds = time.perf_counter() - started
    shutil.rmtree(target)
    return seconds


def push(hub: HubProcess, source: Path) -> float:
    """Push the history to a new repository of the hub; the seconds that took."""
    hub.api.create_repo(_REPO)
    url = f"{hub.endpoint}/{_REPO}".replace("://", f"://ada:{hub.token}@")
    started = time.perf_counter()
    git("push", "-q", "--force", url, "main", cwd=source)
    return time.perf_counter() - started


def repacked(repos: Path, timeout: float = 120) -> Path:
    """The repository's folder, once the hub has repacked it."""
    until = time.monotonic() + timeout
    while time.monotonic() < until:
        if found := next(repos.glob("*/*.git/objects/info/commit-graph"), None):
            time.sleep(0.5)
            return found.parents[2]
        time.sleep(0.1)
    raise SystemExit("The hub did not repack the repository.")


def measure(urls: dict[str, str], root: Path, rounds: int) -> dict[str, list[float]]:
    """Clone in turns, with and without a working tree."""
    rows: dict[str, list[float]] = {}
    for _ in range(rounds):
        for server, url in urls.items():
            for kind, options in (("clone", ()), ("clone --bare", ("--bare",))):
                seconds = clone(url, root / "target", *options)
                rows.setdefault(f"{kind}, {server}", []).append(seconds)
    return rows


def as_rows(rows: dict[str, list[float]], commits: int, files: int) -> list[Row]:
    """The medians, one row a kind of clone."""
    return [
        Row(
            f"{kind} of {commits} commits and {files} files",
            "git http-backend behind nginx",
            statistics.median(rows[f"{kind}, hub"]),
            statistics.median(rows[f"{kind}, http-backend"]),
            0.9,
            "s",
        )
        for kind in ("clone", "clone --bare")
    ]


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commits", type=int, default=10_000)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    json_option(parser)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        root.chmod(0o755)
        source = root / "source.git"
        make_repository(source, args.commits, args.files)
        with hub_process(root / "hub") as hub:
            pushed = push(hub, source)
            folder = repacked(root / "hub/repos")
            with reference(root, folder.parent) as other:
                urls = {
                    "hub": f"{hub.endpoint}/{_REPO}",
                    "http-backend": f"{other}/{folder.name}",
                }
                clone(urls["hub"], root / "target")
                rows = measure(urls, root, args.rounds)
    print(f"the push of all of it took {pushed:.1f} s")
    finish(as_rows(rows, args.commits, args.files), args)


if __name__ == "__main__":
    main()
