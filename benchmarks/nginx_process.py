"""nginx with one folder, answering as the hub does where its clients look."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Nginx", "nginx_process"]

_COMMIT = "0123456789abcdef0123456789abcdef01234567"
_CONFIG = """
daemon off;
worker_processes auto;
pid {root}/nginx.pid;
error_log {root}/error.log;
events {{ worker_connections 512; }}
http {{
  access_log {root}/access.log;
  client_body_temp_path {root}/body;
  proxy_temp_path {root}/proxy;
  fastcgi_temp_path {root}/fastcgi;
  uwsgi_temp_path {root}/uwsgi;
  scgi_temp_path {root}/scgi;
  default_type application/octet-stream;
  sendfile on;
  tcp_nopush on;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      root {files};
      etag off;
      add_header ETag '"{etag}"';
      add_header X-Repo-Commit {commit};
    }}
  }}
}}
"""


@dataclass(frozen=True)
class Nginx:
    """A running nginx."""

    endpoint: str
    pid: int


@contextmanager
def nginx_process(root: Path, files: Path, etag: str) -> Iterator[Nginx]:
    """Serve ``files`` until the block ends; every file has the same ETag."""
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if program is None:
        raise SystemExit("This benchmark compares with nginx: install it first.")
    root.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    config = root / "nginx.conf"
    config.write_text(_CONFIG.format(root=root, port=port, files=files, etag=etag, commit=_COMMIT))
    with subprocess.Popen([program, "-c", str(config), "-p", str(root)]) as process:
        try:
            _wait(port)
            yield Nginx(f"http://127.0.0.1:{port}", process.pid)
        finally:
            process.terminate()
            process.wait(30)


def _wait(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit("nginx did not start.")
