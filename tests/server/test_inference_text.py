"""Models of texts over HTTP, as the public client calls them, and whatever else is sent to them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import requests
from huggingface_hub import InferenceClient

from tests.conftest import HubServer
from tests.server.text_models import ENTITIES, MODELS, text_model_server

CONTEXT = "ada made the film in london. bob made music in paris."
TABLE = {"who": ["ada", "bob"], "made": ["12", "7"]}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    with text_model_server(tmp_path_factory.mktemp("served")) as running:
        yield running


@pytest.fixture(scope="module")
def client(server: HubServer) -> Callable[[str], InferenceClient]:
    token = server.token(role="read")
    return lambda task: InferenceClient(
        model=f"{server.endpoint}/models/ada/{task}", token=token, timeout=60
    )


@pytest.fixture(scope="module")
def post(server: HubServer) -> Callable[..., requests.Response]:
    headers = {"Authorization": f"Bearer {server.token(role='read')}"}

    def send(task: str, body: Any, below: str = "") -> requests.Response:
        url = f"{server.endpoint}/models/ada/{task}{below}"
        more = {**headers, "Content-Type": "application/json"}
        return requests.post(url, data=json.dumps(body), headers=more, timeout=60)

    return send


def test_entities(client: Any) -> None:
    text = "é \U0001f600 ada made it in london"
    tagger = client("token-classification")
    for element in tagger.token_classification(text, ignore_labels=[]):
        assert element.entity_group in ("O", "PER", "LOC")
        assert 0 < element.score <= 1
        assert text[element.start : element.end].strip() == text[element.start : element.end]
    single = tagger.token_classification(text, aggregation_strategy="none", ignore_labels=[])
    assert {element.entity for element in single} <= set(ENTITIES)
    assert tagger.token_classification(text * 50, stride=4, ignore_labels=[])[-1].end > 1000


def test_gaps(client: Any) -> None:
    filled = client("fill-mask").fill_mask("a [MASK] film", top_k=3)
    assert len(filled) == 3
    assert all(element.token_str in element.sequence for element in filled)
    targets = client("fill-mask").fill_mask("a [MASK] film", targets=["good", "bad"])
    assert {element.token_str for element in targets} == {"good", "bad"}


def test_answers(client: Any, post: Any) -> None:
    reader = client("question-answering")
    answer = reader.question_answering("who made it?", CONTEXT)
    assert answer.answer == CONTEXT[answer.start : answer.end]
    several = reader.question_answering("who made it?", CONTEXT, top_k=3, max_answer_len=2)
    assert len(several) == 3
    maybe = reader.question_answering("who?", CONTEXT, top_k=99, handle_impossible_answer=True)
    assert "" in {element.answer for element in maybe}
    assert reader.question_answering(
        "who?", CONTEXT * 20, doc_stride=8, max_seq_len=40, align_to_words=False
    ).answer


def test_labels_of_ones_own(client: Any) -> None:
    judge = client("zero-shot-classification")
    found = judge.zero_shot_classification(CONTEXT, ["film", "sport", "music"])
    assert {element.label for element in found} == {"film", "sport", "music"}
    assert sum(element.score for element in found) == pytest.approx(1, abs=1e-3)
    both = judge.zero_shot_classification(
        CONTEXT, ["film", "sport"], multi_label=True, hypothesis_template="about {}"
    )
    assert len(both) == 2


def test_vectors(client: Any, post: Any) -> None:
    tokens = client("feature-extraction").feature_extraction("a film", normalize=True)
    assert tokens.shape == (1, 4, 32)
    assert np.linalg.norm(tokens, axis=-1) == pytest.approx(1, abs=1e-5)
    sentences = client("sentence-similarity/pipeline/feature-extraction")
    assert sentences.feature_extraction(["a film", "dull"]).shape == (2, 32)
    assert sentences.feature_extraction("a film", truncate=True, dimensions=8).shape == (8,)
    similar = client("sentence-similarity").sentence_similarity("a film", ["a film", "dull"])
    assert similar[0] == pytest.approx(1, abs=1e-3)
    assert -1 <= similar[1] < similar[0]
    of_plain = client("feature-extraction/pipeline/sentence-similarity")
    assert of_plain.sentence_similarity("a film", ["a film"])[0] == pytest.approx(1, abs=1e-3)
    body = {"input": ["a film", "dull"], "model": "whatever"}
    answer = post("sentence-similarity", body, "/v1/embeddings").json()
    assert answer["model"] == "ada/sentence-similarity"
    assert [len(entry["embedding"]) for entry in answer["data"]] == [32, 32]
    assert answer["usage"]["prompt_tokens"] == 7
    refused = post("translation", body, "/v1/embeddings")
    assert refused.status_code == 400
    assert "for 'translation', not for 'feature-extraction'" in refused.json()["error"]


def test_summaries_and_translations(client: Any) -> None:
    short = client("summarization").summarization(
        CONTEXT, generate_parameters={"max_new_tokens": 3}, clean_up_tokenization_spaces=True
    )
    longer = client("summarization").summarization(CONTEXT, truncation="longest_first")
    assert 0 < len(short.summary_text) < len(longer.summary_text)
    told = {"src_lang": "eng_Latn", "tgt_lang": "deu_Latn"}
    translated = client("translation").translation(
        "a film", **told, generate_parameters={"max_new_tokens": 5}
    )
    assert translated.translation_text


def test_tables(client: Any, post: Any) -> None:
    answer = client("table-question-answering").table_question_answering(TABLE, "who made 12?")
    assert answer.aggregator in ("NONE", "SUM", "COUNT")
    assert [TABLE[list(TABLE)[column]][row] for row, column in answer.coordinates] == answer.cells
    other = {"inputs": {"question": "who made 12?", "table": TABLE}}
    assert post("table-question-answering", other).json()["answer"] == answer.answer


def test_lists_are_answered_in_lists(post: Any) -> None:
    for task, inputs in (
        ("token-classification", ["ada", "bob in london"]),
        ("fill-mask", ["[MASK]", "a [MASK] film"]),
        ("summarization", ["ada", "bob"]),
        ("feature-extraction", ["ada", "bob"]),
    ):
        assert len(post(task, {"inputs": inputs}).json()) == 2


def test_many_clients_of_different_tasks_at_once(post: Any) -> None:
    def ask(number: int) -> Any:
        word = ["ada", "bob", "film"][number % 3]
        calls: tuple[tuple[str, Any, dict[str, Any]], ...] = (
            ("token-classification", f"{word} in london " * (number % 5 + 1), {"stride": 4}),
            ("fill-mask", f"{word} is [MASK]", {}),
            ("zero-shot-classification", word, {"candidate_labels": ["a", "b"]}),
        )
        task, inputs, parameters = calls[number % 3]
        answer = post(task, {"inputs": inputs, "parameters": parameters})
        return answer.status_code, answer.text

    with ThreadPoolExecutor(12) as clients:
        answers = list(clients.map(ask, range(60)))
    assert {status for status, _ in answers} == {200}


STRANGE = {
    "half a pair": "a \ud800 film",
    "control": "\x00\x01\x1b[31m film \x7f\u0085",
    "right to left": "\u202eمرحبا שלום\u202c film",
    "emoji": "👩\u200d👩\u200d👧\u200d👦🏳️\u200d🌈 \U0010ffff film",
    "combining": "f" + "\u0301" * 400 + "ilm",
    "empty": "",
    "blank": "\u200b \u00a0\u2028",
    "only controls": "\x01\x02",
    "one long word": "x" * 100_000,
    "special tokens": "[CLS] [SEP] [PAD] </s> <s> <pad> film",
}
BODIES: dict[str, Callable[[str], dict[str, Any]]] = {
    "token-classification": lambda text: {"inputs": text, "parameters": {"stride": 4}},
    "fill-mask": lambda text: {"inputs": f"{text} [MASK]"},
    "question-answering": lambda text: {"inputs": {"question": text, "context": text}},
    "zero-shot-classification": lambda text: {
        "inputs": text,
        "parameters": {"candidate_labels": [text, "film"], "hypothesis_template": text + "{}"},
    },
    "feature-extraction": lambda text: {"inputs": [text, "film"]},
    "sentence-similarity": lambda text: {
        "inputs": {"source_sentence": text, "sentences": [text, "film"]}
    },
    "summarization": lambda text: {"inputs": text, "parameters": {"max_new_tokens": 3}},
    "translation": lambda text: {
        "inputs": text,
        "parameters": {"max_new_tokens": 3, "src_lang": "eng_Latn", "tgt_lang": "deu_Latn"},
    },
    "table-question-answering": lambda text: {
        "inputs": {"question": "who?", "table": {text: [text, "12"]}}
    },
}


@pytest.mark.parametrize("task", sorted(MODELS))
def test_strange_texts_are_answered_or_refused_in_a_sentence(post: Any, task: str) -> None:
    for name, text in STRANGE.items():
        for field in (False, True):
            body = {**BODIES[task](text), **({text: text} if field else {})}
            answer = post(task, body)
            assert answer.status_code in (200, 400), (name, answer.text)
            if answer.status_code == 400:
                assert answer.headers["X-Error-Code"] == "InvalidRequest", (name, answer.text)
                assert answer.json()["error"], name


@pytest.mark.parametrize("task", sorted(MODELS))
def test_a_million_characters_are_answered_or_refused(post: Any, task: str) -> None:
    for text in ("film " * 199_000, "x" * 1_000_001):
        answer = post(task, BODIES[task](text))
        assert answer.status_code in (200, 400), answer.text
        if len(text) > 1_000_000:
            assert answer.status_code == 400
            assert "characters" in answer.json()["error"]


@pytest.mark.parametrize("task", sorted(MODELS))
@pytest.mark.parametrize("inputs", [None, 3, True, [], {}, [[]], [{}], {"a": 1}, [None]])
def test_wrong_inputs_are_refused_by_field(post: Any, task: str, inputs: Any) -> None:
    parameters = BODIES[task]("x").get("parameters", {})
    answer = post(task, {"inputs": inputs, "parameters": parameters})
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("inputs")


def test_each_model_says_what_can_be_tried(server: HubServer) -> None:
    headers = {"Authorization": f"Bearer {server.token()}"}
    for task in MODELS:
        found = requests.get(
            f"{server.endpoint}/api/models/ada/{task}/widget", headers=headers, timeout=30
        ).json()
        assert (found["task"], found["servable"], found["reason"]) == (task, True, None)
        assert found["schema"]["required"][0] == "inputs"
        if found["examples"] and task != "translation":  # this one must be told both languages
            url = f"{server.endpoint}/models/ada/{task}"
            answer = requests.post(
                url, json=found["examples"][0]["body"], headers=headers, timeout=120
            )
            assert answer.status_code == 200, (task, answer.text)
