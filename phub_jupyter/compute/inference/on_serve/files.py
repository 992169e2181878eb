"""The files of a model on the disk of whichever machine runs it, fetched from the hub once."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import time
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

import requests

from phub_jupyter.compute.inference.on_serve.orders import Revision
from phub_jupyter.errors import StorageError

__all__ = ["ModelCache"]

_PIECE = 1 << 20
_TIMEOUT = (10, 60)  # seconds to connect, and without a byte
_FORGOTTEN = 86_400.0  # seconds after which a commit that no replica uses is removed


class ModelCache:
    """One folder for each commit. A machine's replicas share it; ``PHUB_SERVE_CACHE`` moves it."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        default = Path.home() / ".cache" / "phub" / "serving"
        self._root = Path(os.environ.get("PHUB_SERVE_CACHE", "") or default)

    def known(self, revision: Revision) -> Path | None:
        """The folder with all files of the commit, if they are here."""
        folder = self._folder(revision)
        return folder if folder.is_dir() else None

    def fetch(self, revision: Revision, ticket: str) -> Path:
        """The same, fetched if they are not. Raises OSError, or StorageError for broken files."""
        folder = self._folder(revision)
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (folder.parent / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # replicas that start together fetch once
            if not folder.is_dir():
                self._forget_old()
                self._fill(folder, revision, ticket)
        return folder

    def _folder(self, revision: Revision) -> Path:
        hub = hashlib.sha256(self._endpoint.encode()).hexdigest()[:12]
        return self._root / hub / revision.repo / revision.commit

    def _forget_old(self) -> None:
        limit = time.time() - _FORGOTTEN
        for folder in self._root.glob("*/*/*/"):
            with suppress(OSError):  # another replica may be doing the same
                if folder.stat().st_mtime < limit:
                    shutil.rmtree(folder)

    def _fill(self, folder: Path, revision: Revision, ticket: str) -> None:
        partial = folder.with_name(f"{folder.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)  # of somebody who was killed
        partial.mkdir(mode=0o700)
        address = f"{self._endpoint}/api/phub/serving/{revision.commit}"
        with requests.Session() as session:
            session.trust_env = False  # neither a proxy nor a .netrc should see the pass
            session.headers["Authorization"] = f"Bearer {ticket}"
            listing = session.get(address, timeout=_TIMEOUT)
            listing.raise_for_status()
            for file in listing.json()["files"]:
                _fetch(session, f"{address}/{quote(file['path'])}", partial, file)
        partial.rename(folder)


def _fetch(session: requests.Session, address: str, folder: Path, file: dict[str, Any]) -> None:
    relative = PurePosixPath(file["path"])
    if relative.is_absolute() or ".." in relative.parts:
        raise StorageError(f"{relative}: the hub names a file outside of the model.")
    path = folder / relative
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest, size = hashlib.sha256(), 0
    with (
        session.get(address, timeout=_TIMEOUT, stream=True) as answer,
        path.open("wb") as target,
    ):
        answer.raise_for_status()
        for piece in answer.iter_content(_PIECE):
            target.write(piece)
            digest.update(piece)
            size += len(piece)
    if size != file["size"] or file["sha256"] not in (None, digest.hexdigest()):
        raise StorageError(f"{relative}: came from the hub with other content than it says.")
