"""Writing over HTTP: the public client, streams, callers who leave, templates that never end."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from huggingface_hub import HfApi, InferenceClient
from huggingface_hub.errors import ValidationError

from phub_jupyter.hub.serving.limits import ServingLimits
from phub_server.handlers.inference_base import ModelHandler
from tests.compute.tiny_models.language import TEMPLATE, make_language_model
from tests.conftest import HubServer
from tests.server.model_server import REPO, model_server

WRITER = "ada/writer"
HOSTILE = "ada/hostile"
ENDLESS = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
LONG = 32_768  # so many tokens take far longer than a test waits
CHAT = [{"role": "user", "content": "Hi 🌊"}]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    root = tmp_path_factory.mktemp("writing")
    with model_server(root / "served") as running:
        api = HfApi(endpoint=running.endpoint, token=running.token())
        for repo_id, template in ((WRITER, TEMPLATE), (HOSTILE, ENDLESS)):
            name = repo_id.partition("/")[2]
            folder = make_language_model(root / name, template=template, positions=LONG)
            api.create_repo(repo_id, private=True)
            api.upload_folder(repo_id=repo_id, folder_path=folder)
        yield running


@pytest.fixture(scope="module")
def headers(server: HubServer) -> dict[str, str]:
    return {"Authorization": f"Bearer {server.token(role='read')}"}


@pytest.fixture(scope="module")
def url(server: HubServer) -> str:
    return f"{server.endpoint}/models/{WRITER}"


@pytest.fixture(scope="module")
def client(server: HubServer, url: str) -> Any:
    return InferenceClient(model=url, token=server.token(role="read"))


def test_the_public_client_continues_a_text(client: Any) -> None:
    text = client.text_generation("The sea", max_new_tokens=12)
    details = client.text_generation("The sea", max_new_tokens=12, details=True)
    assert details.generated_text == text
    assert details.details.finish_reason == "length"
    assert [token.text for token in details.details.tokens] == list(
        client.text_generation("The sea", max_new_tokens=12, stream=True)
    )
    *_, last = client.text_generation("The sea", max_new_tokens=12, stream=True, details=True)
    assert last.generated_text == text
    assert last.details.generated_tokens == 12
    whole = client.text_generation("The sea", max_new_tokens=12, return_full_text=True)
    assert whole == "The sea" + text


def test_the_public_client_chats(client: Any) -> None:
    whole = client.chat_completion(CHAT, max_tokens=12, logprobs=True, top_logprobs=2)
    (choice,) = whole.choices
    assert whole.model == WRITER
    assert whole.usage.completion_tokens == 12
    assert choice.finish_reason == "length"
    assert [len(entry.top_logprobs) for entry in choice.logprobs.content] == [2] * 12
    pieces = list(
        client.chat_completion(
            CHAT, max_tokens=12, stream=True, stream_options={"include_usage": True}
        )
    )
    text = "".join(piece.choices[0].delta.content for piece in pieces if piece.choices)
    assert text == choice.message.content
    assert pieces[-2].choices[0].finish_reason == "length"
    assert pieces[-1].usage.total_tokens == whole.usage.total_tokens


def test_every_address_of_the_model_answers(url: str, headers: dict[str, str]) -> None:
    for base in (url, f"{url}@main"):
        listed = requests.get(f"{base}/v1/models", headers=headers, timeout=60).json()
        assert [model["id"] for model in listed["data"]] == [WRITER]
        info = requests.get(f"{base}/info", headers=headers, timeout=60).json()
        assert requests.get(f"{base}/health", headers=headers, timeout=60).status_code == 200
        body = {"prompt": "The sea", "max_tokens": 5, "echo": True, "logprobs": 1}
        answer = requests.post(f"{base}/v1/completions", json=body, headers=headers, timeout=60)
        assert answer.json()["choices"][0]["text"].startswith("The sea")
        assert answer.json()["usage"]["completion_tokens"] == 5
    at = f"{url}@{info['sha']}/pipeline/text-generation"
    assert requests.post(at, json={"inputs": "x"}, headers=headers, timeout=60).ok
    gone = requests.post(f"{url}@none", json={"inputs": "x"}, headers=headers, timeout=60)
    assert (gone.status_code, gone.headers["X-Error-Code"]) == (404, "RevisionNotFound")


def test_a_stream_is_events_and_its_refusal_an_answer(url: str, headers: dict[str, str]) -> None:
    body = {"messages": CHAT, "max_tokens": 3, "stream": True}
    address = f"{url}/v1/chat/completions"
    answer = requests.post(address, json=body, headers=headers, timeout=60)
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    *events, done = [line for line in answer.text.splitlines() if line]
    assert done == "data: [DONE]"
    assert json.loads(events[0].removeprefix("data: "))["object"] == "chat.completion.chunk"
    refused = requests.post(address, json={**body, "n": 3}, headers=headers, timeout=60)
    assert refused.status_code == 400
    refused = requests.post(url, json={"inputs": "", "stream": True}, headers=headers, timeout=60)
    assert refused.json()["error_type"] == "validation"


def test_the_client_knows_a_refusal_of_the_model(client: Any) -> None:
    with pytest.raises(ValidationError, match="leave no room"):
        client.text_generation("x" * LONG)


@pytest.mark.parametrize("stream", [True, False])
def test_a_caller_who_leaves_stops_the_writing(
    server: HubServer, url: str, headers: dict[str, str], stream: bool
) -> None:
    body = {"inputs": "x", "parameters": {"max_new_tokens": LONG, "seed": 1}, "stream": stream}
    assert requests.post(url, json={"inputs": "x"}, headers=headers, timeout=60).ok  # it is loaded
    with requests.Session() as session:
        try:
            patience = 60 if stream else 0.05  # a stream is left at its first word
            answer = session.post(url, json=body, headers=headers, timeout=patience, stream=True)
            next(answer.iter_lines())
            answer.close()
        except requests.Timeout:
            assert not stream
    deadline = time.monotonic() + 10
    while _writing(server) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert _writing(server) == 0
    assert server.hub.serving.admission.calls == 0


def _writing(server: HubServer) -> int:
    models = server.call(server.hub.serving.health())["models"]
    return sum(int(model.get("writing", 0)) for model in models)


def test_a_caller_who_reads_nothing_of_a_stream_is_cut_off(
    server: HubServer, url: str, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    admission = server.hub.serving.admission
    body = json.dumps({"inputs": "The sea", "stream": True, "parameters": {"max_new_tokens": 9}})
    assert requests.post(url, data=body, headers=headers, timeout=60).status_code == 200
    monkeypatch.setattr(admission, "limits", ServingLimits(seconds=1))

    async def never(self: ModelHandler) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(ModelHandler, "flush", never)
    with pytest.raises(requests.ConnectionError):
        requests.post(url, data=body, headers=headers, timeout=30)
    deadline = time.monotonic() + 20
    while admission.calls and time.monotonic() < deadline:
        time.sleep(0.01)
    assert admission.calls == 0


def test_a_template_that_never_ends_blocks_no_other_model(
    server: HubServer, headers: dict[str, str]
) -> None:
    def chat(repo_id: str) -> requests.Response:
        return requests.post(
            f"{server.endpoint}/models/{repo_id}/v1/chat/completions",
            json={"messages": CHAT, "max_tokens": 2},
            headers=headers,
            timeout=60,
        )

    assert chat(WRITER).ok
    with ThreadPoolExecutor(1) as other:
        stuck = other.submit(chat, HOSTILE)
        others = [chat(WRITER) for _ in range(10)]
        classified = requests.post(
            f"{server.endpoint}/models/{REPO}", json={"inputs": "x"}, headers=headers, timeout=60
        )
        assert not stuck.done()
        refused = stuck.result()
    assert all(answer.ok for answer in [*others, classified])
    assert refused.status_code == 400
    assert "chat template did not finish" in refused.json()["error"]


@pytest.mark.parametrize(
    "text",
    [
        *(
            "\ud83d",
            "a\udc00b",
            "\x00\x01\x1b",
            "\u202eabc\u202c",
            "مرحبا بالعالم",
            "🌊👨‍👩‍👧",
            "\ufffe\uffff",
        ),
        *("e\u0301" * 50, " ", "{{ messages }}", "<|end|><|user|>", "\r\n\t"),
    ],
)
def test_strange_text_is_answered_or_refused(url: str, headers: dict[str, str], text: str) -> None:
    few = {"max_new_tokens": 4}
    calls: list[tuple[str, dict[str, Any]]] = [
        (url, {"inputs": text, "parameters": few}),
        (url, {"inputs": "a", "parameters": {**few, "stop": [text]}, "stream": True}),
        (f"{url}/v1/completions", {"prompt": text, "max_tokens": 4}),
        (
            f"{url}/v1/chat/completions",
            {"messages": [{"role": text, "content": text}], "max_tokens": 4, "user": text},
        ),
    ]
    for address, body in calls:
        answer = requests.post(address, data=json.dumps(body), headers=headers, timeout=60)
        assert answer.status_code in (200, 400), answer.text


def test_a_model_that_goes_private_or_away_is_404_at_once(
    server: HubServer, headers: dict[str, str]
) -> None:
    api = HfApi(endpoint=server.endpoint, token=server.token())
    moved = "ada/leaving"
    api.duplicate_repo(WRITER, moved, private=False)
    bob = {"Authorization": f"Bearer {server.token('bob', role='read')}"}
    address = f"{server.endpoint}/models/{moved}"
    body = {"inputs": "x", "parameters": {"max_new_tokens": 2}}
    assert requests.post(address, json=body, headers=bob, timeout=60).ok
    api.update_repo_settings(moved, private=True)
    assert requests.post(address, json=body, headers=bob, timeout=60).status_code == 404
    assert requests.post(address, json=body, headers=headers, timeout=60).ok
    api.delete_repo(moved)
    assert requests.post(address, json=body, headers=headers, timeout=60).status_code == 404
