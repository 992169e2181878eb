"""Token classification: transformers' entities, right places, long texts in windows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from phub_jupyter.compute.inference import local
from phub_jupyter.compute.inference.pipelines import token_classification
from phub_jupyter.errors import InvalidRequestError, NotSupportedError
from tests.compute.tiny_models.bert import LONGEST, make_bert

LABELS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
TEXTS = [
    "ada made a film in london",
    "was bob in paris, london or nowhere? the good zzyzx filmed it!",
    "Ünïcödé, 東京 and \U0001f600 in paris",
    "Ada's  \t dull\u00a0films",
]
LONG = "ada was in london. bob made films, not very bright " * 12


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "tagger"
    return make_bert(folder, "ForTokenClassification", LABELS)


def infer(folder: Path, inputs: Any, **parameters: Any) -> Any:
    body = {"inputs": inputs, "parameters": parameters}
    return local.infer(folder, "token-classification", body)


def same(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> None:
    assert len(ours) == len(theirs)
    for left, right in zip(ours, theirs, strict=True):
        assert left.pop("score") == pytest.approx(float(right.pop("score")), abs=1e-4)
        assert left == right


@pytest.mark.parametrize("strategy", ["none", "simple", "first", "average", "max"])
@pytest.mark.parametrize("ignored", [["O"], ["PER", "B-LOC"]])
def test_entities_are_those_of_the_transformers_pipeline(
    folder: Path, full_precision: None, strategy: str, ignored: list[str]
) -> None:
    from transformers import pipeline

    reference = pipeline("token-classification", model=str(folder))
    for text in TEXTS:
        expected = reference(text, aggregation_strategy=strategy, ignore_labels=ignored)
        answer = infer(folder, text, aggregation_strategy=strategy, ignore_labels=ignored)
        assert expected
        same(answer, expected)


@pytest.mark.parametrize("strategy", ["none", "simple", "max"])
def test_a_long_text_with_a_stride_is_read_to_its_end(
    folder: Path, full_precision: None, strategy: str
) -> None:
    from transformers import pipeline

    reference = pipeline("token-classification", model=str(folder), stride=16)
    expected = reference(LONG, aggregation_strategy=strategy)
    answer = infer(folder, LONG, aggregation_strategy=strategy, stride=16)
    assert max(entity["end"] for entity in answer) > len(LONG) - 20
    same(answer, expected)


def test_a_long_text_without_a_stride_is_cut(folder: Path) -> None:
    answer = infer(folder, LONG, ignore_labels=[])
    assert 0 < max(entity["end"] for entity in answer) < LONGEST * 8
    assert answer == infer(folder, LONG * 2, ignore_labels=[])


def test_places_are_characters_of_the_text_as_it_was_sent(folder: Path) -> None:
    text = "\U0001f600\u200f  Ada é東京 in  LONDON"
    for entity in infer(folder, text, aggregation_strategy="none", ignore_labels=[]):
        part = text[entity["start"] : entity["end"]]
        if entity["word"] != "[UNK]":
            assert part.lower().replace("é", "e").endswith(entity["word"].removeprefix("##"))
    words = infer(folder, text, aggregation_strategy="first", ignore_labels=[])
    assert {text[word["start"] : word["end"]][:1] for word in words} <= set("\U0001f600Aé東京iL")


def test_a_list_of_texts_gets_a_list_of_lists(folder: Path) -> None:
    together = infer(folder, [*TEXTS, LONG], stride=8, ignore_labels=[])
    alone = [infer(folder, text, stride=8, ignore_labels=[]) for text in [*TEXTS, LONG]]
    assert len(together) == 5
    for left, right in zip(together, alone, strict=True):
        assert [entity["entity_group"] for entity in left] == [
            entity["entity_group"] for entity in right
        ]
        assert [entity["start"] for entity in left] == [entity["start"] for entity in right]


@pytest.mark.parametrize(
    ("inputs", "parameters", "message"),
    [
        ("x", {"aggregation_strategy": "best"}, "aggregation_strategy: use none, simple"),
        ("x", {"ignore_labels": "O"}, "ignore_labels: send a list of strings"),
        ("x", {"ignore_labels": [1]}, "ignore_labels: send a list of strings"),
        ("x", {"stride": -1}, "stride: use a whole number from 0"),
        ("x", {"stride": True}, "stride: use a whole number from 0"),
        ("x", {"strides": 1}, "parameters.strides: unknown"),
        ("", {}, "inputs: the text is empty"),
        (None, {}, "inputs: send a text"),
    ],
)
def test_a_bad_call_is_refused_by_field(
    inputs: Any, parameters: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        token_classification.parse({"inputs": inputs, "parameters": parameters})


def test_what_only_the_model_can_tell_is_refused_too(folder: Path) -> None:
    with pytest.raises(InvalidRequestError, match=r"parameters\.stride: the model sees 62 tokens"):
        infer(folder, "x", stride=62)
    with pytest.raises(InvalidRequestError, match="windows, more than 512"):
        infer(folder, "film " * 40_000, stride=0)


def test_a_tokenizer_without_places_is_refused() -> None:
    import transformers

    from phub_jupyter.compute.inference.pipelines.text_model import require_offsets

    slow: Any = transformers.CanineTokenizer
    with pytest.raises(NotSupportedError, match=r"upload tokenizer\.json"):
        require_offsets(slow())
