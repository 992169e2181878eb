"""Sends the content of a file: whole or in part, from the hub itself."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from phub_jupyter.hub.objects.large_files import LargeFile
from phub_jupyter.hub.objects.ranges import ByteRange
from phub_server.base import HubHandler
from phub_server.content_type import content_type

__all__ = ["FileHandler"]

_SNIFFED = 8000


class FileHandler(HubHandler):
    """Answers with a file, which is a text in memory or a large file of the store."""

    async def send_file(self, path: str, etag: str, content: bytes | LargeFile) -> bool:
        """Send what was asked for; False if the client has it already or only asked about it."""
        size = len(content) if isinstance(content, bytes) else content.size
        self._describe(path, etag, content)
        if self.check_etag_header():
            self.set_status(304)
            return False
        part = ByteRange.parse(self.request.headers.get("Range"), size)
        start, stop = (0, size) if part is None else (part.start, part.stop)
        if part is not None:
            self.set_status(206)
            self.set_header("Content-Range", part.content_range)
        self.set_header("Content-Length", str(stop - start))
        if self.request.method != "GET":
            return False
        await self.stream(await self.run(self._read, content, start, stop))
        return self.request.headers.get("X-HF-Download-Counter") == "1"

    def offer_xet(self, xet_hash: str, token_address: str) -> None:
        """Tell clients that they may get the content as xorbs, and where the token for it is."""
        self.set_header("X-Xet-Hash", xet_hash)
        self.set_header("Link", f'<{token_address}>; rel="xet-auth"')

    def compute_etag(self) -> str | None:
        """The file's own tag, not one over the answer, which may be a part or have no body."""
        return self._headers.get("ETag")

    def _read(self, content: bytes | LargeFile, start: int, stop: int) -> Iterator[bytes]:
        if isinstance(content, bytes):
            return iter([content[start:stop]] if stop > start else [])
        return self.hub.large_files.read(content, start, stop)

    def _describe(self, path: str, etag: str, content: bytes | LargeFile) -> None:
        self.set_header("ETag", f'"{etag}"')
        self.set_header("Accept-Ranges", "bytes")
        sample = content[:_SNIFFED] if isinstance(content, bytes) else None
        self.set_header("Content-Type", content_type(path, sample))
        kind = "attachment" if self.query_flag("download") else "inline"
        self.set_header("Content-Disposition", _disposition(kind, path.rpartition("/")[2]))
        # Whatever a stranger uploaded must not run on the origin of the hub or of Jupyter.
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Content-Security-Policy", "default-src 'none'; sandbox")
        if isinstance(content, LargeFile):
            self.set_header("X-Linked-Etag", f'"{etag}"')
            self.set_header("X-Linked-Size", str(content.size))


def _disposition(kind: str, name: str) -> str:
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\' else "_" for c in name)
    return f"{kind}; filename*=UTF-8''{quote(name, safe='')}; filename=\"{plain}\""
