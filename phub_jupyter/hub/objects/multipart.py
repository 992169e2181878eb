"""Large files that arrive in parts: each is kept aside, and all together become one file.

A part is a file named by its number and SHA-256 in a folder of its upload. What is abandoned is
removed after a while.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.objects.large_files import LargeFile, LargeFiles

__all__ = ["MultipartUploads", "Part", "Plan"]

_LARGE_ENOUGH = 512 << 20
_SMALLEST_PART = 64 << 20
_MOST_PARTS = 1000
_PIECE = 1 << 20
_ABANDONED_AFTER = 2 * 24 * 3600.0
_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Plan:
    """Into how many parts a file is cut; all but the last have ``part_size`` bytes."""

    size: int
    part_size: int

    @property
    def count(self) -> int:
        """How many parts there are."""
        return -(-self.size // self.part_size)

    def length(self, number: int) -> int:
        """How many bytes the part has; the first is number 1."""
        return min(self.part_size, self.size - (number - 1) * self.part_size)


class Part:
    """A part on its way in."""

    def __init__(self, folder: Path, number: int, length: int) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        self._number = number
        self._length = length
        self._path = folder / f"{secrets.token_hex(8)}.partial"
        self._file: IO[bytes] = self._path.open("xb")
        self._digest = hashlib.sha256()
        self._size = 0

    def write(self, data: bytes) -> None:
        """Append to the part."""
        self._file.write(data)
        self._digest.update(data)
        self._size += len(data)

    def keep(self) -> str:
        """Put the part with the others and return its tag. Raises InvalidRequestError."""
        if self._size != self._length:
            raise InvalidRequestError(
                f"body: part {self._number} must have {self._length} bytes, but {self._size} came."
            )
        self._file.close()
        tag = self._digest.hexdigest()
        self._path.replace(self._folder / _name(self._number, tag))
        return tag

    def discard(self) -> None:
        """Forget the part; does nothing once it is kept."""
        self._file.close()
        self._path.unlink(missing_ok=True)


class MultipartUploads:
    """Keeps parts below ``folder`` until the file is complete or nobody comes back for it.

    A file of ``large_enough`` bytes is worth being cut into parts of ``part_size`` or more.
    """

    def __init__(
        self,
        folder: Path,
        large_files: LargeFiles,
        large_enough: int = _LARGE_ENOUGH,
        part_size: int = _SMALLEST_PART,
    ) -> None:
        self._folder = folder
        self._large_files = large_files
        self.large_enough = large_enough
        self.part_size = part_size
        self.sweep()

    def plan(self, size: int) -> Plan:
        """Cut a file so that its parts are neither too small nor too many."""
        return Plan(size, max(self.part_size, -(-size // _MOST_PARTS)))

    def new_id(self) -> str:
        """A name for another upload."""
        return secrets.token_hex(16)

    def new_part(self, upload_id: str, plan: Plan, number: int) -> Part:
        """Begin to take in a part; end with `Part.keep` or `Part.discard`."""
        return Part(self._place(upload_id), number, plan.length(number))

    def complete(
        self, upload_id: str, repo_pk: int, sha256: str, plan: Plan, tags: Mapping[int, str]
    ) -> LargeFile:
        """Make one file of the parts, given by number and tag, and keep it for the repository.

        Raises InvalidRequestError if a part is missing, or together they are another file.
        """
        if (known := self._large_files.find(repo_pk, [sha256])).get(sha256) is not None:
            self._remove(upload_id)  # somebody else was faster, or the client asks again
            return known[sha256]
        numbers = range(1, plan.count + 1)
        if set(tags) != set(numbers):
            raise InvalidRequestError(f"parts: name each part from 1 to {plan.count} once.")
        place = self._place(upload_id)
        paths = [place / _name(number, tags[number]) for number in numbers]
        for number, path in zip(numbers, paths, strict=True):
            if not path.is_file():
                raise InvalidRequestError(
                    f"parts: part {number} has not arrived with this etag; send it again."
                )
        upload = self._large_files.new_upload()
        try:
            for path in paths:
                with path.open("rb") as file:
                    while piece := file.read(_PIECE):
                        upload.write(piece)
        except BaseException:
            upload.discard()
            raise
        try:
            return self._large_files.finish(upload, repo_pk, sha256, plan.size)
        finally:
            self._remove(upload_id)

    def sweep(self) -> None:
        """Remove uploads to which nothing was added for a long time."""
        for path in self._folder.glob("*"):
            if time.time() - path.stat().st_mtime > _ABANDONED_AFTER:
                shutil.rmtree(path, ignore_errors=True)

    def _place(self, upload_id: str) -> Path:
        if not _ID.fullmatch(upload_id):
            raise ValueError(upload_id)
        return self._folder / upload_id

    def _remove(self, upload_id: str) -> None:
        shutil.rmtree(self._place(upload_id), ignore_errors=True)


def _name(number: int, tag: str) -> str:
    return f"{number}-{tag}"
