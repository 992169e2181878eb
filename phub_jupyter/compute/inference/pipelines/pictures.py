"""What the tasks that look at a picture have in common: its bytes, and the model's processor."""

from __future__ import annotations

from typing import Any

from phub_jupyter.compute.inference.pipelines.tensors import TensorItem, blame_model
from phub_jupyter.compute.media.images import read_image

__all__ = ["picture_item", "probe_pictures", "process"]

_PIXELS_A_TOKEN = 256  # as in a patch of 16 by 16


def picture_item(processor: Any, name: str, data: bytes) -> TensorItem:
    """A picture as the processor's tensors; ``about`` is its (height, width)."""
    image = read_image(name, data)
    columns = process(processor, images=image)
    pixels = columns["pixel_values"]
    length = max(1, pixels.shape[-1] * pixels.shape[-2] // _PIXELS_A_TOKEN)
    return TensorItem(columns, length, (image.height, image.width))


def process(processor: Any, **inputs: Any) -> dict[str, Any]:
    """Call a processor for tensors, and take a failure for the model's."""
    with blame_model():
        return dict(processor(**inputs, return_tensors="pt"))


def probe_pictures(processor: Any) -> list[dict[str, Any]]:
    """One picture of noise, and four, as the processor makes them."""
    import numpy as np
    from PIL import Image

    noise = np.random.default_rng(0).integers(0, 256, (4, 64, 64, 3), dtype=np.uint8)
    images = [Image.fromarray(pixels) for pixels in noise]
    return [process(processor, images=images[:count]) for count in (1, 4)]
