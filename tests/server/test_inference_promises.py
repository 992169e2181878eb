"""What people who call models count on: cold models, new commits, models that go, odd text."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from huggingface_hub import HfApi, InferenceClient
from huggingface_hub.errors import HfHubHTTPError

from tests.conftest import HubServer
from tests.server.model_server import REPO, model_server

_LONGEST_OLD = 15.0
NEW = ("bad", "meh", "fine")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    with model_server(tmp_path_factory.mktemp("promises")) as running:
        yield running


@pytest.fixture(scope="module")
def api(server: HubServer) -> HfApi:
    return HfApi(endpoint=server.endpoint, token=server.token())


def client(server: HubServer, repo_id: str = REPO, user: str = "ada") -> InferenceClient:
    token = server.token(user, role="read")
    return InferenceClient(model=f"{server.endpoint}/models/{repo_id}", token=token)


def labels(asking: InferenceClient) -> set[str]:
    return {element.label for element in asking.text_classification("a good film")}


def test_the_first_calls_of_a_cold_model_wait_and_succeed(server: HubServer) -> None:
    server.call(server.hub.serving.stop())
    asking = client(server)
    with ThreadPoolExecutor(8) as callers:
        answers = list(callers.map(lambda _: labels(asking), range(8)))
    assert len(answers[0]) == 3
    assert all(answer == answers[0] for answer in answers)


def test_a_new_commit_answers_soon_and_no_call_fails_meanwhile(
    server: HubServer, api: HfApi, tmp_path: Path
) -> None:
    asking = client(server)
    old = labels(asking)
    stop, seen = threading.Event(), []

    def ask() -> None:
        while not stop.is_set():
            begun = time.monotonic()
            seen.append((begun, labels(asking)))

    path = api.hf_hub_download(REPO, "config.json", local_dir=tmp_path)
    config = json.loads(Path(path).read_text("utf-8"))
    config["id2label"] = dict(enumerate(NEW))
    config["label2id"] = {label: number for number, label in enumerate(NEW)}
    with ThreadPoolExecutor(4) as callers:
        calls = [callers.submit(ask) for _ in range(4)]
        api.upload_file(
            repo_id=REPO, path_or_fileobj=json.dumps(config).encode(), path_in_repo="config.json"
        )
        committed = time.monotonic()
        try:
            while set(NEW) not in [answer for _, answer in list(seen)]:
                assert time.monotonic() - committed < 60
                time.sleep(0.05)
        finally:
            stop.set()
        for call in calls:
            call.result(60)  # raises what a caller got
    assert {frozenset(answer) for _, answer in seen} <= {frozenset(old), frozenset(NEW)}
    late = [begun for begun, answer in seen if answer == old and begun > committed + _LONGEST_OLD]
    assert late == []


@pytest.mark.parametrize("way", ["private", "deleted"])
def test_a_loaded_model_that_goes_is_not_found_at_once(
    server: HubServer, api: HfApi, way: str
) -> None:
    repo_id = f"ada/{way}"
    api.duplicate_repo(REPO, repo_id, private=False)
    asking = client(server, repo_id, "bob")
    assert labels(asking)
    if way == "private":
        api.update_repo_settings(repo_id, private=True)
    else:
        api.delete_repo(repo_id)
    with pytest.raises(HfHubHTTPError) as refusal:
        labels(asking)
    assert refusal.value.response.status_code == 404
    if way == "private":
        assert labels(client(server, repo_id))


STRANGE = (
    *(
        "\ud83d",
        "a\udc00b",
        "\x00\x01\x1b",
        "\u202eabc\u202c",
        "مرحبا بالعالم",
        "👨\u200d👩\u200d👧",
    ),
    *("e\u0301" * 50, "\ufffe\uffff", " ", "", "\r\n\t", "\u200b\u2028", "x" * 100_000),
)


@pytest.mark.parametrize("text", STRANGE, ids=lambda text: ascii(text)[:20])
@pytest.mark.parametrize("place", ["inputs", "list", "parameter", "field", "plain"])
def test_strange_text_anywhere_is_no_mistake_of_the_hub(
    server: HubServer, text: str, place: str
) -> None:
    bodies = {
        "inputs": {"inputs": text},
        "list": {"inputs": ["good", text]},
        "parameter": {"inputs": "good", "parameters": {"function_to_apply": text}},
        "field": {"inputs": "good", text: text},
    }
    headers = server.headers("ada", "read")
    data = json.dumps(bodies.get(place, "")).encode()
    if place == "plain":
        headers["Content-Type"] = "text/plain; charset=utf-8"
        data = text.encode("utf-8", "surrogatepass")
    address = f"{server.endpoint}/models/{REPO}"
    answer = requests.post(address, data=data, headers=headers, timeout=60)
    assert answer.status_code in (200, 400), answer.text
    if answer.status_code == 400:
        assert answer.json()["error"]
