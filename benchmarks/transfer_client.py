"""One transfer in a process of its own, as a person's script would make it; prints its seconds.

The process is fresh, so nothing of an earlier step helps; its imports are not counted.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import hf_xet
from huggingface_hub import HfApi, hf_hub_download


def upload(repo_id: str, source: str, name: str) -> None:
    """Through the hub."""
    HfApi().upload_file(repo_id=repo_id, path_or_fileobj=source, path_in_repo=name)


def download(repo_id: str, name: str, target: str) -> None:
    """Through the hub."""
    hf_hub_download(repo_id, name, local_dir=target)


def upload_local(source: str, folder: str) -> None:
    """Into a folder that stands for the server."""
    Path(folder).mkdir()
    with hf_xet.XetSession().new_upload_commit(endpoint=f"local://{folder}") as commit:
        handle = commit.start_upload_file(source, sha256=hf_xet.COMPUTE_SHA256)
    info = handle.result().xet_info
    _note(folder).write_text(json.dumps([info.hash, info.file_size]))


def download_local(folder: str, target: str) -> None:
    """Out of a folder that stands for the server."""
    info = hf_xet.XetFileInfo(*json.loads(_note(folder).read_text()))
    with hf_xet.XetSession().new_file_download_group(endpoint=f"local://{folder}") as group:
        group.start_download_file(info, target)


def _note(folder: str) -> Path:
    return Path(f"{folder}.json")


_STEPS: dict[str, Callable[..., None]] = {
    "upload": upload,
    "download": download,
    "upload-local": upload_local,
    "download-local": download_local,
}

if __name__ == "__main__":
    started = time.perf_counter()
    _STEPS[sys.argv[1]](*sys.argv[2:])
    print(time.perf_counter() - started)
