"""Pictures for tests, as the bytes of a file."""

from __future__ import annotations

import base64
import io
from typing import Any


def drawing(width: int = 50, height: int = 40, seed: int = 0) -> Any:
    """A PIL image of coloured rectangles on noise."""
    import numpy as np
    from PIL import Image

    random = np.random.default_rng(seed)
    pixels = random.integers(0, 90, (height, width, 3), dtype=np.uint8)
    pixels[height // 4 : height // 2, width // 5 : width // 2] = random.integers(0, 256, 3)
    pixels[height // 2 :, width // 2 :] = random.integers(0, 256, 3)
    return Image.fromarray(pixels)


def file_of(image: Any, format: str = "PNG", **options: Any) -> bytes:
    """The bytes of a file with ``image`` in it."""
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def base64_of(data: bytes) -> str:
    """Bytes as JSON bodies carry them."""
    return base64.b64encode(data).decode()
