"""Audio classification: transformers' scores, whatever the file's format and rate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from phub_jupyter.compute.inference import local
from phub_jupyter.compute.inference.pipelines import audio_classification
from phub_jupyter.errors import InvalidRequestError
from tests.compute.tiny_models.pictures import base64_of
from tests.compute.tiny_models.sounds import chirp, sound_file
from tests.compute.tiny_models.speech import LABELS, make_sound_classifier

TASK = "audio-classification"
SOUND = base64_of(sound_file(chirp()))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_sound_classifier(tmp_path_factory.mktemp("models") / "wav2vec2")


@pytest.mark.parametrize("function", [None, "softmax", "sigmoid", "none"])
def test_scores_are_those_of_the_transformers_pipeline(
    folder: Path, full_precision: None, function: str | None
) -> None:
    from transformers import pipeline

    for samples in (chirp(), chirp(0.4, seed=3)):
        expected: Any = pipeline(TASK, model=str(folder))(
            samples, function_to_apply=function, top_k=5
        )
        parameters = {"function_to_apply": function}
        inputs = base64_of(sound_file(samples))
        answer = local.infer(folder, TASK, {"inputs": inputs, "parameters": parameters})
        assert [entry["label"] for entry in answer] == [entry["label"] for entry in expected]
        assert [entry["score"] for entry in answer] == pytest.approx(
            [entry["score"] for entry in expected], abs=0.02
        )
        json.dumps(answer, allow_nan=False)


def test_another_rate_and_two_channels_sound_the_same(folder: Path) -> None:
    import numpy as np

    one = local.infer(folder, TASK, {"inputs": SOUND, "parameters": {"top_k": 99}})
    assert len(one) == len(LABELS)
    stereo = np.stack([chirp(), chirp()], axis=1)
    two = {"inputs": base64_of(sound_file(stereo)), "parameters": {"top_k": 99}}
    assert local.infer(folder, TASK, two) == one


def test_sounds_of_one_length_share_a_batch_without_changing_a_score(folder: Path) -> None:
    model = audio_classification.load(folder)
    items = [
        item
        for seed, seconds in enumerate([1.0, 0.5, 1.0])
        for item in model.tokenise(
            audio_classification.parse({"inputs": base64_of(sound_file(chirp(seconds, seed=seed)))})
        )
    ]
    for item, together in zip(items, model.run(items), strict=True):
        assert together.tolist() == pytest.approx(model.run([item])[0].tolist(), abs=0.02)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"inputs": base64_of(b"no sound")}, "inputs: this is not a sound"),
        (
            {"inputs": base64_of(sound_file(chirp(125, 8_000), 8_000, "FLAC"))},
            "inputs: 125 seconds are too long for this model; send at most 120",
        ),
        ({"inputs": base64_of(sound_file(chirp(0.001)))}, "model: it cannot work on"),
        ({"inputs": SOUND, "parameters": {"top_k": "all"}}, "parameters.top_k: use a whole"),
    ],
)
def test_a_bad_call_is_refused_in_one_sentence(folder: Path, body: Any, message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        local.infer(folder, TASK, body)
