"""Fill-mask: transformers' answers, several gaps, targets, one sentence a mistake."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from phub_jupyter.compute.inference import local
from phub_jupyter.compute.inference.pipelines import fill_mask
from phub_jupyter.errors import InvalidRequestError
from tests.compute.tiny_models.bert import make_bert

ONE = "a [MASK] film was made in london"
TWO = "a [MASK] film was [MASK]!"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bert(tmp_path_factory.mktemp("models") / "filler", "ForMaskedLM")


def infer(folder: Path, inputs: Any, **parameters: Any) -> Any:
    return local.infer(folder, "fill-mask", {"inputs": inputs, "parameters": parameters})


def same(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> None:
    assert len(ours) == len(theirs)
    for left, right in zip(ours, theirs, strict=True):
        assert left.pop("score") == pytest.approx(right.pop("score"), abs=1e-4)
        assert left == right


@pytest.mark.parametrize("top_k", [None, 1, 20])
def test_answers_are_those_of_the_transformers_pipeline(
    folder: Path, full_precision: None, top_k: int | None
) -> None:
    from transformers import pipeline

    reference = pipeline("fill-mask", model=str(folder))
    same(infer(folder, ONE, top_k=top_k), reference(ONE, top_k=top_k))
    several: Any = reference(TWO, top_k=top_k)
    for ours, theirs in zip(infer(folder, TWO, top_k=top_k), several, strict=True):
        same(ours, theirs)


def test_targets_are_scored_among_all_words(folder: Path, full_precision: None) -> None:
    from transformers import pipeline

    targets = ["good", "bad", "xylophones"]
    expected = pipeline("fill-mask", model=str(folder))(ONE, targets=targets)
    answer = infer(folder, ONE, targets=targets)
    assert {entry["token_str"] for entry in answer} == {"good", "bad", "x"}
    same(answer, expected)


def test_texts_of_different_length_do_not_change_each_other(folder: Path) -> None:
    texts = [ONE, "[MASK]", TWO, "the very very very long film is [MASK] and it is not bright."]
    together = infer(folder, texts, top_k=1)
    for left, right in zip(together, [infer(folder, text, top_k=1) for text in texts], strict=True):
        flat = [left, right] if isinstance(left[0], dict) else [left[0], right[0]]
        assert flat[0][0]["token"] == flat[1][0]["token"]
        assert flat[0][0]["score"] == pytest.approx(flat[1][0]["score"], abs=0.02)


@pytest.mark.parametrize(
    ("inputs", "parameters", "message"),
    [
        ("x [MASK]", {"top_k": 0}, r"parameters\.top_k: use a whole number from 1 to 100"),
        ("x [MASK]", {"top_k": 101}, r"parameters\.top_k: use a whole number from 1 to 100"),
        ("x [MASK]", {"targets": []}, r"parameters\.targets: the list is empty"),
        ("x [MASK]", {"targets": 3}, r"parameters\.targets: send a text"),
        ("x [MASK]", {"target": "x"}, r"parameters\.target: unknown"),
        ("", {}, "inputs: the text is empty"),
    ],
)
def test_a_bad_call_is_refused_by_field(
    inputs: Any, parameters: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        fill_mask.parse({"inputs": inputs, "parameters": parameters})


@pytest.mark.parametrize(
    ("inputs", "parameters", "message"),
    [
        ("no gap", {}, r"text 1 has no gap.*write \[MASK\]"),
        ("film " * 200 + "[MASK]", {}, "text 1 has no gap in its first 64 tokens"),
        (["[MASK]", "<mask>"], {}, "text 2 has no gap"),
        ("[MASK] " * 17, {}, "17 gaps; send at most 16"),
        ("[MASK]", {"targets": ["good", "\x01"]}, r"parameters\.targets\[1\]: the model knows no"),
    ],
)
def test_what_only_the_model_can_tell_is_refused_too(
    folder: Path, inputs: Any, parameters: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        infer(folder, inputs, **parameters)


def test_a_tokenizer_without_a_mask_is_refused(folder: Path) -> None:
    from transformers import AutoModelForMaskedLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.mask_token = None
    with pytest.raises(InvalidRequestError, match="no mask token"):
        fill_mask.FillMask(AutoModelForMaskedLM.from_pretrained(folder), tokenizer)
