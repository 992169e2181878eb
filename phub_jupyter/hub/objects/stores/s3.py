"""The store for many machines: objects on a server that speaks S3.

What arrives is collected on the local disk, then uploaded in parts whose checksums the server
verifies. An object appears under its key when the server has confirmed all of it; only then does
`publish` return.
"""

from __future__ import annotations

import io
import logging
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, cast

import obstore
from obstore.exceptions import (
    BaseError,
    NotFoundError,
    PermissionDeniedError,
    UnauthenticatedError,
)
from obstore.store import S3Store as Bucket

from phub_jupyter.errors import OverloadedError, StorageError
from phub_jupyter.hub.objects.store import PIECE, NewFile
from phub_jupyter.hub.objects.stores.s3_address import S3Address
from phub_jupyter.hub.objects.stores.spool import PartialFile, Spool

__all__ = ["S3Store"]

T = TypeVar("T")

_LOG = logging.getLogger("phub")

_WINDOW = 4 << 20
"""Bytes of one request for reading; one more window is fetched ahead."""

_PART = 8 << 20
_MOST_PARTS = 9_000  # the protocol allows 10,000
_IN_FLIGHT = 32 << 20

_LARGEST_COPY = 5 << 30
_ABSENT = (FileNotFoundError, NotFoundError)  # the library raises either
_INCOMING = "incoming"
_GIVEN_UP_AFTER = timedelta(days=1)

_RETRY_AFTER = 10


