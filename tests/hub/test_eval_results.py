"""Evaluation results in files and cards: what is written is read again, whoever wrote it."""

from __future__ import annotations

import time

import pytest
import yaml
from huggingface_hub import ModelCard, parse_eval_result_entries

from phub_jupyter.card_results import card_with
from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.eval_results import (
    EvalResult,
    file_of,
    from_report,
    merged,
    names_of,
    read_results,
    write_results,
)

_RESULT = EvalResult(
    dataset="ada/reviews",
    task="text-classification",
    metric="accuracy",
    value=0.857,
    dataset_commit="a" * 40,
    model_commit="b" * 40,
    split="test",
    rows=100,
    stderr=0.01,
    low=0.8,
    high=0.9,
    date="2026-01-01T10:00:00Z",
    notes="with care",
)


def test_a_file_is_read_as_it_was_written_and_by_the_public_client() -> None:
    text = write_results([_RESULT])
    assert read_results(text) == [_RESULT]
    (entry,) = parse_eval_result_entries(yaml.safe_load(text))
    assert (entry.dataset_id, entry.value) == ("ada/reviews", 0.857)
    assert entry.task_id == "text-classification/accuracy"
    assert entry.dataset_revision == "a" * 40
    assert file_of("ada/reviews") == ".eval_results/ada--reviews.yaml"


def test_what_others_write_is_read_as_far_as_it_goes() -> None:
    text = "- dataset: {id: cais/hle, task_id: default}\n  value: 20.9\n  date: 2025-01-15\n"
    (found,) = read_results(text)
    assert (found.task, found.metric, found.value) == ("default", "", 20.9)
    assert found.date == "2025-01-15"
    assert read_results("") == []


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("a: [", "invalid YAML"),
        ("just words", "must hold a list"),
        ("- 7", "entry 1 has no dataset"),
        ("- {dataset: {task_id: x}, value: 1}", "entry 1 has no dataset with an id"),
        ("- {dataset: {id: a/b}, value: .nan}", "value of entry 1 is not a number"),
        ("- {dataset: {id: a/b}, value: true}", "value of entry 1 is not a number"),
        ("- {dataset: {id: a/b}, value: '8'}", "value of entry 1 is not a number"),
    ],
)
def test_a_file_that_is_wrong_is_refused_in_a_sentence(text: str, word: str) -> None:
    with pytest.raises(InvalidRequestError, match=word):
        read_results(text)


_LEVELS = "\n".join(f"- &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30))
_MERGES = "\n".join(f"- &m{n} {{<<: [{', '.join([f'*m{n - 1}'] * 9)}]}}" for n in range(1, 30))


@pytest.mark.parametrize(
    "text",
    [
        f"- &a0 [lol]\n{_LEVELS}\n- {{dataset: {{id: a/b}}, value: 1, notes: *a29}}",
        f"- &m0 {{x: 1}}\n{_MERGES}\n- {{dataset: {{id: a/b}}, value: 1}}",
        "[" * 5000 + "]" * 5000,
        "- " + "1" * 20_000,
        "- x\n" * 100_000,
    ],
    ids=["aliases", "merge keys", "depth", "digits", "size"],
)
def test_a_hostile_file_is_refused_quickly(text: str) -> None:
    began = time.monotonic()
    with pytest.raises(InvalidRequestError, match="eval results"):
        read_results(text)
    with pytest.raises(InvalidRequestError, match="README.md"):
        card_with(f"---\nmodel-index:\n{text}\n---\n", "one", [_RESULT])
    assert time.monotonic() - began < 5


def test_models_of_a_report_are_told_apart() -> None:
    old, new = {"repo": "a/b", "commit": "0" * 40}, {"repo": "a/b", "commit": "1" * 40}
    other = {"repo": "a/c", "commit": "0" * 40}
    assert names_of([old, other], push=True) == ["a/b", "a/c"]
    assert names_of([old, new, other]) == ["a/b@00000000", "a/b@11111111", "a/c"]
    with pytest.raises(InvalidRequestError, match="named twice"):
        names_of([old, old])
    with pytest.raises(InvalidRequestError, match="push: a/b"):
        names_of([old, new], push=True)


def test_a_new_value_replaces_the_one_of_the_same_kind() -> None:
    again = EvalResult("Ada/Reviews", "text-classification", "accuracy", 0.9, split="test")
    other = EvalResult("ada/reviews", "text-classification", "accuracy", 0.5, split="validation")
    assert merged([_RESULT, other], [again]) == [other, again]


def test_a_card_keeps_what_it_had() -> None:
    card = card_with(
        "---\nlicense: mit\nwidget: [{text: hi}]\n---\n# One\n\nText.\n", "one", [_RESULT]
    )
    again = EvalResult("ada/reviews", "text-classification", "accuracy", 0.9, split="test")
    other = EvalResult("ada/reviews", "text-classification", "f1", 0.8, split="test")
    read = ModelCard(card_with(card, "one", [again, other]))
    assert read.content.rstrip().endswith("# One\n\nText.")
    assert read.data.to_dict()["license"] == "mit"
    assert read.data.to_dict()["widget"] == [{"text": "hi"}]
    results = {each.metric_type: each for each in read.data.eval_results or []}
    assert {name: each.metric_value for name, each in results.items()} == {
        "accuracy": 0.9,
        "f1": 0.8,
    }
    assert results["f1"].metric_name == "Macro F1"


def test_a_model_without_a_card_gets_one() -> None:
    read = ModelCard(card_with("", "one", [_RESULT]))
    (found,) = read.data.eval_results or []
    assert (found.dataset_type, found.metric_value) == ("ada/reviews", 0.857)
    assert read.data.model_name == "one"


def test_a_card_that_cannot_be_read_is_left_alone() -> None:
    with pytest.raises(InvalidRequestError, match="README.md: its front matter cannot be read"):
        card_with("---\na: [\n---\n", "one", [_RESULT])


def test_results_come_from_a_report() -> None:
    score = {"value": 0.5, "stderr": 0.1, "rows": 4, "low": 0.25, "high": 0.75}
    nothing = {"value": None, "stderr": None, "rows": 4, "low": None, "high": None}
    report = {
        "task": "text-classification",
        "split": "test",
        "models": [{"model": "ada/one", "scores": {"accuracy": score, "roc_auc": nothing}}],
    }
    commits = {"model_commit": "b" * 40, "dataset_commit": "a" * 40, "date": "2026-01-01"}
    (found,) = from_report(report, "ada/one", dataset="ada/reviews", **commits)
    assert (found.metric, found.value, found.rows, found.low) == ("accuracy", 0.5, 4, 0.25)
