"""Small pictures and players of files, to stand beside what a model says about them."""

from __future__ import annotations

import base64
import io
import mimetypes
from contextlib import suppress
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Literal

from phub_jupyter.errors import InvalidRequestError

__all__ = ["FileKind", "Thumbnail", "medium", "preview", "thumbnail"]

FileKind = Literal["image", "audio"]

_SIDE = 320
_LARGEST_SOUND = 2_000_000  # bytes; what is larger would make the notebook too large


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A small copy of a picture as HTML, and the size in pixels that models see."""

    html: str
    width: int
    height: int


def preview(path: str, kind: FileKind) -> str:
    """HTML that shows a file; its name alone if it cannot be shown."""
    if kind == "image":
        picture = thumbnail(path)
        shown = picture.html if picture else ""
    else:
        shown = _player(path)
    return f"{shown}<br>{escape(path)}" if shown else escape(path)


def thumbnail(path: str) -> Thumbnail | None:
    """A small copy of a picture; None if it cannot be read."""
    try:
        from phub_jupyter.compute.media.images import read_image

        picture = read_image("image", Path(path).expanduser().read_bytes())
    except (ImportError, OSError, InvalidRequestError):
        return None
    width, height = picture.size
    picture.thumbnail((_SIDE, _SIDE))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=80)
    return Thumbnail(medium("image/jpeg", buffer.getvalue()), width, height)


def medium(content_type: str, data: bytes) -> str:
    """A picture or sound as HTML; anything else is only told."""
    url = f"data:{escape(content_type)};base64,{base64.b64encode(data).decode('ascii')}"
    if content_type.startswith("image/"):
        return f'<img src="{url}" alt="" style="max-width:100%">'
    if content_type.startswith("audio/"):
        return f'<audio controls src="{url}"></audio>'
    return f"{len(data):,} bytes of {escape(content_type)}"


def _player(path: str) -> str:
    kind = mimetypes.guess_type(path)[0] or ""
    with suppress(OSError):
        file = Path(path).expanduser()
        if kind.startswith("audio/") and file.stat().st_size <= _LARGEST_SOUND:
            return medium(kind, file.read_bytes())
    return ""
