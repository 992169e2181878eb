"""What the tasks that look at a picture have in common: its bytes, and the model's processor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from phub_jupyter.compute.inference.pipelines.tensors import TensorItem, blame_model
from phub_jupyter.compute.media.images import read_image

__all__ = ["Seen", "length_of", "one_of", "picture_item", "probe_pictures", "process"]

_PIXELS_A_TOKEN = 256  # as in a patch of 16 by 16


@dataclass(frozen=True, slots=True)
class Seen:
    """What a request asked of a picture, and how large that was."""

    request: Any
    height: int
    width: int


def picture_item(processor: Any, name: str, data: bytes, request: Any) -> TensorItem:
    """A picture as the processor's tensors; ``about`` is a `Seen`."""
    image = read_image(name, data)
    columns = process(processor, images=[image])
    return TensorItem(columns, length_of(columns), Seen(request, image.height, image.width))


def length_of(columns: dict[str, Any]) -> int:
    """About how many tokens the model sees in a picture."""
    pixels = columns["pixel_values"]
    return max(1, int(pixels.shape[-1] * pixels.shape[-2]) // _PIXELS_A_TOKEN)


def one_of(output: Any, index: int) -> Any:
    """The output of a batch for one of its pictures, as a batch of one, in full precision."""
    parts = {
        name: value[index : index + 1].float().cpu()
        for name, value in output.items()
        if hasattr(value, "is_floating_point") and value.dim() and value.is_floating_point()
    }
    return type(output)(**parts)


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
