"""What the tasks that hear a sound have in common: its samples, and the model's processor."""

from __future__ import annotations

from typing import Any

from phub_jupyter.compute.inference.pipelines.tensors import blame_model
from phub_jupyter.compute.media.sounds import read_sound
from phub_jupyter.errors import InvalidRequestError

__all__ = ["features", "length_of_sound", "probe_sounds", "samples_of"]

_SAMPLES_A_TOKEN = 320  # as in a frame of 20 ms


def samples_of(extractor: Any, name: str, data: bytes, seconds: float | None = None) -> Any:
    """The sound as samples at the rate of the model, at most so many ``seconds``."""
    samples = read_sound(name, data, int(extractor.sampling_rate))
    heard = len(samples) / extractor.sampling_rate
    if seconds is not None and heard > seconds:
        raise InvalidRequestError(
            f"{name}: {heard:.0f} seconds are too long for this model; send at most {seconds:g}."
        )
    return samples


def features(extractor: Any, samples: Any, **options: Any) -> dict[str, Any]:
    """Call a feature extractor for tensors, and take a failure for the model's."""
    with blame_model():
        rate = extractor.sampling_rate
        return dict(extractor(samples, sampling_rate=rate, return_tensors="pt", **options))


def length_of_sound(samples: Any) -> int:
    """About how many tokens the model hears."""
    return max(1, len(samples) // _SAMPLES_A_TOKEN)


def probe_sounds(extractor: Any) -> list[dict[str, Any]]:
    """A second of noise, and three, as the extractor makes them."""
    import numpy as np

    rate = int(extractor.sampling_rate)
    noise = np.random.default_rng(0).normal(0, 0.1, 3 * rate).astype(np.float32)
    return [features(extractor, noise[: seconds * rate]) for seconds in (1, 3)]
