"""Cards: what is read from them, what is said about them, which tags come of them."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.cards.architectures import auto_class
from phub_jupyter.hub.cards.front_matter import parse
from phub_jupyter.hub.cards.tags import library_of, pipeline_tag_of, tags_of
from phub_jupyter.hub.cards.validation import validate
from phub_jupyter.identifiers import RepoType


@pytest.mark.parametrize(
    ("readme", "data", "text"),
    [
        ("", {}, ""),
        ("# Only text", {}, "# Only text"),
        ("---\nlicense: mit\n---\n# Hi", {"license": "mit"}, "# Hi"),
        ("---\r\nlicense: mit\r\n---\r\nHi", {"license": "mit"}, "Hi"),
        ("\ufeff---\nlicense: mit\n---\n", {"license": "mit"}, ""),
        ("---\n---\nHi", {}, "Hi"),
        ("---\n# a comment\n---\nHi", {}, "Hi"),
        ("---\na: 1\n---", {"a": 1}, ""),
        ("---\na: 1\n", {}, "---\na: 1\n"),
        ("Hi\n---\na: 1\n---\n", {}, "Hi\n---\na: 1\n---\n"),
        ("---\na: x---y\n---\nHi\n---\n", {"a": "x---y"}, "Hi\n---\n"),
    ],
)
def test_metadata_is_between_two_lines_at_the_top(
    readme: str, data: dict[str, Any], text: str
) -> None:
    card = parse(readme)
    assert (card.data, card.text) == (data, text)


def test_everything_in_a_card_can_be_written_as_json() -> None:
    card = parse(
        "---\na: 2026-01-31\nb: .nan\nc: !!set {x, y}\n3: {4: .inf}\nd: !!binary aGk=\n---"
    )
    assert json.loads(json.dumps(card.data, allow_nan=False))["a"] == "2026-01-31"
    assert card.data["3"] == {"4": "inf"}


@pytest.mark.parametrize(
    ("yaml", "reason"),
    [
        ("license: [mit", r"line \d+"),
        ("a: b: c", r"line 2, column 5"),
        ("- a\n- b", "mapping"),
        ("just text", "mapping"),
        ("a: !!python/object/apply:os.system ['true']", "constructor|tag"),
        ("a: 2026-13-45", "month"),
        ("a: &x [*x]", "values or"),
    ],
)
def test_metadata_that_cannot_be_read_says_where(yaml: str, reason: str) -> None:
    with pytest.raises(InvalidRequestError, match=f"README.md.*({reason})"):
        parse(f"---\n{yaml}\n---\n")


def test_a_card_that_grows_when_read_is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    for level in range(1, 12):
        lines.append(f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]")
    with pytest.raises(InvalidRequestError, match="levels"):
        parse("---\n" + "\n".join(lines) + "\n---\n")


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    for readme in (text, f"---\n{text}\n---\n"):
        with suppress(InvalidRequestError):
            json.dumps(parse(readme).data, allow_nan=False, ensure_ascii=False).encode()


def _tags(repo_type: RepoType, card: dict[str, Any], **more: Any) -> list[str]:
    return tags_of(repo_type, card, more.get("config", {}), more.get("files", ()))


def test_tags_of_a_model() -> None:
    card = {
        "license": "mit",
        "language": ["en", "de"],
        "datasets": ["demo/snippets"],
        "base_model": "demo/minilm",
        "tags": ["fun", "fun"],
        "metrics": ["accuracy"],
    }
    config = {"architectures": ["BertForSequenceClassification"], "model_type": "bert"}
    found = _tags(RepoType.MODEL, card, config=config, files=["a/model.safetensors"])
    assert found == [
        *("transformers", "text-classification", "bert", "safetensors", "fun"),
        *("language:en", "en", "language:de", "de", "license:mit"),
        *("dataset:demo/snippets", "base_model:demo/minilm"),
    ]


def test_tags_of_a_dataset_and_of_a_space() -> None:
    card = {"task_categories": ["text-classification"], "size_categories": ["n<1K"], "tags": "x"}
    assert _tags(RepoType.DATASET, card, files=["data/train.parquet"]) == [
        *("parquet", "x", "task_categories:text-classification", "size_categories:n<1K"),
    ]
    assert _tags(RepoType.SPACE, {"sdk": "voila", "license": "mit"}) == ["voila", "license:mit"]


def test_tags_of_nonsense() -> None:
    card = {"tags": [1, None, {"a": 1}, " ", "x" * 300], "language": 5, "license": {"a": "b"}}
    assert _tags(RepoType.MODEL, card) == ["x" * 255]


@pytest.mark.parametrize(
    ("card", "config", "files", "library"),
    [
        ({"library_name": "sklearn"}, {"model_type": "bert"}, ["modules.json"], "sklearn"),
        ({}, {"model_type": "bert"}, ["model.safetensors"], "transformers"),
        ({}, {"model_type": "bert"}, ["modules.json"], "sentence-transformers"),
        ({}, {}, ["adapter_config.json"], "peft"),
        ({"library_name": ["x"]}, {}, [], None),
    ],
)
def test_the_library(
    card: dict[str, Any], config: dict[str, Any], files: list[str], library: str | None
) -> None:
    assert library_of(card, config, files) == library


@pytest.mark.parametrize(
    ("card", "architecture", "task"),
    [
        ({"pipeline_tag": "summarization"}, "BertForSequenceClassification", "summarization"),
        ({"pipeline_tag": "made-up"}, "", "made-up"),
        ({"pipeline_tag": "No Task!"}, "BertForMaskedLM", "fill-mask"),
        ({}, "BertForSequenceClassification", "text-classification"),
        ({}, "BertModel", None),
    ],
)
def test_the_task(card: dict[str, Any], architecture: str, task: str | None) -> None:
    assert pipeline_tag_of(card, {"architectures": [architecture]}) == task


def test_the_class_that_loads_a_model() -> None:
    assert auto_class({"architectures": ["BertForMaskedLM"]}) == "AutoModelForMaskedLM"
    assert auto_class({"architectures": ["BertModel"]}) == "AutoModel"


@pytest.mark.parametrize(
    ("front", "errors", "warnings"),
    [
        ("license: mit", 0, 0),
        ("license: [mit", 1, 0),
        ("tags: {a: b}", 1, 0),
        ("pipeline_tag: [1]\ntags: [1]", 2, 0),
        ("pipeline_tag: made-up", 0, 1),
        ("", 0, 1),
    ],
)
def test_validation(front: str, errors: int, warnings: int) -> None:
    report = validate(f"---\n{front}\n---\n# Hi", RepoType.MODEL)
    assert (len(report.errors), len(report.warnings)) == (errors, warnings)


def test_a_readme_without_metadata_is_a_warning() -> None:
    report = validate("# Hi", RepoType.MODEL)
    assert (report.errors, len(report.warnings)) == ([], 1)


def test_a_space_without_sdk_is_a_warning() -> None:
    assert len(validate("---\ntitle: x\n---\n", RepoType.SPACE).warnings) == 1
