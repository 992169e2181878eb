"""The media type of a file that somebody uploaded, so that a browser shows it but runs nothing."""

from __future__ import annotations

import mimetypes

__all__ = ["content_type"]

_HARMLESS = ("image/", "audio/", "video/")
_TEXT = "text/plain; charset=utf-8"
_BYTES = "application/octet-stream"


def content_type(path: str, sample: bytes | None) -> str:
    """Pictures, sound and films keep their type; all else is plain text or plain bytes.

    ``sample`` is how the file begins; None for a large file, which is never shown as text. SVG
    counts as text because it can hold scripts.
    """
    guessed, encoding = mimetypes.guess_type(path)
    if guessed and encoding is None and guessed.startswith(_HARMLESS) and "svg" not in guessed:
        return guessed
    if sample is None or b"\0" in sample:
        return _BYTES
    return _TEXT
