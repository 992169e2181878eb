"""Text to speech: transformers' samples, as a WAV file."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import soundfile

from phub_jupyter.compute.inference import local
from phub_jupyter.compute.inference.pipelines import text_to_speech
from phub_jupyter.errors import InvalidRequestError, NotSupportedError
from phub_jupyter.frames import Media
from tests.compute.tiny_models.speech import make_speaker


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_speaker(tmp_path_factory.mktemp("models") / "vits")


@pytest.mark.parametrize("task", ["text-to-speech", "text-to-audio"])
def test_samples_are_those_of_the_transformers_pipeline(folder: Path, task: str) -> None:
    import torch
    from transformers import pipeline

    torch.manual_seed(1)
    expected: Any = pipeline("text-to-audio", model=str(folder))("a bad cab")
    torch.manual_seed(1)
    answer = local.infer(folder, task, {"inputs": "a bad cab"})
    assert isinstance(answer, Media)
    assert answer.content_type == "audio/wav"
    samples, rate = soundfile.read(io.BytesIO(answer.data))
    assert rate == expected["sampling_rate"] == 16_000
    assert samples == pytest.approx(expected["audio"].reshape(-1).clip(-1, 1), abs=1e-3)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"inputs": " "}, "inputs: the text is empty"),
        ({"inputs": 3}, "inputs: expected a text"),
        ({"inputs": "a" * 5_001}, "inputs: send at most 5,000 characters"),
        ({"inputs": "a", "parameters": {"temperature": 0}}, "parameters.temperature: use a number"),
        ({"inputs": "a", "parameters": {"voice": "x"}}, "parameters.voice: unknown"),
    ],
)
def test_a_bad_call_is_refused_by_field(body: Any, message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        text_to_speech.parse(body)


def test_what_a_model_cannot_do_is_refused(folder: Path, tmp_path: Path) -> None:
    body = {"inputs": "a", "parameters": {"num_beams": 2}}
    with pytest.raises(InvalidRequestError, match="parameters.num_beams: .*leave it out"):
        local.infer(folder, "text-to-speech", body)
    spectrogram = Path(shutil.copytree(folder, tmp_path / "copy"))
    config = {"model_type": "speecht5", "architectures": ["SpeechT5ForTextToSpeech"]}
    (spectrogram / "config.json").write_text(json.dumps(config))
    with pytest.raises(NotSupportedError, match="needs a vocoder and a speaker's voice"):
        local.infer(spectrogram, "text-to-speech", {"inputs": "a"})
