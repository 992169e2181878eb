"""The widget contract: what a page is told of a model, from its card, files and rights."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

import jsonschema
import pytest
import requests

from phub_jupyter.hub.cards.front_matter import parse
from phub_jupyter.hub.serving.examples import Speech, examples
from phub_jupyter.identifiers import RepoId, RepoType

from ..conftest import HubServer
from .repo_client import RepoClient, add

NUMBERS = count()
WEIGHTS = {"model.safetensors": b"weights", "config.json": b"{}"}
Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def ask(served: HubServer) -> Ask:
    """The widget of a new model with this card and these files."""

    def answer(card: str, files: Mapping[str, bytes] = WEIGHTS) -> dict[str, Any]:
        client = RepoClient(served, f"w{next(NUMBERS)}")
        readme = f"---\n{card}\n---\n".encode()
        client.commit(*(add(*item) for item in {"README.md": readme, **files}.items()))
        return widget(served, client.id)

    return answer


def widget(served: HubServer, repo_id: str, user: str = "ada") -> dict[str, Any]:
    address = f"{served.endpoint}/api/models/{repo_id}/widget"
    headers = {"Authorization": f"Bearer {served.token(user)}"}
    answer = requests.get(address, headers=headers, timeout=30)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def bodies(told: dict[str, Any]) -> list[dict[str, Any]]:
    """What to send for each example, which the schema must allow."""
    sent = [example["body"] for example in told["examples"]]
    for body in sent:
        jsonschema.validate(body, (told["chat"] if "messages" in body else told)["schema"])
    return sent


def test_a_model_says_what_it_takes_and_offers_something_to_try(
    served: HubServer, ask: Ask
) -> None:
    told = ask("pipeline_tag: text-classification")
    assert (told["task"], told["label"]) == ("text-classification", "Text Classification")
    assert (told["servable"], told["reason"], told["shown"]) == (True, None, True)
    assert told["address"] == f"{served.endpoint}/models/{told['id']}"
    assert told["chat"] is None
    assert len(told["sha"]) == 40
    assert bodies(told)[0]["inputs"].startswith("A quiet film")


CARDS: list[tuple[str, str, list[Any]]] = [
    ("text-classification", "- text: good\n- just this", ["good", "just this"]),
    ("text-classification", "- text: 42\n  example_title: A number", ["42"]),
    (
        "question-answering",
        "- {text: Who?, context: Ada did.}",
        [{"question": "Who?", "context": "Ada did."}],
    ),
    (
        "sentence-similarity",
        "- {source_sentence: a, sentences: [b, c]}",
        [{"source_sentence": "a", "sentences": ["b", "c"]}],
    ),
    (
        "table-question-answering",
        "- {text: How many?, table: {n: [1, 2]}}",
        [{"question": "How many?", "table": {"n": [1, 2]}}],
    ),
    (
        "tabular-regression",
        "- structured_data: {n: [1, 2], c: [a, b]}",
        [{"data": {"n": [1, 2], "c": ["a", "b"]}}],
    ),
    ("tabular-regression", "- table: [{n: 1}, {n: 2}]", [{"data": {"n": [1, 2]}}]),
    ("text-to-image", "- prompt: a boat", ["a boat"]),
]


@pytest.mark.parametrize(("task", "entries", "inputs"), CARDS)
def test_examples_come_from_the_card_in_every_known_shape(
    ask: Ask, task: str, entries: str, inputs: list[Any]
) -> None:
    told = ask(f"pipeline_tag: {task}\nwidget:\n{entries}")
    assert [body["inputs"] for body in bodies(told)] == inputs


def test_labels_to_choose_from_may_be_one_text(ask: Ask) -> None:
    told = ask(
        "pipeline_tag: zero-shot-classification\n"
        "inference: {parameters: {hypothesis_template: 'It is {}.', unknown: 1}}\n"
        "widget: [{text: A lid, candidate_labels: 'lid, pot', multi_class: true,"
        " group: Kitchen, output: [{label: lid, score: 0.9}]}]"
    )
    (example,) = told["examples"]
    assert example["body"]["parameters"] == {
        "candidate_labels": ["lid", "pot"],
        "hypothesis_template": "It is {}.",
        "multi_label": True,
    }
    assert (example["group"], example["output"][0]["label"]) == ("Kitchen", "lid")
    bodies(told)


def test_pictures_are_named_by_address(served: HubServer, ask: Ask) -> None:
    told = ask(
        "pipeline_tag: visual-question-answering\nwidget:\n"
        "- {src: 'a cat.png', text: What is it?}\n- {src: 'https://example.org/b.png', text: b?}\n"
        "- {src: 'javascript:alert(1)', text: c?}\n- {text: no picture}"
    )
    address = f"{served.endpoint}/{told['id']}/resolve/main/a%20cat.png"
    assert [example["src"] for example in told["examples"]] == [
        address,
        "https://example.org/b.png",
    ]
    assert told["examples"][0]["body"]["inputs"] == {"question": "What is it?"}


def test_the_tokenizer_says_how_a_gap_is_written_and_whether_it_chats(ask: Ask) -> None:
    mask = json.dumps({"mask_token": {"content": "<mask>"}}).encode()
    told = ask("pipeline_tag: fill-mask", {**WEIGHTS, "tokenizer_config.json": mask})
    assert "<mask>" in bodies(told)[0]["inputs"]
    card = "pipeline_tag: text-generation\nwidget:\n- messages: [{role: user, content: Hi}]"
    told = ask(card)  # which its template cannot take, as there is none
    assert told["chat"] is None
    assert ["messages" in body for body in bodies(told)] == [False]
    told = ask(card, {**WEIGHTS, "chat_template.jinja": b"{{ messages }}"})
    assert bodies(told) == [{"messages": [{"role": "user", "content": "Hi"}]}]
    assert told["chat"]["address"].endswith("/v1/chat/completions")


def test_a_table_to_try_comes_from_the_models_own_configuration(ask: Ask) -> None:
    config = b'{"sklearn": {"example_input": {"age": [31, NaN], "job": ["cook", null]}}}'
    told = ask("pipeline_tag: tabular-classification", {"config.json": config, "m.skops": b"x"})
    assert told["servable"], told["reason"]
    assert bodies(told)[0]["inputs"]["data"]["job"] == ["cook", None]


@pytest.mark.parametrize(
    "entries",
    [
        *("false", "7", "[[], null, {}]", "[{text: []}]", "{text: {a: b}}", "[{text: '  '}]"),
        "[{messages: [{role: 1}]}]",
        "[{parameters: [1], text: ''}]",
    ],
)
@pytest.mark.parametrize("task", ["text-classification", "text-generation", "sentence-similarity"])
def test_a_card_in_another_shape_gives_our_own_examples(task: str, entries: str) -> None:
    card = parse(f"---\nwidget: {entries}\n---\n").data
    assert "widget" in card
    assert examples(task, card, Speech()) == examples(task, {}, Speech()) != []


def test_labels_of_a_strange_shape_are_no_example() -> None:
    for labels in (5, {"a": 1}, [[]], True):
        card = {"widget": [{"text": "A lid", "parameters": {"candidate_labels": labels}}]}
        found = examples("zero-shot-classification", card, Speech())
        assert found == examples("zero-shot-classification", {}, Speech()) != []


def test_a_card_cannot_blow_up_what_is_told_of_it(ask: Ask) -> None:
    wide = [dict.fromkeys(map(str, range(1_000)), 0), *({} for _ in range(1_000))]
    assert examples("tabular-regression", {"widget": [{"table": wide}]}, Speech()) == []
    mask = json.dumps({"mask_token": "<mask>" * 100}).encode()
    told = ask("pipeline_tag: fill-mask", {**WEIGHTS, "tokenizer_config.json": mask})
    assert "<mask>" not in bodies(told)[0]["inputs"]


@pytest.mark.parametrize(
    ("card", "files", "part"),
    [
        ("license: mit", WEIGHTS, "does not say what it is for"),
        ("pipeline_tag: text-to-video", WEIGHTS, "cannot run 'text-to-video' yet"),
        ("pipeline_tag: fill-mask", {}, "no config.json"),
        ("pipeline_tag: fill-mask", {"config.json": b"{}"}, "no weights"),
        ("pipeline_tag: fill-mask", {"config.json": b"{}", "w.bin": b"x"}, "pickle (w.bin)"),
        ("pipeline_tag: fill-mask", {"config.json": b'{"auto_map": {}}'}, "own Python code"),
        ("pipeline_tag: fill-mask", {"config.json": b"\xff"}, "not valid JSON"),
        ("pipeline_tag: tabular-regression", {"m.pkl": b"x"}, "skops"),
        ("pipeline_tag: text-to-image", WEIGHTS, "model_index.json"),
    ],
)
def test_what_cannot_be_served_says_why_in_one_sentence(
    ask: Ask, card: str, files: Mapping[str, bytes], part: str
) -> None:
    told = ask(card, files)
    assert told["servable"] is False
    assert part in told["reason"]
    assert "\n" not in told["reason"]


def test_a_card_may_ask_not_to_show_a_form(ask: Ask) -> None:
    assert ask("pipeline_tag: fill-mask\ninference: false")["shown"] is False


def test_a_gate_hides_what_only_files_tell(served: HubServer) -> None:
    name = f"w{next(NUMBERS)}"
    client = RepoClient(served, name)
    config = b'{"sklearn": {"example_input": {"age": [31]}}}'
    card = b"---\npipeline_tag: tabular-regression\n---\n"
    client.commit(add("README.md", card), add("config.json", config), add("m.skops", b"x"))
    headers = {"Authorization": f"Bearer {served.token('ada')}"}
    settings = f"{served.endpoint}/api/models/ada/{name}/settings"
    body = {"gated": "auto"}
    assert requests.put(settings, json=body, headers=headers, timeout=30).status_code == 200
    assert widget(served, f"ada/{name}")["examples"]
    told = widget(served, f"ada/{name}", "bob")
    assert (told["servable"], told["examples"]) == (False, [])
    assert "restricted" in told["reason"]


def test_a_model_without_a_commit_has_a_widget_too(served: HubServer) -> None:
    ada = served.hub.accounts.actor_for_user("ada")
    repo_id = RepoId.parse(f"ada/w{next(NUMBERS)}")
    served.hub.repositories.create(ada, RepoType.MODEL, repo_id, private=True)
    assert widget(served, str(repo_id))["servable"] is False
