"""Writes the objects of one commit into one pack, which is all on the disk or not there at all.

A thousand files cost three flushes this way instead of some thousands. A handful of objects is
kept one by one, as git itself keeps them, so that small commits do not pile up packs.
"""

from __future__ import annotations

import hashlib
import os
import struct
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import pygit2
from pygit2.enums import ObjectType

from phub_jupyter.hub.repos.git_repository import GitRepository, flush

__all__ = ["PackWriter"]

_KINDS = {ObjectType.COMMIT: "commit", ObjectType.TREE: "tree", ObjectType.BLOB: "blob"}
_MOST_LOOSE = 16
_LARGEST_LOOSE = 1 << 20
_PIECE = 1 << 20
# git packs what it is given loosely, too: its maintenance compresses again where that pays.
_LEVEL = 1
_FAR = 1 << 31


class PackWriter:
    """A pack on its way; leaving the block without `publish` forgets it.

    Objects are written whether the repository has them or not: what it has may be on its way out.
    """

    def __init__(self, git: GitRepository) -> None:
        self._git = git
        self._folder = git.path / "objects/pack"
        self._folder.mkdir(exist_ok=True)
        # git removes files of this name that a killed process left.
        descriptor, name = tempfile.mkstemp(prefix="tmp_pack_", dir=self._folder)
        self._path = Path(name)
        self._file: IO[bytes] = os.fdopen(descriptor, "w+b", buffering=_PIECE)
        self._file.write(_header(0))
        self._entries: dict[bytes, tuple[int, int, ObjectType]] = {}  # offset, CRC-32, kind
        self._end = len(_header(0))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._path.unlink(missing_ok=True)
        try:
            self._file.close()
        except OSError:  # a full disk must not hide the first error
            if error is None:
                raise

    def put(self, kind: ObjectType, data: bytes) -> pygit2.Oid:
        """Add an object and return its id."""
        return self.put_pieces(kind, len(data), (data,))

    def put_pieces(self, kind: ObjectType, size: int, pieces: Iterable[bytes]) -> pygit2.Oid:
        """Add an object of ``size`` bytes that is not held in memory at once."""
        digest = hashlib.sha1(f"{_KINDS[kind]} {size}\0".encode(), usedforsecurity=False)
        begin, crc = self._end, 0
        stream = zlib.compressobj(_LEVEL)
        head = _entry_header(kind, size)
        for packed in self._packed(head, stream, digest, pieces):
            crc = zlib.crc32(packed, crc)
            self._file.write(packed)
            self._end += len(packed)
        oid = digest.digest()
        if oid in self._entries:  # the same content at two paths
            self._file.seek(begin)
            self._file.truncate()
            self._end = begin
        else:
            self._entries[oid] = (begin, crc, kind)
        return pygit2.Oid(raw=oid)

    def __contains__(self, oid: pygit2.Oid) -> bool:
        """Whether the object was put in here."""
        return oid.raw in self._entries

    def read(self, oid: pygit2.Oid) -> Iterator[bytes]:
        """Yield the content of an object that was put in here, in pieces of at most 1 MiB."""
        begin, _, _ = self._entries[oid.raw]
        self._file.flush()
        stream = zlib.decompressobj()
        with self._path.open("rb") as file:
            file.seek(begin)
            while file.read(1)[0] & 0x80:  # the rest of the entry's header
                pass
            while not stream.eof:
                piece = stream.decompress(stream.unconsumed_tail or file.read(_PIECE), _PIECE)
                if piece:
                    yield piece

    def publish(self) -> None:
        """Make the objects part of the repository; when this returns they survive a power cut."""
        if len(self._entries) <= _MOST_LOOSE and self._end <= _LARGEST_LOOSE:
            self._publish_loose()
        else:
            self._publish_pack()

    def _publish_loose(self) -> None:
        for oid, (_, _, kind) in self._entries.items():
            self._git.raw.write(kind, b"".join(self.read(pygit2.Oid(raw=oid))))
        flush(self._git.path / "objects")

    def _publish_pack(self) -> None:
        checksum = self._close_pack()
        name = f"pack-{checksum.hex()}"
        index = self._path.with_name(self._path.name.replace("pack", "idx"))
        try:
            with index.open("xb") as file:
                file.write(self._index(checksum))
                file.flush()
                os.fsync(file.fileno())
            self._path.rename(self._folder / f"{name}.pack")
            index.rename(self._folder / f"{name}.idx")  # last: git looks for these
        finally:
            index.unlink(missing_ok=True)
        flush(self._folder)
        flush(self._folder.parent)

    def _close_pack(self) -> bytes:
        self._file.seek(0)
        self._file.write(_header(len(self._entries)))
        self._file.flush()
        self._file.seek(0)
        digest = hashlib.sha1(usedforsecurity=False)
        while piece := self._file.read(_PIECE):
            digest.update(piece)
        self._file.write(digest.digest())
        self._file.flush()
        os.fsync(self._file.fileno())
        return digest.digest()

    def _index(self, checksum: bytes) -> bytes:
        oids = sorted(self._entries)
        counts = [0] * 256
        for oid in oids:
            counts[oid[0]] += 1
        total, fan_out = 0, []
        for count in counts:
            total += count
            fan_out.append(total)
        offsets, far = [], []
        for oid in oids:
            offset = self._entries[oid][0]
            if offset >= _FAR:
                far.append(offset)
                offset = _FAR | (len(far) - 1)
            offsets.append(offset)
        body = b"".join(
            (
                b"\xfftOc\x00\x00\x00\x02",
                struct.pack(">256I", *fan_out),
                *oids,
                struct.pack(f">{total}I", *(self._entries[oid][1] for oid in oids)),
                struct.pack(f">{total}I", *offsets),
                struct.pack(f">{len(far)}Q", *far),
                checksum,
            )
        )
        return body + hashlib.sha1(body, usedforsecurity=False).digest()

    @staticmethod
    def _packed(
        head: bytes, stream: zlib._Compress, digest: hashlib._Hash, pieces: Iterable[bytes]
    ) -> Iterator[bytes]:
        yield head
        for piece in pieces:
            digest.update(piece)
            yield stream.compress(piece)
        yield stream.flush()


def _header(count: int) -> bytes:
    return struct.pack(">4sII", b"PACK", 2, count)


def _entry_header(kind: ObjectType, size: int) -> bytes:
    """Three bits of kind and the size, seven bits at a time, the lowest first."""
    byte, size = int(kind) << 4 | size & 0x0F, size >> 4
    found = bytearray()
    while size:
        found.append(byte | 0x80)
        byte, size = size & 0x7F, size >> 7
    found.append(byte)
    return bytes(found)
