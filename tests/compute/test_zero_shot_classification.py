"""Zero-shot classification: transformers' scores, the public shape, one sentence a mistake."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from phub_jupyter.compute.inference import local
from phub_jupyter.compute.inference.pipelines import zero_shot_classification
from phub_jupyter.errors import InvalidRequestError
from tests.compute.tiny_models.bert import make_bert

NLI = ("contradiction", "neutral", "entailment")
TEXTS = ["ada made a film in london", "it was not very bright, " * 30, "dull"]
LABELS = ["film", "sport", "music, very long"]


@pytest.fixture(scope="module", params=[NLI, tuple(reversed(NLI)), ("LABEL_0", "ENTAILS")])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "judge"
    return make_bert(folder, "ForSequenceClassification", request.param)


def infer(folder: Path, inputs: Any, **parameters: Any) -> Any:
    body = {"inputs": inputs, "parameters": parameters}
    return local.infer(folder, "zero-shot-classification", body)


@pytest.mark.parametrize(
    "parameters",
    [
        {"candidate_labels": LABELS},
        {"candidate_labels": LABELS, "multi_label": True},
        {"candidate_labels": ["film"]},
        {"candidate_labels": LABELS, "hypothesis_template": "it is {} in london"},
    ],
)
def test_scores_are_those_of_the_transformers_pipeline(
    folder: Path, full_precision: None, parameters: dict[str, Any]
) -> None:
    from transformers import pipeline

    reference = pipeline("zero-shot-classification", model=str(folder))
    for text in TEXTS:
        expected = reference(text, **parameters)
        answer = infer(folder, text, **parameters)
        assert [entry["label"] for entry in answer] == expected["labels"]
        assert [entry["score"] for entry in answer] == pytest.approx(expected["scores"], abs=1e-4)


def test_a_list_of_texts_gets_a_list_of_lists(folder: Path) -> None:
    together = infer(folder, TEXTS, candidate_labels="film, sport")
    assert len(together) == len(TEXTS)
    for text, answer in zip(TEXTS, together, strict=True):
        alone = {e["label"]: e["score"] for e in infer(folder, text, candidate_labels="film,sport")}
        scores = {entry["label"]: entry["score"] for entry in answer}
        assert set(scores) == {"film", "sport"}
        assert scores == pytest.approx(alone, abs=0.02)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, "candidate_labels: missing"),
        ({"candidate_labels": []}, "candidate_labels: the list is empty"),
        ({"candidate_labels": " , "}, "candidate_labels: the list is empty"),
        ({"candidate_labels": ["a", 3]}, r"candidate_labels\[1\]: expected a text"),
        ({"candidate_labels": [f"l{n}" for n in range(513)]}, "513 texts are too many"),
        ({"candidate_labels": ["a"], "multi_label": "yes"}, "multi_label: use true or false"),
        ({"candidate_labels": ["a"], "hypothesis_template": "x"}, "hypothesis_template: write {}"),
        ({"candidate_labels": ["a"], "hypothesis_template": 3}, "hypothesis_template: expected"),
        ({"candidate_labels": ["a"], "labels": ["a"]}, r"parameters\.labels: unknown"),
    ],
)
def test_a_bad_call_is_refused_by_field(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        zero_shot_classification.parse({"inputs": "x", "parameters": parameters})


def test_too_many_pairs_and_too_long_labels_are_refused(folder: Path) -> None:
    labels = [f"l{n}" for n in range(200)]
    with pytest.raises(InvalidRequestError, match="3 texts with 200 labels make more than 512"):
        infer(folder, TEXTS, candidate_labels=labels)
    with pytest.raises(InvalidRequestError, match="longer than the model can see"):
        infer(folder, "x", candidate_labels=["film " * 70])


def test_a_model_that_judges_nothing_is_refused_by_its_labels(tmp_path: Path) -> None:
    other = make_bert(tmp_path / "other", "ForSequenceClassification", ("good", "bad"))
    with pytest.raises(InvalidRequestError, match="its labels are good, bad, and none is 'entail"):
        infer(other, "x", candidate_labels=["a"])