class S3Store:
    """Objects in a bucket; partial files are in ``uploads`` on the local disk.

    Raises StorageError if there is no such bucket, OverloadedError if its server cannot be reached.
    """

    def __init__(self, address: S3Address, uploads: Path) -> None:
        self._address = address
        self._bucket = Bucket(
            address.bucket,
            prefix=address.prefix or None,
            config=cast(Any, address.options()),
            client_options={
                "allow_http": address.plain_http,
                "connect_timeout": timedelta(seconds=5),
                "timeout": timedelta(minutes=2),
            },
            retry_config={"max_retries": 5, "retry_timeout": timedelta(minutes=2)},
        )
        self._ahead = ThreadPoolExecutor(max_workers=8, thread_name_prefix="phub-s3")
        self._sweep()
        self._spool = Spool(uploads)

    def new_file(self) -> NewFile:
        """Begin an object whose key is not known yet."""
        return _S3File(self, self._spool)

    def read(self, key: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Yield the bytes from ``start`` up to ``stop`` in pieces of at most 1 MiB."""
        stop = self.size(key) if stop is None else stop
        ahead = self._fetch(key, start, stop)
        while start < stop:
            window = memoryview(ahead.result())
            start += len(window)
            if start < stop:
                ahead = self._fetch(key, start, stop)
            for at in range(0, len(window), PIECE):
                yield bytes(window[at : at + PIECE])

    def open(self, key: str) -> BinaryIO:
        """Open an object for reading; the caller closes it. Raises StorageError if missing."""
        return cast(BinaryIO, io.BufferedReader(_Reader(self, key, self.size(key)), PIECE))

    def size(self, key: str) -> int:
        """Return the size in bytes. Raises StorageError if the object is missing."""
        return int(self.ask(key, lambda: obstore.head(self._bucket, key))["size"])

    def exists(self, key: str) -> bool:
        """Whether there is such an object."""
        try:
            obstore.head(self._bucket, key)
        except _ABSENT:
            return False
        except BaseError as error:
            raise self._refusal(error) from error
        return True

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys of all objects below a folder, in order."""
        for entry in self._list(prefix):
            if not entry["path"].startswith(f"{_INCOMING}/"):
                yield entry["path"]

    def delete(self, key: str) -> None:
        """Remove an object; does nothing if it is missing."""
        try:
            self.ask(key, lambda: obstore.delete(self._bucket, key))
        except StorageError:  # some servers say so, others do not
            return

    def read_range(self, key: str, start: int, stop: int) -> bytes:
        """The bytes from ``start`` up to ``stop``. Raises StorageError if there are fewer."""
        try:
            data = obstore.get_range(self._bucket, key, start=start, end=stop).to_bytes()
        except _ABSENT:
            raise _missing(key) from None
        except BaseError as error:
            if self.size(key) > start:
                raise self._refusal(error) from error
            data = b""
        if len(data) != stop - start:
            left = stop - start - len(data)
            raise StorageError(f"The stored object {key} ends {left} bytes too early.")
        return data

    def put(self, key: str, source: Path, size: int) -> None:
        """Upload a file and return when the server has all of it."""
        part = max(_PART, -(-size // _MOST_PARTS))
        parallel = max(1, _IN_FLIGHT // part)
        with source.open("rb") as file:
            self.ask(
                key,
                lambda: obstore.put(
                    self._bucket, key, file, chunk_size=part, max_concurrency=parallel
                ),
            )
        stored = self.size(key)
        if stored != size:
            raise StorageError(f"Of {key} {stored} bytes were stored instead of {size}; try again.")

    def rename(self, source: str, key: str) -> None:
        """Give an object another key; the server copies the bytes."""
        self.ask(key, lambda: obstore.copy(self._bucket, source, key))
        self.delete(source)

    def ask(self, key: str, request: Callable[[], T]) -> T:
        """Make a request about an object, and refuse in words what the server refuses."""
        try:
            return request()
        except _ABSENT:
            raise _missing(key) from None
        except BaseError as error:
            raise self._refusal(error) from error

    def _fetch(self, key: str, start: int, stop: int) -> Future[bytes]:
        return self._ahead.submit(self.read_range, key, start, min(start + _WINDOW, stop))

    def _list(self, prefix: str) -> Iterator[Any]:
        try:
            for page in obstore.list(self._bucket, prefix or None, chunk_size=1000):
                yield from page
        except (BaseError, FileNotFoundError) as error:
            raise self._refusal(error) from error

    def _sweep(self) -> None:
        """Remove what a killed process staged and nobody can be waiting for any more."""
        oldest = datetime.now(UTC) - _GIVEN_UP_AFTER
        for entry in self._list(_INCOMING):
            if entry["last_modified"] < oldest:
                self.delete(entry["path"])

    def _refusal(self, error: Exception) -> StorageError | OverloadedError:
        name, reason = self._address.name, str(error)
        _LOG.error("The object store %s: %s", name, reason.partition("\n\n")[0])
        if "NoSuchBucket" in reason:
            return StorageError(f"The object store {name}: there is no such bucket; create it.")
        if isinstance(error, PermissionDeniedError | UnauthenticatedError):
            return StorageError(f"The object store {name} refuses the hub's credentials.")
        return OverloadedError(
            f"The object store {name} does not answer; nothing was changed, try again.",
            retry_after=_RETRY_AFTER,
        )


class _S3File(PartialFile):
    """A local file that becomes an object of the bucket."""

    def __init__(self, store: S3Store, spool: Spool) -> None:
        super().__init__(spool)
        self._store = store
        self._staged: str | None = None

    def write(self, data: bytes) -> None:
        """Append to the object."""
        self._unstage()
        super().write(data)

    def truncate(self, size: int) -> None:
        """Drop everything from ``size`` on."""
        self._unstage()
        super().truncate(size)

    def flush(self) -> None:
        """Bring the bytes to the server under a name that nobody reads."""
        if self._staged is None and self.size <= _LARGEST_COPY:
            staged = f"{_INCOMING}/{secrets.token_hex(16)}"
            self._upload(staged)
            self._staged = staged

    def publish(self, key: str) -> None:
        """Give the object its name; when this returns the server has confirmed it."""
        if self._staged is None:
            self._upload(key)
        else:
            self._store.rename(self._staged, key)
            self._staged = None
        self.discard()

    def discard(self) -> None:
        """Forget the object; does nothing once it is published or discarded."""
        super().discard()
        self._unstage()

    def _upload(self, key: str) -> None:
        self._file.flush()
        self._store.put(key, self._path, self.size)

    def _unstage(self) -> None:
        staged = self._staged
        if staged is not None:
            self._staged = None
            self._store.delete(staged)


class _Reader(io.RawIOBase):
    """An object of the bucket as a file."""

    def __init__(self, store: S3Store, key: str, size: int) -> None:
        self._store = store
        self._key = key
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        stop = min(self._at + len(buffer), self._size)
        if stop <= self._at:
            return 0
        data = self._store.read_range(self._key, self._at, stop)
        buffer[: len(data)] = data
        self._at = stop
        return len(data)


def _missing(key: str) -> StorageError:
    return StorageError(f"The object {key} is missing from the store.")
