"""A candidate's folder as one string of bytes, so that machines need not share a disk."""

from __future__ import annotations

import io
import shutil
import tarfile
from pathlib import Path

__all__ = ["pack", "unpack"]


def pack(folder: Path) -> bytes | None:
    """The files of a folder, or None if it does not exist."""
    if not folder.is_dir():
        return None
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.add(folder, arcname=".")
    return buffer.getvalue()


def unpack(parcel: bytes | None, folder: Path) -> None:
    """Make the folder what it was when it was packed; without a parcel there is none."""
    shutil.rmtree(folder, ignore_errors=True)
    if parcel is None:
        return
    fresh = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    with tarfile.open(fileobj=io.BytesIO(parcel)) as archive:
        archive.extractall(fresh, filter="data")
    fresh.rename(folder)
