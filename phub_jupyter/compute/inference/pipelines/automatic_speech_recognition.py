"""Speech recognition: a sound in, the words that are spoken out.

Two kinds of models do it. One (CTC, as Wav2Vec2) names the letter of every 20 ms; long sounds are
heard in overlapping pieces. The other (Whisper) writes what it has heard of 30 s at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phub_jupyter.compute.inference.model_folder import choose_class, load_parts
from phub_jupyter.compute.inference.pipelines.call import media, read_call
from phub_jupyter.compute.inference.pipelines.generation_settings import Settings, read_settings
from phub_jupyter.compute.inference.pipelines.speech_letters import SpeechLetters
from phub_jupyter.compute.inference.pipelines.speech_writing import SpeechWriting
from phub_jupyter.errors import InvalidRequestError

__all__ = ["SpeechRequest", "load", "parse"]

_KINDS = (True, False, "word", "char")


@dataclass(frozen=True, slots=True)
class SpeechRequest:
    """A file that should be a sound, and whether times are wanted: of segments, words, letters."""

    data: bytes
    timestamps: bool | str
    settings: Settings


def parse(body: Mapping[str, Any]) -> SpeechRequest:
    """Check a call. Raises InvalidRequestError naming the field and the remedy."""
    call = read_call(body, parameters=("return_timestamps", "generation_parameters"))
    timestamps = call.parameters.get("return_timestamps", False)
    if not isinstance(timestamps, bool | str) or timestamps not in _KINDS:
        raise InvalidRequestError(
            f"parameters.return_timestamps: use true, false, word or char, not {timestamps!r}."
        )
    settings = read_settings(
        "parameters.generation_parameters", call.parameters.get("generation_parameters")
    )
    return SpeechRequest(media("inputs", call.inputs), timestamps, settings)


def load(folder: Path) -> SpeechLetters | SpeechWriting:
    """Load the model in ``folder``. Raises InvalidRequestError, NotSupportedError."""
    auto_class = choose_class(folder, "AutoModelForCTC", "AutoModelForSpeechSeq2Seq")
    parts = load_parts(folder, auto_class, "AutoFeatureExtractor", "AutoTokenizer")
    return SpeechLetters(*parts) if auto_class == "AutoModelForCTC" else SpeechWriting(*parts)
