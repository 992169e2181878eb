"""Text classification: the public shapes, transformers' scores, one sentence a mistake."""

from __future__ import annotations

import json
import pickle
import shutil
from pathlib import Path
from typing import Any

import pytest

from phub_jupyter.compute.inference import local
from phub_jupyter.compute.inference.pipelines import text_classification
from phub_jupyter.errors import InvalidRequestError, NotSupportedError
from tests.compute.tiny_classifier import LABELS, make_classifier

TEXTS = ["a good film", "the story was not very bright, and it is long " * 9, "dull", "zyx!"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_classifier(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    """A copy of the model for a test to damage."""
    return Path(shutil.copytree(folder, tmp_path / "copy"))


def infer(folder: Path, inputs: Any, parameters: Any = None) -> Any:
    return local.infer(folder, "text-classification", {"inputs": inputs, "parameters": parameters})


@pytest.mark.parametrize("function", [None, "softmax", "sigmoid", "none"])
def test_scores_are_those_of_the_transformers_pipeline(folder: Path, function: str | None) -> None:
    from transformers import pipeline

    reference = pipeline("text-classification", model=str(folder), top_k=None)
    expected = reference(TEXTS, function_to_apply=function, truncation=True)
    answer = infer(folder, TEXTS, {"function_to_apply": function})
    assert len(answer) == len(TEXTS)
    for ours, theirs in zip(answer, expected, strict=True):
        assert [entry["label"] for entry in ours] == [entry["label"] for entry in theirs]
        scores = [entry["score"] for entry in ours]
        assert scores == pytest.approx([entry["score"] for entry in theirs], abs=0.02)


def test_one_text_gets_a_nested_list_as_the_public_api_gives_it(folder: Path) -> None:
    answer = infer(folder, "a good film")
    assert len(answer) == 1
    assert {entry["label"] for entry in answer[0]} == set(LABELS)
    assert sum(entry["score"] for entry in answer[0]) == pytest.approx(1, abs=0.01)
    scores = [entry["score"] for entry in answer[0]]
    assert scores == sorted(scores, reverse=True)
    json.dumps(answer, allow_nan=False)


@pytest.mark.parametrize(("top_k", "count"), [(1, 1), (2, 2), (99, len(LABELS))])
def test_top_k_limits_the_labels(folder: Path, top_k: int, count: int) -> None:
    assert [len(labels) for labels in infer(folder, TEXTS, {"top_k": top_k})] == [count] * 4


def test_a_text_longer_than_the_model_is_cut(folder: Path) -> None:
    model = text_classification.load(folder)
    request = text_classification.parse({"inputs": "film " * 500})
    assert [item.length for item in model.tokenise(request)] == [64]
    assert infer(folder, "film " * 500) == infer(folder, "film " * 300)


def test_padding_in_a_batch_does_not_change_a_score(folder: Path) -> None:
    model = text_classification.load(folder)
    request = text_classification.parse({"inputs": TEXTS})
    items = model.tokenise(request)
    together = model.shape(request, model.run(items))
    alone = model.shape(request, [model.run([item])[0] for item in items])
    for left, right in zip(together, alone, strict=True):
        assert [entry["label"] for entry in left] == [entry["label"] for entry in right]
        assert [entry["score"] for entry in left] == pytest.approx(
            [entry["score"] for entry in right], abs=0.02
        )


@pytest.mark.parametrize(
    ("inputs", "parameters", "message"),
    [
        (None, None, "inputs: send a text"),
        ({"text": "x"}, None, "inputs: send a text"),
        ([], None, "inputs: the list is empty"),
        ("   ", None, "inputs: the text is empty"),
        (["good", ""], None, r"inputs\[1\]: the text is empty"),
        (["good", 3], None, r"inputs\[1\]: expected a text, got int"),
        (["good", ["bad"]], None, r"inputs\[1\]: expected a text, got list"),
        (["x"] * 513, None, "513 texts are too many"),
        ("x" * 1_000_001, None, "more than 1,000,000 characters"),
        ("\ud800", None, "half a surrogate pair"),
        ("x", [], "parameters: send a JSON object"),
        ("x", {"top_k": 0}, "parameters.top_k: use a whole number"),
        ("x", {"top_k": True}, "parameters.top_k: use a whole number"),
        ("x", {"top_k": "2"}, "parameters.top_k: use a whole number"),
        ("x", {"function_to_apply": "relu"}, "parameters.function_to_apply: use sigmoid"),
        ("x", {"function_to_apply": ["none"]}, "parameters.function_to_apply: use sigmoid"),
        ("x", {"topk": 1}, "parameters.topk: unknown"),
    ],
)
def test_a_bad_call_is_refused_by_field(inputs: Any, parameters: Any, message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        text_classification.parse({"inputs": inputs, "parameters": parameters})


def test_a_pickle_is_refused_and_never_opened(copy: Path, tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> Any:
            return (Path.touch, (tmp_path / "opened",))

    (copy / "model.safetensors").unlink()
    (copy / "pytorch_model.bin").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(InvalidRequestError, match=r"a pickle \(pytorch_model\.bin\).*safetensors"):
        infer(copy, "good")
    assert not (tmp_path / "opened").exists()


def test_a_model_with_its_own_code_is_refused_and_the_code_never_runs(
    copy: Path, tmp_path: Path
) -> None:
    config = json.loads((copy / "config.json").read_text())
    config["auto_map"] = {"AutoModelForSequenceClassification": "trap.Trap"}
    (copy / "config.json").write_text(json.dumps(config))
    (copy / "trap.py").write_text(f"open({str(tmp_path / 'opened')!r}, 'w')")
    with pytest.raises(NotSupportedError, match="own Python code"):
        infer(copy, "good")
    assert not (tmp_path / "opened").exists()


def test_a_model_without_a_trained_head_is_refused_instead_of_answering_noise(
    tmp_path: Path,
) -> None:
    from transformers import AutoModel

    whole = make_classifier(tmp_path / "whole")
    headless = Path(shutil.copytree(whole, tmp_path / "headless"))
    AutoModel.from_pretrained(whole).save_pretrained(headless)
    with pytest.raises(InvalidRequestError, match=r"weights lack classifier\.bias"):
        infer(headless, "good")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("config.json", None, "no config.json"),
        ("config.json", b"{", "config.json is not valid JSON"),
        ("config.json", b"[]", "must hold a JSON object"),
        ("config.json", b'{"model_type": "nonesuch"}', "transformers cannot load it"),
        ("model.safetensors", None, "has no weights"),
        ("model.safetensors", b"not safetensors at all", "transformers cannot load it"),
    ],
)
def test_a_damaged_model_is_refused_with_what_is_wrong(
    copy: Path, name: str, content: bytes | None, message: str
) -> None:
    (copy / name).unlink()
    if content is not None:
        (copy / name).write_bytes(content)
    with pytest.raises(InvalidRequestError, match=f"^model: .*{message}"):
        infer(copy, "good")


def test_another_task_is_refused_by_name(folder: Path) -> None:
    with pytest.raises(NotSupportedError, match="cannot run 'depth-estimation' yet"):
        local.infer(folder, "depth-estimation", {"inputs": "x"})


@pytest.mark.parametrize(
    ("problem_type", "total"), [("multi_label_classification", None), ("regression", None)]
)
def test_the_default_function_follows_the_kind_of_problem(
    copy: Path, problem_type: str, total: None
) -> None:
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps({**config, "problem_type": problem_type}))
    function = {"multi_label_classification": "sigmoid", "regression": "none"}[problem_type]
    assert infer(copy, TEXTS) == infer(copy, TEXTS, {"function_to_apply": function})
    assert infer(copy, TEXTS) != infer(copy, TEXTS, {"function_to_apply": "softmax"})
