"""Speech recognition by both kinds of models: transformers' words and times."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from phub_jupyter.compute.inference import local
from phub_jupyter.compute.inference.pipelines import automatic_speech_recognition
from phub_jupyter.errors import InvalidRequestError
from tests.compute.tiny_models.pictures import base64_of
from tests.compute.tiny_models.sounds import chirp, sound_file
from tests.compute.tiny_models.speech import make_letter_hearer, make_writer

TASK = "automatic-speech-recognition"


@pytest.fixture(scope="module")
def letters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_letter_hearer(tmp_path_factory.mktemp("models") / "wav2vec2")


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_writer(tmp_path_factory.mktemp("models") / "whisper")


def infer(folder: Path, samples: Any, **parameters: Any) -> Any:
    body = {"inputs": base64_of(sound_file(samples)), "parameters": parameters}
    answer = local.infer(folder, TASK, body)
    json.dumps(answer, allow_nan=False)
    return answer


def reference(folder: Path, samples: Any, **parameters: Any) -> Any:
    from transformers import pipeline

    return pipeline(TASK, model=str(folder))(samples, **parameters)


def times(chunks: Any) -> list[tuple[str, float, float]]:
    """Chunks as comparable tuples."""
    return [(c["text"], *(round(float(t), 2) for t in c["timestamp"])) for c in chunks]


@pytest.mark.parametrize("kind", ["word", "char"])
def test_letters_and_their_times_are_those_of_the_transformers_pipeline(
    letters: Path, kind: str
) -> None:
    samples = chirp(2)
    expected = reference(letters, samples, return_timestamps=kind)
    answer = infer(letters, samples, return_timestamps=kind)
    assert answer["text"] == expected["text"] != ""
    assert times(answer["chunks"]) == times(expected["chunks"])
    assert infer(letters, samples) == {"text": answer["text"]}
    if kind == "word":
        assert infer(letters, samples, return_timestamps=True) == answer


def test_a_long_sound_is_heard_in_overlapping_pieces(letters: Path) -> None:
    samples = chirp(70)
    expected = reference(letters, samples, chunk_length_s=30, stride_length_s=5)
    assert infer(letters, samples)["text"] == expected["text"]
    model = automatic_speech_recognition.load(letters)
    request = automatic_speech_recognition.parse({"inputs": base64_of(sound_file(samples))})
    items = model.tokenise(request)
    assert [item.about for item in items] == [(0, 250), (250, 250), (250, 0)]
    assert sum(map(len, model.run(items))) == pytest.approx(70 * 50, abs=3)


@pytest.mark.parametrize("seconds", [2, 40])
def test_writing_and_its_times_are_those_of_the_transformers_pipeline(
    writer: Path, seconds: int
) -> None:
    samples, sent = chirp(seconds), {"max_new_tokens": 30, "num_beams": 1}
    expected = reference(writer, samples, return_timestamps=True, generate_kwargs=sent)
    answer = infer(writer, samples, return_timestamps=True, generation_parameters=sent)
    assert answer["text"] == expected["text"] != ""
    assert "".join(chunk["text"] for chunk in answer["chunks"]) == answer["text"]
    if seconds < 30:
        plain = infer(writer, samples, generation_parameters=sent)
        assert plain == reference(writer, samples, generate_kwargs=sent)


def test_requests_with_the_same_settings_share_a_batch(writer: Path) -> None:
    model = automatic_speech_recognition.load(writer)
    requests = [
        automatic_speech_recognition.parse(
            {
                "inputs": base64_of(sound_file(chirp(1, seed=seed))),
                "parameters": {"generation_parameters": {"max_new_tokens": tokens}},
            }
        )
        for seed, tokens in enumerate([4, 4, 2])
    ]
    items = [item for request in requests for item in model.tokenise(request)]
    together = [
        model.shape(request, [output])
        for request, output in zip(requests, model.run(items), strict=True)
    ]
    alone = [
        model.shape(request, model.run([item]))
        for request, item in zip(requests, items, strict=True)
    ]
    assert together == alone
    assert [len(answer["text"]) <= size for answer, size in zip(alone, (4, 4, 2), strict=True)]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"return_timestamps": "line"}, "parameters.return_timestamps: use true, false, word"),
        ({"return_timestamps": 1}, "parameters.return_timestamps: use true, false, word"),
        ({"generation_parameters": 7}, "parameters.generation_parameters: send a JSON object"),
        (
            {"generation_parameters": {"num_beams": 99}},
            "generation_parameters.num_beams: use a whole number from 1 to 8",
        ),
        ({"generation_parameters": {"beams": 2}}, "generation_parameters.beams: unknown"),
        ({"language": "de"}, "parameters.language: unknown"),
    ],
)
def test_a_bad_call_is_refused_by_field(parameters: Any, message: str) -> None:
    body = {"inputs": base64_of(sound_file(chirp(0.1))), "parameters": parameters}
    with pytest.raises(InvalidRequestError, match=message):
        automatic_speech_recognition.parse(body)


def test_what_a_kind_of_model_cannot_do_is_refused(letters: Path, writer: Path) -> None:
    with pytest.raises(InvalidRequestError, match="times of segments; use true"):
        infer(writer, chirp(0.5), return_timestamps="word")
    with pytest.raises(InvalidRequestError, match="does not generate"):
        infer(letters, chirp(0.5), generation_parameters={"num_beams": 2})
