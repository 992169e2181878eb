"""Audio to audio: what the codec's own code gives, as long as the sound that was sent."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import pytest

from phub_jupyter.compute.inference import local
from phub_jupyter.compute.inference.pipelines import audio_to_audio
from phub_jupyter.errors import InvalidRequestError, NotSupportedError
from tests.compute.tiny_models.pictures import base64_of
from tests.compute.tiny_models.sounds import chirp, sound_file
from tests.compute.tiny_models.speech import make_codec, make_sound_classifier

TASK = "audio-to-audio"


@pytest.fixture(scope="module", params=["encodec", "dac"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_codec(tmp_path_factory.mktemp("models") / request.param, request.param)


def sound_of(answer: Any) -> Any:
    import soundfile

    (entry,) = answer
    assert (entry["label"], entry["content-type"]) == ("audio", "audio/wav")
    samples, rate = soundfile.read(io.BytesIO(base64.b64decode(entry["blob"])))
    assert rate == 16_000
    return samples


def test_the_sound_is_that_of_the_codec(folder: Path) -> None:
    import torch
    from transformers import AutoFeatureExtractor, AutoModel

    samples = chirp(0.33)
    found = sound_of(local.infer(folder, TASK, {"inputs": base64_of(sound_file(samples))}))
    assert len(found) == len(samples)
    extractor = AutoFeatureExtractor.from_pretrained(folder)
    columns = extractor(samples, sampling_rate=16_000, return_tensors="pt")
    with torch.inference_mode():
        values = columns["input_values"]
        expected = AutoModel.from_pretrained(folder).eval()(values).audio_values
    expected = expected.reshape(-1)[: len(samples)].clamp(-1, 1)
    assert found == pytest.approx(expected.numpy(), abs=1e-3)
    assert expected.abs().max() > 0.001


def test_other_rates_are_taken_and_sounds_share_batches(folder: Path) -> None:
    model = audio_to_audio.load(folder)
    files = [sound_file(chirp(0.2, seed=seed)) for seed in (1, 2)]
    items = [
        item for file in files for item in model.tokenise(audio_to_audio.AudioToAudioRequest(file))
    ]
    together = model.run(items)
    for item, output in zip(items, together, strict=True):
        assert output.numpy() == pytest.approx(model.run([item])[0].numpy(), abs=1e-4)
    slow = base64_of(sound_file(chirp(0.5, rate=8_000), rate=8_000))
    assert len(sound_of(local.infer(folder, TASK, {"inputs": slow}))) == 8_000


def test_bad_calls_and_models_are_refused_in_a_sentence(folder: Path, tmp_path: Path) -> None:
    sound = base64_of(sound_file(chirp(0.1)))
    for body in ({"inputs": base64_of(b"no sound")}, {"inputs": sound, "parameters": {"a": 1}}):
        with pytest.raises(InvalidRequestError, match="this is not a sound|takes none"):
            local.infer(folder, TASK, body)
    other = make_sound_classifier(tmp_path / "other")
    with pytest.raises((InvalidRequestError, NotSupportedError), match="this hub runs|lack"):
        local.infer(other, TASK, {"inputs": sound})
