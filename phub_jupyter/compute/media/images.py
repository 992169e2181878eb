"""Reads pictures that somebody sent, and writes those that models make."""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from phub_jupyter.errors import InvalidRequestError

__all__ = ["MAX_PIXELS", "check_image", "png", "read_image"]

MAX_PIXELS = 50_000_000
_MAX_ASPECT = 100
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM")
_NAMES = "PNG, JPEG, WebP, GIF, BMP or TIFF"
_DAMAGED = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, struct.error)


def read_image(name: str, data: bytes) -> Any:
    """The picture in ``data`` as an upright PIL image in RGB; of a moving one the first frame.

    Raises InvalidRequestError that begins with ``name``.
    """
    from PIL import ImageOps

    with _in_a_sentence(name):
        return _rgb(ImageOps.exif_transpose(_opened(name, data)))


def check_image(name: str, data: bytes) -> None:
    """Raise what `read_image` would, as far as the beginning of the file tells."""
    with _in_a_sentence(name):
        _opened(name, data)


def _opened(name: str, data: bytes) -> Any:
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        image = Image.open(io.BytesIO(data), formats=_FORMATS)
    if image.width * image.height > MAX_PIXELS:
        raise InvalidRequestError(
            f"{name}: {image.width:,} x {image.height:,} pixels are too many; send at most "
            f"{MAX_PIXELS:,}."
        )
    if max(image.size) > _MAX_ASPECT * min(image.size):
        # models enlarge the shorter side to theirs, and the longer one with it
        raise InvalidRequestError(
            f"{name}: {image.width:,} x {image.height:,} pixels are too narrow; send at most "
            f"{_MAX_ASPECT} times as much one way as the other."
        )
    return image


@contextmanager
def _in_a_sentence(name: str) -> Iterator[None]:
    from PIL import Image, UnidentifiedImageError

    try:
        yield
    except UnidentifiedImageError:
        raise InvalidRequestError(
            f"{name}: this is not a picture that this hub can read; send {_NAMES}."
        ) from None
    except Image.DecompressionBombError:
        raise InvalidRequestError(
            f"{name}: the picture has too many pixels; send at most {MAX_PIXELS:,}."
        ) from None
    except _DAMAGED as error:
        raise InvalidRequestError(
            f"{name}: the picture is damaged or cut off; send it again."
        ) from error


def _rgb(image: Any) -> Any:
    if image.mode.startswith("I"):  # 16 bits a pixel, which convert() would cut to white
        image = image.point(lambda value: value * (1 / 256)).convert("L")
    return image.convert("RGB")


def png(image: Any) -> bytes:
    """A PIL image as the bytes of a PNG."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
