"""Sounds for tests, as the bytes of a file."""

from __future__ import annotations

import io
from typing import Any


def chirp(seconds: float = 1.0, rate: int = 16_000, seed: int = 0) -> Any:
    """A tone that rises, with some noise, as float32 samples."""
    import numpy as np

    time = np.arange(int(seconds * rate)) / rate
    noise = np.random.default_rng(seed).normal(0, 0.02, len(time))
    tone = 0.4 * np.sin(2 * np.pi * (200 + 150 * time + 40 * seed) * time)
    return (tone + noise).astype(np.float32)


def sound_file(samples: Any, rate: int = 16_000, format: str = "WAV", **options: Any) -> bytes:
    """The bytes of a file with these samples in it, in 32-bit floats if it is WAV."""
    import soundfile

    if format == "WAV":
        options.setdefault("subtype", "FLOAT")
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format=format, **options)
    return buffer.getvalue()
