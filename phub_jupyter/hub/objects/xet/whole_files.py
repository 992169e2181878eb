"""Whole files as Xet clients see them: made of xorbs that exist only while somebody reads them.

Such a file is cut into chunks of 128 KiB without compression, 512 to a xorb. What stands before
each chunk of a xorb is put in between on the way out, so the file is kept once, as it came.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from phub_jupyter.hub.objects.file_part import FilePart
from phub_jupyter.hub.objects.store import ObjectStore, fan_out
from phub_jupyter.hub.objects.xet.hashing import Chunk, ChunkHasher, file_hash, to_text, tree_hash
from phub_jupyter.hub.objects.xet.xorb import HEADER, LARGEST_CHUNK, XorbLayout, plain_header

__all__ = ["Outline", "OutlineMaker", "WholeXorb", "WholeXorbPart"]

_CHUNKS = 512
_CONTENT = _CHUNKS * LARGEST_CHUNK
_SPAN = HEADER + LARGEST_CHUNK
_CHUNKS_PER_BATCH = 32


@dataclass(frozen=True, slots=True)
class Outline:
    """What a whole file is to a Xet client: a file of that hash, made of these xorbs."""

    hash: str
    xorbs: tuple[str, ...]

    def segments(self, size: int) -> list[tuple[str, int, int, int]]:
        """The xorbs of the file, of which it needs all chunks."""
        layouts = (layout(size, number) for number in range(len(self.xorbs)))
        return [
            (name, 0, len(part.lengths), sum(part.lengths))
            for name, part in zip(self.xorbs, layouts, strict=True)
        ]

    def layout_of(self, size: int) -> Callable[[str], XorbLayout]:
        """Finds the layout of a xorb of the file; those of one name have one layout."""
        return lambda name: layout(size, self.xorbs.index(name))


class OutlineMaker:
    """Makes the outline of a file while its bytes pass by."""

    def __init__(self) -> None:
        self._chunks: list[Chunk] = []
        self._hasher = ChunkHasher()

    def write(self, data: bytes) -> None:
        """Go on with the next bytes of the file."""
        left = memoryview(data)
        while left:
            part = left[: LARGEST_CHUNK - self._hasher.length]
            self._hasher.update(part)
            left = left[len(part) :]
            if self._hasher.length == LARGEST_CHUNK:
                self._end_chunk()

    def finish(self) -> Outline:
        """The outline of everything that was written."""
        if self._hasher.length:
            self._end_chunk()
        parts = (
            self._chunks[first : first + _CHUNKS] for first in range(0, len(self._chunks), _CHUNKS)
        )
        xorbs = tuple(to_text(tree_hash(part)) for part in parts)
        return Outline(to_text(file_hash(self._chunks)), xorbs)

    def _end_chunk(self) -> None:
        self._chunks.append((self._hasher.digest(), self._hasher.length))
        self._hasher = ChunkHasher()


@lru_cache(maxsize=64)
def layout(size: int, number: int) -> XorbLayout:
    """Where the chunks of a xorb lie, of a whole file of ``size`` bytes."""
    content = min(_CONTENT, size - number * _CONTENT)
    full, rest = divmod(content, LARGEST_CHUNK)
    lengths = (LARGEST_CHUNK,) * full + ((rest,) if rest else ())
    return XorbLayout(lengths, tuple(accumulate(HEADER + length for length in lengths)))


@dataclass(frozen=True, slots=True)
class WholeXorb:
    """The xorb with this number of the whole file with this SHA-256 and size in bytes."""

    sha256: str
    size: int
    number: int

    def read(self, store: ObjectStore, start: int, stop: int) -> WholeXorbPart:
        """The bytes from ``start`` up to ``stop`` of the xorb as a client knows it.

        Reading raises StorageError if the file is missing or damaged.
        """
        return WholeXorbPart(store, self, start, stop)


@dataclass(frozen=True, slots=True)
class _Cut:
    """Some of a chunk: what of its header, and which bytes of the whole file."""

    header: bytes
    start: int
    stop: int


class WholeXorbPart(Iterator[bytes]):
    """A part of a xorb of a whole file: a piece a chunk, or `batches` of views."""

    def __init__(self, store: ObjectStore, xorb: WholeXorb, start: int, stop: int) -> None:
        offset = xorb.number * _CONTENT
        self._cuts = list(_cut(layout(xorb.size, xorb.number), offset, start, stop))
        self._content = store.read(
            fan_out("lfs", xorb.sha256), self._cuts[0].start, self._cuts[-1].stop
        )
        self._pieces = _spliced(self._cuts, self._content)

    def __next__(self) -> bytes:
        return next(self._pieces)

    def batches(self) -> Generator[list[memoryview]]:
        """The pieces; of a file on this machine without a copy of the content."""
        if isinstance(self._content, FilePart):
            yield from self._views(self._content)
        else:
            yield from ([memoryview(piece)] for piece in self._pieces)

    def _views(self, content: FilePart) -> Generator[list[memoryview]]:
        with content.open() as file:
            mapped = content.mapped(file)
            for first in range(0, len(self._cuts), _CHUNKS_PER_BATCH):
                cuts = self._cuts[first : first + _CHUNKS_PER_BATCH]
                views = ((memoryview(cut.header), mapped[cut.start : cut.stop]) for cut in cuts)
                yield [view for pair in views for view in pair if view]


def _cut(xorb: XorbLayout, offset: int, start: int, stop: int) -> Iterator[_Cut]:
    for chunk in range(start // _SPAN, -(-stop // _SPAN)):
        begin = chunk * _SPAN
        low = max(start - begin, 0)
        high = min(stop, xorb.ends[chunk]) - begin
        content = offset + chunk * LARGEST_CHUNK
        yield _Cut(
            plain_header(xorb.lengths[chunk])[low:high],
            content + max(low - HEADER, 0),
            content + max(high - HEADER, 0),
        )


def _spliced(cuts: Sequence[_Cut], content: Iterator[bytes]) -> Iterator[bytes]:
    rest = memoryview(b"")
    for cut in cuts:
        parts: list[bytes | memoryview] = [cut.header]
        missing = cut.stop - cut.start
        while missing:
            rest = rest or memoryview(next(content))
            parts.append(rest[:missing])
            missing -= len(parts[-1])
            rest = rest[len(parts[-1]) :]
        yield b"".join(parts)
