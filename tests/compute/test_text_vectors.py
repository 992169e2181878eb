"""Vectors of texts: transformers' for tokens, pooled ones for sentence models, and similarity."""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from phub_jupyter.compute.inference import local
from phub_jupyter.compute.inference.pipelines import (
    embeddings,
    feature_extraction,
    sentence_similarity,
    text_vectors,
)
from phub_jupyter.errors import InvalidRequestError, NotSupportedError
from tests.compute.tiny_models.bert import make_bert
from tests.compute.tiny_models.sentences import make_sentence_model, minilm

TEXTS = ["ada made a film in london", "dull", "the music was not very bright, who is bob?"]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bert(tmp_path_factory.mktemp("models") / "plain", "Model")


def infer(folder: Path, inputs: Any, **fields: Any) -> Any:
    return local.infer(folder, "feature-extraction", {"inputs": inputs, **fields})


def hidden(folder: Path, text: str) -> Any:
    """The last layer for every token of a text, straight from transformers."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokens = AutoTokenizer.from_pretrained(folder)(
        text, return_tensors="pt", truncation=True, max_length=16
    )
    with torch.inference_mode():
        return AutoModel.from_pretrained(folder).eval()(**tokens).last_hidden_state[0].numpy()


def test_a_plain_encoder_gives_the_vectors_of_tokens_that_transformers_gives(
    plain: Path, full_precision: None
) -> None:
    from transformers import pipeline

    reference = pipeline("feature-extraction", model=str(plain))
    for text in TEXTS:
        expected = np.array(reference(text))
        answer = np.array(infer(plain, text))
        assert answer.shape == expected.shape
        assert answer == pytest.approx(expected, abs=1e-4)
    several = infer(plain, TEXTS)
    assert [len(vectors) for vectors in several] == [len(infer(plain, text)[0]) for text in TEXTS]
    assert np.array(several[0]) == pytest.approx(np.array(infer(plain, TEXTS[0])[0]), abs=1e-4)


def test_minilm_gives_one_vector_of_length_one_a_text(full_precision: None) -> None:
    import torch
    from transformers import AutoModel, AutoTokenizer

    folder = minilm()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModel.from_pretrained(folder).eval()
    answer = np.array(infer(folder, TEXTS))
    assert answer.shape == (3, 384)
    for text, vector in zip(TEXTS, answer, strict=True):
        with torch.inference_mode():
            states = model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0]
        mean = states.mean(0).numpy()
        assert vector == pytest.approx(mean / np.linalg.norm(mean), abs=1e-4)
    one = infer(folder, TEXTS[0])
    assert one == pytest.approx(answer[0].tolist(), abs=1e-4)


def test_minilm_in_half_precision_points_the_same_way() -> None:
    local._load.cache_clear()
    left = np.array(infer(minilm(), TEXTS))
    mixed = np.array([infer(minilm(), text) for text in TEXTS])
    assert np.linalg.norm(left - mixed, axis=1).max() < 0.03


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"pooling_mode_mean_tokens": True}, lambda states: states.mean(0)),
        ({"pooling_mode_cls_token": True}, lambda states: states[0]),
        ({"pooling_mode_max_tokens": True}, lambda states: states.max(0)),
        ({"pooling_mode_lasttoken": True}, lambda states: states[-1]),
        ({"pooling_mode": "mean"}, lambda states: states.mean(0)),
        (
            {"pooling_mode_mean_sqrt_len_tokens": True},
            lambda states: states.sum(0) / np.sqrt(len(states)),
        ),
        (
            {"pooling_mode_weightedmean_tokens": True},
            lambda states: np.average(states, 0, np.arange(1, len(states) + 1)),
        ),
        (
            {"pooling_mode_cls_token": True, "pooling_mode_max_tokens": True},
            lambda states: np.concatenate([states[0], states.max(0)]),
        ),
        ({}, lambda states: states.mean(0)),
    ],
)
def test_ways_to_pool(
    tmp_path: Path, full_precision: None, config: dict[str, Any], expected: Any
) -> None:
    folder = make_sentence_model(tmp_path / "model", config)
    answer = infer(folder, TEXTS)
    for text, vector in zip(TEXTS, answer, strict=True):
        assert vector == pytest.approx(expected(hidden(folder, text)), abs=1e-4)


def test_dense_layers_and_normalisation_follow(tmp_path: Path, full_precision: None) -> None:
    from safetensors.numpy import load_file

    folder = make_sentence_model(tmp_path / "model", {}, dense="Tanh", normalize=True)
    weights = load_file(folder / "2_Dense" / "model.safetensors")
    mean = hidden(folder, TEXTS[0]).mean(0)
    dense = np.tanh(weights["linear.weight"] @ mean + weights["linear.bias"])
    assert infer(folder, TEXTS[0]) == pytest.approx(dense / np.linalg.norm(dense), abs=1e-4)


def test_prompts_go_before_the_text_and_may_be_left_out_of_the_mean(
    tmp_path: Path, full_precision: None
) -> None:
    extra = {"prompts": {"query": "who is ", "plain": ""}, "default_prompt_name": "query"}
    folder = make_sentence_model(tmp_path / "a", {}, extra=extra)
    prompted = infer(folder, "bob", prompt_name="query")
    assert prompted == infer(folder, "bob")
    assert prompted == pytest.approx(infer(folder, "who is bob", prompt_name="plain"), abs=1e-4)
    with pytest.raises(InvalidRequestError, match=r"prompt_name: .* it has plain, query"):
        infer(folder, "bob", prompt_name="passage")
    without = make_sentence_model(tmp_path / "b", {"include_prompt": False}, extra=extra)
    expected = hidden(without, "who is bob")[3:].mean(0)
    assert infer(without, "bob") == pytest.approx(expected, abs=1e-4)
    together = infer(without, ["bob", "the film is very very long"])
    assert together[0] == pytest.approx(expected, abs=1e-4)


def test_long_texts_are_cut_on_the_wished_side_or_refused(tmp_path: Path) -> None:
    folder = make_sentence_model(tmp_path / "model", {})
    words = "ada bob film london paris music sport good bad dull bright long made who is not very"
    right = infer(folder, words)
    assert right == infer(folder, words + " very long", truncation_direction="Right")
    left = infer(folder, words, truncation_direction="left")
    assert left == pytest.approx(
        infer(folder, "very long " + words, truncation_direction="left"), abs=1e-6
    )
    assert left != right
    with pytest.raises(InvalidRequestError, match="text 2 has 19 tokens, and the model sees 16"):
        infer(folder, ["dull", words], truncate=False)
    assert infer(folder, "dull", truncate=False) == infer(folder, "dull")


def test_normalize_and_dimensions(tmp_path: Path, plain: Path) -> None:
    folder = make_sentence_model(tmp_path / "model", {})
    raw = np.array(infer(folder, "a film"))
    unit = np.array(infer(folder, "a film", normalize=True))
    assert unit == pytest.approx(raw / np.linalg.norm(raw), abs=1e-6)
    short = np.array(infer(folder, "a film", dimensions=4, normalize=True))
    assert short == pytest.approx(raw[:4] / np.linalg.norm(raw[:4]), abs=1e-6)
    assert infer(folder, "a film", parameters={"normalize": True}) == unit.tolist()
    tokens = np.array(infer(plain, "a film", normalize=True))
    assert np.linalg.norm(tokens, axis=-1) == pytest.approx(1)
    with pytest.raises(InvalidRequestError, match="dimensions: the model's vectors have 32"):
        infer(folder, "a film", dimensions=33)


def test_similarity_is_the_cosine_of_pooled_vectors(plain: Path, full_precision: None) -> None:
    for folder in (minilm(), plain):
        body = {"inputs": {"source_sentence": TEXTS[0], "sentences": [*TEXTS, "Ada films"]}}
        answer = local.infer(folder, "sentence-similarity", body)
        assert len(answer) == 4
        assert answer[0] == pytest.approx(1, abs=1e-5)
        pooled = local.infer(folder, "embeddings", {"input": [*TEXTS, "Ada films"]})
        rows = np.array([entry["embedding"] for entry in pooled["data"]])
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        assert answer == pytest.approx((rows @ rows[0]).tolist(), abs=1e-5)


def test_embeddings_in_the_form_that_many_programs_speak() -> None:
    body: dict[str, Any] = {"input": ["a film", "dull"], "model": "ada/minilm", "dimensions": 8}
    answer = local.infer(minilm(), "embeddings", body)
    assert (answer["object"], answer["model"]) == ("list", "ada/minilm")
    assert answer["usage"] == {"prompt_tokens": 7, "total_tokens": 7}
    assert [entry["index"] for entry in answer["data"]] == [0, 1]
    coded = local.infer(minilm(), "embeddings", {**body, "encoding_format": "base64"})
    for entry, other in zip(answer["data"], coded["data"], strict=True):
        vector = np.frombuffer(base64.b64decode(other["embedding"]), "<f4")
        assert entry["embedding"] == pytest.approx(vector.tolist(), abs=1e-6)
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_an_encoder_with_another_head_gives_vectors_too(tmp_path: Path) -> None:
    folder = make_bert(tmp_path / "model", "ForMaskedLM")
    assert np.array(infer(folder, "a film")).shape == (1, 4, 32)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"normalize": "yes"}, "normalize: use true or false"),
        ({"truncate": 1}, "truncate: use true or false"),
        ({"truncation_direction": "up"}, "truncation_direction: use left, right"),
        ({"prompt_name": 3}, "prompt_name: expected a text"),
        ({"dimensions": 0}, "dimensions: use a whole number from 1"),
        ({"encoding_format": "base64"}, "encoding_format: use float"),
        ({"normalise": True}, "normalise: unknown field"),
        ({"normalize": True, "parameters": {"normalize": True}}, "normalize: sent twice"),
        ({"parameters": {"pool": "mean"}}, r"parameters\.pool: unknown"),
    ],
)
def test_a_bad_call_is_refused_by_field(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        feature_extraction.parse({"inputs": "x", **fields})


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ("x", "inputs: send a JSON object"),
        ({"source_sentence": "x"}, r"inputs\.sentences: send a text"),
        ({"sentences": ["x"]}, r"inputs\.source_sentence: expected a text"),
        ({"source_sentence": "x", "sentences": []}, r"inputs\.sentences: the list is empty"),
        ({"source_sentence": "x", "sentences": ["x", 1]}, r"inputs\.sentences\[1\]: expected"),
        ({"source_sentence": "x", "sentences": ["x"], "k": 1}, r"inputs\.k: unknown"),
        ({"source_sentence": "x", "sentences": ["x"] * 512}, "512 texts are too many"),
    ],
)
def test_bad_sentences_are_refused_by_field(inputs: Any, message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        sentence_similarity.parse({"inputs": inputs})


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "input: send a text"),
        ({"input": "x", "inputs": "x"}, "inputs: unknown; this call takes input"),
        ({"input": "x", "encoding_format": "hex"}, "encoding_format: use float, base64"),
        ({"input": [1, 2]}, r"input\[0\]: expected a text"),
    ],
)
def test_bad_embeddings_calls_are_refused(body: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        embeddings.parse(body)


def test_an_answer_of_too_many_numbers_is_refused(
    plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_vectors, "_MAX_NUMBERS", 10_000)
    with pytest.raises(InvalidRequestError, match="about 10,240 numbers, more than 10,000"):
        infer(plain, ["film " * 80] * 5)
    assert len(infer(plain, ["film " * 80] * 4)) == 4


@pytest.mark.parametrize(
    ("name", "content", "error", "message"),
    [
        ("modules.json", b"{", InvalidRequestError, "modules.json is not valid JSON"),
        ("modules.json", b"{}", InvalidRequestError, "modules.json must hold a JSON list"),
        ("modules.json", b"[]", NotSupportedError, "begins with no transformer"),
        ("modules.json", b"[1]", InvalidRequestError, "must list objects"),
        (
            "modules.json",
            b'[{"type": "a.Transformer", "path": "../other"}]',
            InvalidRequestError,
            "leads out of the repository",
        ),
        (
            "modules.json",
            b'[{"type": "a.Transformer", "path": ""}, {"type": "a.LSTM", "path": ""}]',
            NotSupportedError,
            "a step 'LSTM'",
        ),
        ("1_Pooling/config.json", b'{"pooling_mode": "best"}', NotSupportedError, "by 'best'"),
        ("2_Dense/model.safetensors", None, InvalidRequestError, "no model.safetensors"),
        ("2_Dense/model.safetensors", b"junk", InvalidRequestError, "cannot be read"),
        (
            "2_Dense/config.json",
            b'{"activation_function": "os.system"}',
            NotSupportedError,
            "uses system",
        ),
    ],
)
def test_damaged_or_unknown_steps_are_refused(
    tmp_path: Path, name: str, content: bytes | None, error: type[Exception], message: str
) -> None:
    folder = make_sentence_model(tmp_path / "model", {}, dense="Tanh")
    (folder / name).unlink()
    if content is not None:
        (folder / name).write_bytes(content)
    with pytest.raises(error, match=f"^model: .*{message}"):
        infer(folder, "x")


def test_a_transformer_in_a_folder_of_its_own_is_found(
    tmp_path: Path, full_precision: None
) -> None:
    flat = make_sentence_model(tmp_path / "flat", {})
    deep = Path(shutil.copytree(flat, tmp_path / "deep"))
    steps = json.loads((deep / "modules.json").read_text())
    steps[0]["path"] = "0_Transformer"
    (deep / "modules.json").write_text(json.dumps(steps))
    (deep / "0_Transformer").mkdir()
    for path in [path for path in deep.iterdir() if path.is_file()]:
        if path.name != "modules.json":
            path.rename(deep / "0_Transformer" / path.name)
    assert infer(deep, "a film") == pytest.approx(infer(flat, "a film"))


def test_more_numbers_than_an_answer_holds_are_refused_before_they_are_made() -> None:
    request = feature_extraction.parse({"inputs": ["one", "other"]})
    vectors = [np.broadcast_to(np.float32(0.5), (3000, 700))] * 2
    with pytest.raises(InvalidRequestError, match="send fewer texts at a time"):
        request.answer(vectors, 6000)
    few = feature_extraction.parse({"inputs": ["one", "other"], "dimensions": 1})
    assert len(few.answer(vectors, 6000)[1]) == 3000
