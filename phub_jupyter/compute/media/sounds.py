"""Reads sounds that somebody sent, and writes those that models make."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import Any

from phub_jupyter.errors import InvalidRequestError

__all__ = ["MAX_SECONDS", "read_sound", "wav"]

MAX_SECONDS = 600
_MAX_SAMPLES = 60_000_000  # of all channels together, before they are mixed
_FORMATS = frozenset({"WAV", "WAVEX", "FLAC", "OGG", "MP3", "AIFF", "AU", "CAF", "RF64"})


def read_sound(name: str, data: bytes, rate: int) -> Any:
    """The sound in ``data`` as one channel of ``rate`` float32 samples a second (a numpy array).

    Raises InvalidRequestError that begins with ``name``.
    """
    import soundfile

    try:
        with soundfile.SoundFile(io.BytesIO(data)) as sound:
            _check(name, sound)
            samples = sound.read(dtype="float32", always_2d=True)
            sent_rate = sound.samplerate
    except (soundfile.SoundFileError, TypeError, ValueError):
        raise InvalidRequestError(
            f"{name}: this is not a sound that this hub can read; send WAV, FLAC, OGG or MP3."
        ) from None
    return _resampled(_one_channel(name, samples), sent_rate, rate)


def _check(name: str, sound: Any) -> None:
    if sound.format not in _FORMATS:
        raise InvalidRequestError(
            f"{name}: sounds of format {sound.format} are not read; send WAV, FLAC, OGG or MP3."
        )
    seconds = sound.frames / sound.samplerate if sound.samplerate > 0 else 0.0
    if not 1_000 <= sound.samplerate <= 400_000 or sound.frames <= 0:
        raise InvalidRequestError(f"{name}: the sound is empty or of an impossible rate.")
    if seconds > MAX_SECONDS or sound.frames * sound.channels > _MAX_SAMPLES:
        raise InvalidRequestError(
            f"{name}: {seconds:.0f} seconds are too long; send at most {MAX_SECONDS} a request."
        )


def _one_channel(name: str, samples: Any) -> Any:
    import numpy as np

    mixed = samples.mean(axis=1, dtype=np.float32)
    if not len(mixed) or not bool(np.isfinite(mixed).all()):
        raise InvalidRequestError(f"{name}: the sound is empty or damaged; send it again.")
    return mixed


def _resampled(samples: Any, sent_rate: int, rate: int) -> Any:
    if sent_rate == rate:
        return samples
    from scipy.signal import resample_poly

    ratio = Fraction(rate, sent_rate).limit_denominator(1000)  # keeps the filter short
    return resample_poly(samples, ratio.numerator, ratio.denominator).astype(samples.dtype)


def wav(samples: Any, rate: int) -> bytes:
    """One channel of float samples as the bytes of a WAV file of 16 bits."""
    import soundfile

    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format="WAV", subtype="PCM_16")
    return buffer.getvalue()
