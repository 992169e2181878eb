"""Usage over HTTP: what owners, callers and Prometheus are told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from huggingface_hub import HfApi, InferenceClient
from prometheus_client.parser import text_string_to_metric_families

from tests.compute.tiny_models.language import TEMPLATE, make_language_model
from tests.conftest import HubServer
from tests.server.model_server import REPO, model_server

WRITER = "ada/writer"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    root = tmp_path_factory.mktemp("usage")
    with model_server(root / "served") as running:
        running.add_user("root", admin=True)
        api = HfApi(endpoint=running.endpoint, token=running.token())
        folder = make_language_model(root / "writer", template=TEMPLATE)
        api.create_repo(WRITER)
        api.upload_folder(repo_id=WRITER, folder_path=folder)
        yield running


def get(server: HubServer, path: str, user: str | None = "ada", **kwargs: Any) -> Any:
    headers = {} if user is None else server.headers(user, kwargs.pop("role", "write"))
    answer = requests.get(f"{server.endpoint}{path}", headers=headers, timeout=30, **kwargs)
    return answer.json() if answer.ok else answer.status_code


def test_calls_are_counted_with_their_tokens(server: HubServer) -> None:
    url = f"{server.endpoint}/models/{REPO}"
    headers = server.headers("ada", "read")
    for inputs in ("good", ["good", "bad"], 7):
        requests.post(url, json={"inputs": inputs}, headers=headers, timeout=60)
    requests.get(f"{url}/info", headers=headers, timeout=60)  # which is no call
    told = get(server, f"/api/models/{REPO}/usage")
    assert (told["requests"], told["answered"], told["errors"]["refused"]) == (3, 2, 1)
    assert told["tokens"]["in"] >= 3
    assert told["tokens"]["out"] == 0
    assert 0 < told["latency"]["p50"] <= told["latency"]["p95"] <= told["latency"]["p99"] < 300
    assert [row["task"] for row in told["by_task"]] == ["text-classification"]
    assert [(row["user"], row["token"], row["requests"]) for row in told["by_caller"]] == [
        ("ada", "test", 3)
    ]


def test_what_is_written_is_counted_as_the_answer_says(server: HubServer) -> None:
    client = InferenceClient(model=f"{server.endpoint}/models/{WRITER}", token=server.token("bob"))
    answer = client.chat_completion([{"role": "user", "content": "Hi"}], max_tokens=7)
    streamed = list(
        client.chat_completion([{"role": "user", "content": "Hi"}], max_tokens=5, stream=True)
    )
    assert streamed
    told = get(server, f"/api/models/{WRITER}/usage")
    (row,) = told["by_task"]
    assert (row["task"], row["answered"]) == ("chat", 2)
    assert row["tokens"]["in"] == 2 * answer.usage.prompt_tokens
    assert row["tokens"]["out"] == answer.usage.completion_tokens + 5


def test_a_caller_sees_their_own_and_an_owner_all(server: HubServer) -> None:
    body = {"inputs": "The sea", "parameters": {"max_new_tokens": 3}}
    address = f"{server.endpoint}/models/{WRITER}"
    requests.post(address, json=body, headers=server.headers("bob", "read"), timeout=60)
    requests.post(address, json=body, timeout=60)
    assert get(server, f"/api/models/{WRITER}/usage", "bob") == 403
    assert get(server, f"/api/models/{REPO}/usage", "bob") == 404
    own = get(server, "/api/settings/usage", "bob", role="read")
    assert [row["model"] for row in own["by_model"]] == [WRITER]
    assert {row["task"] for row in own["by_task"]} >= {"text-generation"}
    callers = get(server, f"/api/models/{WRITER}/usage")["by_caller"]
    assert {(row["user"], row["token"]) for row in callers} == {("bob", None), (None, None)}
    told = get(server, f"/api/models/{WRITER}/usage", "root", role="admin")["by_caller"]
    assert {(row["user"], row["token"]) for row in told} == {("bob", "test"), (None, None)}
    assert get(server, "/api/settings/usage", None) == 401


@pytest.mark.parametrize("days", ["0", "367", "-1", "x"])
def test_days_are_checked(server: HubServer, days: str) -> None:
    assert get(server, f"/api/models/{REPO}/usage?days={days}") == 400


def test_prometheus_is_told_the_same(server: HubServer) -> None:
    requests.post(
        f"{server.endpoint}/models/{REPO}",
        json={"inputs": "good"},
        headers=server.headers("ada", "read"),
        timeout=60,
    )
    headers = server.headers("root", "admin")
    answer = requests.get(f"{server.endpoint}/api/phub/metrics", headers=headers, timeout=30)
    assert answer.headers["Content-Type"].startswith("text/plain")
    values = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    told = get(server, f"/api/models/{REPO}/usage")
    name = ("phub_inference_requests_total", REPO, "answered", "text-classification")
    assert values[(name[0], *sorted(name[1:]))] == told["answered"]
    count = ("phub_inference_seconds_count", *sorted((REPO, "text-classification")))
    assert values[count] == told["answered"]
    assert values[("phub_inference_worker_running",)] == 1
    assert values[("phub_inference_calls",)] == 0
    for user in ("ada", None):
        assert get(server, "/api/phub/metrics", user) in (401, 403)
