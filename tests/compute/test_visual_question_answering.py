"""Visual question answering: by models that choose an answer, and by those that write one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from phub_jupyter.compute.inference import local
from phub_jupyter.compute.inference.pipelines import visual_question_answering
from phub_jupyter.errors import InvalidRequestError
from tests.compute.tiny_models.picture_text import ANSWERS, make_answerer, make_chooser
from tests.compute.tiny_models.pictures import base64_of, drawing, file_of

TASK = "visual-question-answering"
PICTURE = base64_of(file_of(drawing()))
QUESTION = "what is in the picture ?"


@pytest.fixture(scope="module")
def chooser(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_chooser(tmp_path_factory.mktemp("models") / "vilt")


@pytest.fixture(scope="module")
def answerer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_answerer(tmp_path_factory.mktemp("models") / "blip")


def inputs(folder: Path) -> dict[str, Any]:
    from transformers import AutoImageProcessor, AutoTokenizer

    pixels = AutoImageProcessor.from_pretrained(folder)(drawing(), return_tensors="pt")
    tokens = AutoTokenizer.from_pretrained(folder)(QUESTION, return_tensors="pt")
    return {**pixels, **tokens}


def test_answers_to_choose_from_have_the_model_s_scores(chooser: Path) -> None:
    from transformers import ViltForQuestionAnswering

    model = ViltForQuestionAnswering.from_pretrained(chooser)
    expected = model(**inputs(chooser)).logits[0].sigmoid().tolist()
    body = {"inputs": {"image": PICTURE, "question": QUESTION}}
    answer = local.infer(chooser, TASK, body)
    assert {entry["answer"]: entry["score"] for entry in answer} == pytest.approx(
        dict(zip(ANSWERS, expected, strict=True)), abs=1e-5
    )
    scores = [entry["score"] for entry in answer]
    assert scores == sorted(scores, reverse=True)
    python = {"inputs": PICTURE, "image": PICTURE, "question": QUESTION}
    two = local.infer(chooser, TASK, {**python, "parameters": {"top_k": 2}})
    assert [entry["answer"] for entry in two] == [entry["answer"] for entry in answer[:2]]
    assert two[1]["score"] == pytest.approx(answer[1]["score"], abs=1e-5)
    json.dumps(answer, allow_nan=False)


def test_a_written_answer_is_the_model_s_with_its_probability(answerer: Path) -> None:
    from transformers import AutoTokenizer, BlipForQuestionAnswering

    model = BlipForQuestionAnswering.from_pretrained(answerer)
    sent = {k: v for k, v in inputs(answerer).items() if k != "token_type_ids"}
    ids = model.generate(**sent, max_new_tokens=20)
    expected = AutoTokenizer.from_pretrained(answerer).decode(ids[0], skip_special_tokens=True)
    body = {"inputs": {"image": PICTURE, "question": QUESTION}}
    (answer,) = local.infer(answerer, TASK, body)
    assert answer["answer"] == expected.strip() != ""
    assert 0 < answer["score"] <= 1


def test_a_question_longer_than_the_model_is_cut(chooser: Path) -> None:
    body = {"inputs": PICTURE, "question": "what " * 300}
    assert len(local.infer(chooser, TASK, body)) == len(ANSWERS)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "question: expected a text"),
        ({"inputs": "x"}, "inputs: send a JSON object"),
        ({"inputs": {"image": PICTURE}}, "inputs.question: expected a text"),
        ({"inputs": {"question": "what"}}, "inputs.image: send the file as the body"),
        ({"inputs": {"question": "what", "image": PICTURE, "x": 1}}, "inputs.x: unknown field"),
        ({"question": "what", "image": "x.png"}, "image: this is not base64"),
        ({"question": "?" * 2_001, "image": PICTURE}, "question: send at most 2,000 characters"),
        ({"question": "what", "image": PICTURE, "parameters": {"top_k": 0}}, "parameters.top_k"),
    ],
)
def test_a_bad_call_is_refused_by_field(body: Any, message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        visual_question_answering.parse(body)
