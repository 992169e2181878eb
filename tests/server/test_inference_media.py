"""Models of pictures, sounds and tables over HTTP, as the public client calls them."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import soundfile
from huggingface_hub import HfApi, InferenceClient
from huggingface_hub.errors import HfHubHTTPError

from tests.compute.tiny_models.image_classifiers import LABELS
from tests.compute.tiny_models.picture_text import (
    ANSWERS,
)
from tests.compute.tiny_models.pictures import base64_of, drawing, file_of
from tests.compute.tiny_models.sounds import chirp, sound_file
from tests.conftest import HubServer
from tests.server.media_models import MODELS

PICTURE = file_of(drawing())
SOUND = sound_file(chirp())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    running = HubServer(tmp_path_factory.mktemp("hub"))
    try:
        running.add_user("ada")
        yield running
    finally:
        running.close()


@pytest.fixture(scope="module")
def address(server: HubServer, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """The address of a model of a task, uploaded as anybody would when it is first asked for."""
    api = HfApi(endpoint=server.endpoint, token=server.token())
    root, uploaded = tmp_path_factory.mktemp("models"), set[str]()

    def address_of(task: str) -> str:
        repo_id = f"ada/{task}"
        if task not in uploaded:
            folder = MODELS[task](root / task)
            (folder / "README.md").write_text(f"---\npipeline_tag: {task}\n---\n", "utf-8")
            api.create_repo(repo_id, private=True)
            api.upload_folder(repo_id=repo_id, folder_path=folder)
            uploaded.add(task)
        return f"{server.endpoint}/models/{repo_id}"

    return address_of


@pytest.fixture(scope="module")
def client(server: HubServer, address: Callable[[str], str]) -> Callable[[str], InferenceClient]:
    """The public client for the model of a task."""

    def client_of(task: str) -> InferenceClient:
        return InferenceClient(model=address(task), token=server.token(role="read"))

    return client_of


@pytest.fixture(scope="module")
def post(server: HubServer, address: Callable[[str], str]) -> Callable[..., requests.Response]:
    """Send a body to the model of a task."""
    headers = {"Authorization": f"Bearer {server.token(role='read')}"}

    def send(task: str, **body: Any) -> requests.Response:
        more = body.pop("headers", {})
        return requests.post(address(task), headers={**headers, **more}, timeout=60, **body)

    return send


def test_pictures_are_classified(client: Any, post: Any, tmp_path: Path) -> None:
    task = "image-classification"
    raw = client(task).image_classification(PICTURE)
    assert len(raw) == 5
    assert {element.label for element in raw} <= set(LABELS)
    path = tmp_path / "drawing.png"
    path.write_bytes(PICTURE)
    assert client(task).image_classification(path) == raw
    best = client(task).image_classification(PICTURE, top_k=2, function_to_apply="softmax")
    assert best == raw[:2]
    address = {"inputs": f"data:image/png;base64,{base64_of(PICTURE)}"}
    assert [entry["label"] for entry in post(task, json=address).json()] == [
        element.label for element in raw
    ]
    typed = post(task, data=PICTURE, headers={"Content-Type": "image/png"})
    assert typed.json() == post(task, data=PICTURE).json()


def test_things_in_pictures_are_found(client: Any) -> None:
    detector = client("object-detection")
    found = detector.object_detection(PICTURE, threshold=0.3)
    assert found
    assert all(element.box.xmax > element.box.xmin for element in found)
    assert [e for e in found if e.score > 0.5] == detector.object_detection(PICTURE)
    segmenter = client("image-segmentation")
    for parts in (
        segmenter.image_segmentation(PICTURE),
        segmenter.image_segmentation(PICTURE, subtask="semantic"),
    ):
        assert parts
        assert all(part.mask.size == (50, 40) for part in parts)
    labels = ["cat", "dog", "owl"]
    chosen = client("zero-shot-image-classification").zero_shot_image_classification(
        PICTURE, labels, hypothesis_template="a photo of {}"
    )
    assert {element.label for element in chosen} == set(labels)
    assert sum(element.score for element in chosen) == pytest.approx(1, abs=1e-4)


def test_pictures_are_described_and_asked(client: Any, post: Any) -> None:
    described = client("image-to-text").image_to_text(PICTURE)
    assert described.generated_text
    short = {"inputs": base64_of(PICTURE), "parameters": {"max_new_tokens": 1}}
    assert len(post("image-to-text", json=short).json()[0]["generated_text"]) < len(
        described.generated_text
    )
    asked = client("visual-question-answering")
    chosen = asked.visual_question_answering(PICTURE, "what is in the picture ?", top_k=2)
    assert len(chosen) == 2
    assert {element.answer for element in chosen} < set(ANSWERS)
    page = client("document-question-answering")
    words = [["total", [0, 0, 90, 20]], ["42", [100, 0, 150, 20]]]
    (answer,) = page.document_question_answering(PICTURE, "total ?", word_boxes=words)
    assert answer.answer in ("total", "42", "total 42")
    with pytest.raises(HfHubHTTPError, match="this model is told the words"):
        page.document_question_answering(PICTURE, "total ?")


def test_sounds_are_heard_and_made(client: Any, post: Any) -> None:
    raw = client("audio-classification").audio_classification(SOUND)
    assert len(raw) == 5
    assert client("audio-classification").audio_classification(SOUND, top_k=2) == raw[:2]
    hearer = client("automatic-speech-recognition")
    heard = hearer.automatic_speech_recognition(SOUND)
    assert heard.text
    assert heard.chunks is None
    flac = sound_file(chirp(), format="FLAC")
    timed = hearer.automatic_speech_recognition(flac, extra_body={"return_timestamps": True})
    assert all(len(chunk.timestamp) == 2 for chunk in timed.chunks)
    spoken = client("text-to-speech").text_to_speech("a bad cab")
    assert soundfile.info(io.BytesIO(spoken)).samplerate == 16_000
    (kept,) = client("audio-to-audio").audio_to_audio(SOUND)
    assert kept.content_type == "audio/wav"
    answer = post("text-to-speech", json={"inputs": "a bad cab"})
    assert answer.headers["Content-Type"] == "audio/wav"


@pytest.mark.parametrize(
    ("task", "body", "message"),
    [
        ("image-classification", {"data": b"no picture"}, "inputs: this is not a picture"),
        ("image-classification", {"data": b""}, "inputs: the file is empty"),
        ("image-classification", {"data": PICTURE[:400]}, "inputs: the picture is damaged"),
        ("image-classification", {"json": {"inputs": "cat.png"}}, "inputs: this is not base64"),
        ("image-classification", {"json": {"inputs": None}}, "inputs: send the file as the body"),
        ("audio-classification", {"data": b"no sound"}, "inputs: this is not a sound"),
        ("text-to-speech", {"json": {"inputs": ""}}, "inputs: the text is empty"),
        ("tabular-classification", {"json": {"table": {"age": ["1"]}}}, "table: the columns town"),
        ("tabular-regression", {"json": {"inputs": {}}}, "inputs: send the table as"),
    ],
)
def test_bad_inputs_are_refused_in_one_sentence(
    post: Any, task: str, body: dict[str, Any], message: str
) -> None:
    answer = post(task, **body)
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (400, "InvalidRequest")
    assert answer.json()["error"].startswith(message)


def test_pictures_are_painted(client: Any) -> None:
    sent = {"width": 32, "height": 16, "num_inference_steps": 1}
    painted = client("text-to-image").text_to_image("a cat", seed=3, **sent)
    assert (painted.format, painted.size) == ("PNG", (32, 16))
    again = client("text-to-image").text_to_image("a cat", seed=3, **sent)
    assert again.tobytes() == painted.tobytes()


def test_tables_are_classified_and_estimated(client: Any, post: Any) -> None:
    table = {"age": ["31", "22"], "town": ["Bonn", "Trier"]}
    classes = client("tabular-classification").tabular_classification(table)
    assert classes == ["yes", "no"]
    # the public client has the method for regression, but no provider that answers it
    numbers = post("tabular-regression", json={"table": table, "parameters": {}})
    assert numbers.json() == pytest.approx([610, 220], abs=90)
    javascript = post("tabular-regression", json={"inputs": {"data": table}})
    assert javascript.json() == numbers.json()
