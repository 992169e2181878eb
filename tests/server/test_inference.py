"""The Inference API over HTTP: the public client, plain requests, and every refusal."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
from huggingface_hub import HfApi, InferenceClient
from huggingface_hub.errors import HfHubHTTPError

from phub_jupyter.hub.serving.limits import ServingLimits
from tests.compute.tiny_classifier import LABELS
from tests.conftest import HubServer
from tests.server.model_server import REPO, model_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    with model_server(tmp_path_factory.mktemp("served")) as running:
        yield running


@pytest.fixture(scope="module")
def headers(server: HubServer) -> dict[str, str]:
    return {"Authorization": f"Bearer {server.token(role='read')}"}


@pytest.fixture(scope="module")
def url(server: HubServer) -> str:
    return f"{server.endpoint}/models/{REPO}"


@pytest.fixture(scope="module")
def api(server: HubServer) -> HfApi:
    return HfApi(endpoint=server.endpoint, token=server.token())


def add_model(api: HfApi, name: str, card: str) -> str:
    """A repository with nothing but a card; its address below the hub."""
    repo_id = f"ada/{name}"
    api.create_repo(repo_id)
    api.upload_file(repo_id=repo_id, path_or_fileobj=card.encode(), path_in_repo="README.md")
    return f"{api.endpoint}/models/{repo_id}"


def test_the_public_client_classifies(server: HubServer, url: str) -> None:
    client = InferenceClient(model=url, token=server.token(role="read"))
    answer = client.text_classification("a good film")
    assert {element.label for element in answer} == set(LABELS)
    assert [element.score for element in answer] == sorted(
        (element.score for element in answer), reverse=True
    )
    best = client.text_classification("a good film", top_k=1, function_to_apply="sigmoid")
    assert len(best) == 1
    deployed = InferenceClient(model=url, provider="hf-inference", token=server.token(role="read"))
    assert deployed.health_check()
    info = deployed.get_endpoint_info()
    assert info["model_id"] == REPO
    assert len(info["sha"]) == 40
    assert info["model_pipeline_tag"] == "text-classification"
    running = info["running"]
    assert (running["device"], "int8" in running) in {("cpu", False), ("cuda:0", False)}
    assert (set(running["labels"]), "folder" in running) == (set(LABELS), False)


@pytest.mark.parametrize("suffix", ["", "/pipeline/text-classification"])
def test_answers_are_nested_for_one_text_and_for_several(
    url: str, headers: dict[str, str], suffix: str
) -> None:
    one = requests.post(url + suffix, json={"inputs": "good"}, headers=headers, timeout=60)
    assert one.status_code == 200
    assert [len(labels) for labels in one.json()] == [3]
    assert set(one.json()[0][0]) == {"label", "score"}
    body = {
        "inputs": ["good", "bad", "dull"],
        "parameters": {"top_k": 2},
        "options": {"wait_for_model": True},
    }
    several = requests.post(url + suffix, json=body, headers=headers, timeout=60)
    assert [len(labels) for labels in several.json()] == [2, 2, 2]


def test_a_bare_text_is_a_body_too(url: str, headers: dict[str, str]) -> None:
    plain = {**headers, "Content-Type": "text/plain; charset=utf-8"}
    answer = requests.post(url, data="ein schöner Film".encode(), headers=plain, timeout=60)
    assert [len(labels) for labels in answer.json()] == [3]
    broken = requests.post(url, data=b"\xff\xfe\xff", headers=plain, timeout=60)
    assert (broken.status_code, broken.json()["error"]) == (400, "body: the text is not UTF-8.")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "inputs: missing"),
        ({"inputs": ""}, "inputs: the text is empty"),
        ({"inputs": 7}, "inputs: send a text"),
        ({"inputs": ["good", None]}, "inputs[1]: expected a text"),
        ({"inputs": "good", "parameters": []}, "parameters: send a JSON object"),
        ({"inputs": "good", "parameters": {"top_k": -1}}, "parameters.top_k: use a whole number"),
        ({"inputs": "good", "options": 1}, "options: send a JSON object"),
        ({"inputs": "good", "input": "x"}, "input: unknown field"),
        (["good"], "body: send a JSON object"),
    ],
)
def test_a_bad_body_names_the_field(
    url: str, headers: dict[str, str], body: Any, message: str
) -> None:
    answer = requests.post(url, json=body, headers=headers, timeout=60)
    assert answer.status_code == 400
    assert answer.headers["X-Error-Code"] == "InvalidRequest"
    assert answer.json()["error"].startswith(message)


def test_who_may_not_read_the_model_may_not_call_it(server: HubServer, url: str) -> None:
    bob = {"Authorization": f"Bearer {server.token('bob')}"}
    for address in (url, f"{server.endpoint}/models/ada/none"):
        refused = requests.post(address, json={"inputs": "good"}, headers=bob, timeout=60)
        assert (refused.status_code, refused.headers["X-Error-Code"]) == (404, "RepoNotFound")
        for below in ("info", "health"):
            assert requests.get(f"{address}/{below}", headers=bob, timeout=60).status_code == 404
    assert requests.post(url, json={"inputs": "good"}, timeout=60).status_code == 401
    wrong = {"Authorization": "Bearer hf_wrong"}
    assert requests.post(url, json={"inputs": "good"}, headers=wrong, timeout=60).status_code == 401


@pytest.mark.filterwarnings("ignore:Warnings while validating")  # of a task it does not know
@pytest.mark.parametrize(
    ("name", "card", "status", "message"),
    [
        ("untold", "---\nlicense: mit\n---\n", 400, "pipeline_tag"),
        ("masked", "---\npipeline_tag: depth-estimation\n---\n", 501, "'depth-estimation'"),
        ("empty", "---\npipeline_tag: text-classification\n---\n", 400, "no config.json"),
    ],
)
def test_a_model_that_cannot_run_says_why(
    api: HfApi, headers: dict[str, str], name: str, card: str, status: int, message: str
) -> None:
    address = add_model(api, name, card)
    answer = requests.post(address, json={"inputs": "good"}, headers=headers, timeout=60)
    assert answer.status_code == status
    assert message in answer.json()["error"]


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("pipeline/fill-mask", 400, "is a model for"),
        ("pipeline/dance", 400, "'dance' is not a known task"),
        ("v1/chat/completions", 400, "for 'text-classification', not for 'text-generation'"),
    ],
)
def test_another_task_is_refused_by_name(
    url: str, headers: dict[str, str], path: str, status: int, message: str
) -> None:
    answer = requests.post(f"{url}/{path}", json={"inputs": "x"}, headers=headers, timeout=60)
    assert answer.status_code == status
    assert message in answer.json()["error"]


def test_many_clients_at_once_all_get_their_own_answer(url: str, headers: dict[str, str]) -> None:
    texts = [
        " ".join(["good", "bad", "dull"][number % 3 :] * (number % 7 + 1)) for number in range(48)
    ]

    def ask(text: str) -> Any:
        return requests.post(url, json={"inputs": text}, headers=headers, timeout=60).json()

    with ThreadPoolExecutor(16) as clients:
        answers = list(clients.map(ask, texts))
    for text, answer in zip(texts, answers, strict=True):
        expected = ask(text)[0]
        assert answer[0][0]["label"] == expected[0]["label"]
        assert answer[0][0]["score"] == pytest.approx(expected[0]["score"], abs=0.02)


def worker() -> psutil.Process:
    """The one child of this process that runs models."""
    (process,) = [
        child
        for child in psutil.Process().children()
        if "phub_jupyter.compute.inference.worker" in child.cmdline()
    ]
    return process


def test_a_full_hub_and_a_dead_worker_answer_503_with_retry_after(
    server: HubServer, url: str, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask() -> requests.Response:
        return requests.post(url, json={"inputs": "good"}, headers=headers, timeout=60)

    assert ask().status_code == 200
    monkeypatch.setattr(server.hub.serving.admission, "limits", ServingLimits(calls=1))
    process = worker()
    process.suspend()
    with ThreadPoolExecutor(1) as other:
        stuck = other.submit(ask)
        while server.hub.serving.admission.calls == 0:
            pass
        refused = ask()
        os.kill(process.pid, signal.SIGKILL)
        lost = stuck.result(60)
    for answer in (refused, lost):
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) >= 1
        assert answer.headers["X-Error-Code"] == "Overloaded"
    assert ask().status_code == 200
    assert worker().pid != process.pid


def test_a_caller_with_too_much_under_way_is_told_to_wait(
    server: HubServer, url: str, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(headers: dict[str, str], url: str = url) -> requests.Response:
        return requests.post(url, json={"inputs": "good"}, headers=headers, timeout=60)

    api = HfApi(endpoint=server.endpoint, token=server.token())
    shared = f"{server.endpoint}/models/{api.duplicate_repo(REPO, 'ada/shared').repo_id}"
    api.update_repo_settings("ada/shared", private=False)
    assert ask(headers).status_code == 200
    few = ServingLimits(calls_per_caller=1)
    monkeypatch.setattr(server.hub.serving.admission, "limits", few)
    process = worker()
    process.suspend()
    with ThreadPoolExecutor(2) as others:
        own = others.submit(ask, headers)
        while server.hub.serving.admission.calls == 0:
            time.sleep(0.01)
        refused = [ask(headers), ask(server.headers("ada", "read"))]  # another token does not help
        other = others.submit(ask, server.headers("bob", "read"), shared)
        while server.hub.serving.admission.calls == 1:
            time.sleep(0.01)
        process.resume()
        assert own.result(60).status_code == other.result(60).status_code == 200
    for each in refused:
        assert each.status_code == 429
        assert int(each.headers["Retry-After"]) >= 1
        assert each.headers["X-Error-Code"] == "TooManyRequests"


def test_a_call_that_takes_too_long_is_ended(
    server: HubServer, url: str, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(**more: str) -> requests.Response:
        return requests.post(url, json={"inputs": "good"}, headers={**headers, **more}, timeout=60)

    assert ask().status_code == 200
    process = worker()
    process.suspend()
    late = ask(Prefer="respond-async, wait=1")
    assert late.status_code == 504
    assert late.headers["X-Error-Code"] == "TimedOut"
    assert "no answer within 1 seconds" in late.json()["error"]
    monkeypatch.setattr(server.hub.serving.admission, "limits", ServingLimits(seconds=1))
    client = InferenceClient(model=url, token=server.token(role="read"))
    with pytest.raises(HfHubHTTPError, match="no answer within 1 seconds"):
        client.text_classification("good")
    process.resume()
    assert server.hub.serving.admission.calls == 0
    assert ask(Prefer="wait=x, wait=").status_code == 200
    assert worker().pid == process.pid


def test_a_new_commit_is_what_the_next_call_runs(
    api: HfApi, url: str, headers: dict[str, str], tmp_path: Path
) -> None:
    path = api.hf_hub_download(REPO, "config.json", local_dir=tmp_path)
    config = json.loads(Path(path).read_text("utf-8"))
    config["id2label"] = {"0": "bad", "1": "meh", "2": "fine"}
    config["label2id"] = {"bad": 0, "meh": 1, "fine": 2}
    api.upload_file(
        repo_id=REPO, path_or_fileobj=json.dumps(config).encode(), path_in_repo="config.json"
    )
    answer = requests.post(url, json={"inputs": "good"}, headers=headers, timeout=60).json()
    assert {entry["label"] for entry in answer[0]} == {"bad", "meh", "fine"}
