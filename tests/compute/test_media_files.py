"""Pictures and sounds as strangers send them: read alike, or refused in one sentence."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
import soundfile
from PIL import Image

from phub_jupyter.compute.media.images import MAX_PIXELS, png, read_image
from phub_jupyter.compute.media.sounds import MAX_SECONDS, read_sound, wav
from phub_jupyter.errors import InvalidRequestError
from tests.compute.tiny_models.pictures import drawing, file_of


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM"])
def test_every_usual_format_of_pictures_is_read(format: str) -> None:
    image = drawing()
    read = read_image("inputs", file_of(image, format))
    assert (read.mode, read.size) == ("RGB", image.size)
    difference = np.abs(np.asarray(read, dtype=int) - np.asarray(image, dtype=int))
    assert difference.mean() < (25 if format in ("JPEG", "GIF", "WEBP") else 0.001)


@pytest.mark.parametrize("mode", ["P", "L", "LA", "RGBA", "CMYK", "1"])
def test_every_mode_of_pictures_becomes_rgb(mode: str) -> None:
    format = "TIFF" if mode == "CMYK" else "PNG"
    read = read_image("inputs", file_of(drawing().convert(mode), format))
    assert (read.mode, read.size) == ("RGB", (50, 40))


def test_sixteen_bits_a_pixel_keep_their_shades() -> None:
    shades = np.arange(0, 65536, 256, dtype=np.uint16).reshape(16, 16)
    read = np.asarray(read_image("inputs", file_of(Image.fromarray(shades))))
    assert read[..., 0].ravel().tolist() == list(range(256))


def test_a_turned_photograph_stands_upright_and_a_moving_picture_gives_its_first_frame() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    turned = read_image("inputs", file_of(drawing(50, 40), "JPEG", exif=exif.tobytes()))
    assert turned.size == (40, 50)
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    moving = file_of(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert read_image("inputs", moving).getpixel((4, 4)) == (255, 0, 0)


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims to be enormous."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    packed = zlib.compress(bytes(1000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"no picture at all", "not a picture"),
        (b"\x89PNG\r\n\x1a\n", "not a picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture"),
        (file_of(drawing())[:300], "damaged or cut off"),
        (file_of(drawing(), "JPEG")[:700], "damaged or cut off"),
        (bomb(1_000_000, 2), "too narrow; send at most 100 times"),
        (file_of(drawing(2, 900)), "too narrow; send at most 100 times"),
        (bomb(10_000, 5_001), "pixels are too many"),
        (bomb(10_000, 10_000), "pixels are too many"),
        (bomb(60_000, 60_000), "too many pixels"),
    ],
)
def test_what_is_no_picture_is_refused_in_one_sentence(data: bytes, message: str) -> None:
    assert MAX_PIXELS == 50_000_000
    with pytest.raises(InvalidRequestError, match=f"^inputs: .*{message}"):
        read_image("inputs", data)


def test_a_picture_that_a_model_makes_is_written_without_loss() -> None:
    read = Image.open(io.BytesIO(png(drawing())))
    assert (read.format, read.tobytes()) == ("PNG", drawing().tobytes())


def tone(seconds: float = 0.5, rate: int = 16_000, channels: int = 1) -> Any:
    """A sine of 440 Hz."""
    wave = 0.5 * np.sin(2 * np.pi * 440 * np.arange(int(seconds * rate)) / rate)
    return np.stack([wave] * channels, axis=1).astype(np.float32)


def sound_file(samples: Any, rate: int, format: str = "WAV", **options: Any) -> bytes:
    """The bytes of a sound file."""
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format=format, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("format", ["WAV", "FLAC", "OGG", "MP3", "AIFF"])
@pytest.mark.parametrize(("rate", "channels"), [(16_000, 1), (44_100, 2), (8_000, 1)])
def test_every_usual_format_of_sounds_is_mixed_and_resampled(
    format: str, rate: int, channels: int
) -> None:
    samples = read_sound("inputs", sound_file(tone(0.5, rate, channels), rate, format), 16_000)
    assert (samples.dtype, samples.ndim) == (np.float32, 1)
    assert len(samples) == pytest.approx(8_000, abs=1_300)  # MP3 is padded to whole frames
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    assert spectrum.argmax() * 16_000 / len(samples) == pytest.approx(440, abs=3)


def test_a_sound_comes_back_from_wav() -> None:
    assert read_sound("inputs", wav(tone()[:, 0], 16_000), 16_000) == pytest.approx(
        tone()[:, 0], abs=1e-4
    )


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"no sound at all", "not a sound"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "not a sound"),
        (file_of(drawing()), "not a sound"),
        (sound_file(np.zeros((0, 1)), 16_000), "empty"),
        (sound_file(np.zeros(16_000), 16_000, "VOC"), "format VOC"),
        (sound_file(np.full(99, np.nan), 16_000, subtype="FLOAT"), "empty or damaged"),
        (sound_file(np.zeros(1_000 * (MAX_SECONDS + 1)), 1_000, "FLAC"), "too long"),
    ],
)
def test_what_is_no_sound_is_refused_in_one_sentence(data: bytes, message: str) -> None:
    with pytest.raises(InvalidRequestError, match=f"^inputs: .*{message}"):
        read_sound("inputs", data, 16_000)
