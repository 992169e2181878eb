"""The Inference API with replicas of Ray Serve on a real cluster, while things change and break."""

from __future__ import annotations

import json
import os
import re
import secrets
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
from huggingface_hub import HfApi

from phub_jupyter.errors import ForbiddenError
from phub_jupyter.hub.access import Action
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.objects.passes import Pass
from phub_jupyter.hub.serving.serve_gateway import PURPOSE, ServeGateway
from phub_jupyter.hub.serving.serving import Serving
from phub_jupyter.serve_settings import ServeSettings
from tests.compute.ray_cluster import RayCluster
from tests.compute.tiny_classifier import LABELS
from tests.compute.tiny_models.language import TEMPLATE, make_language_model
from tests.conftest import HubServer
from tests.server.model_server import REPO, model_server

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]

TALKER = "ada/talker"
CALLERS = 16
OLD_SECONDS = 15.0
OLD, NEW = frozenset(LABELS), ("bad", "meh", "fine")
LONG = 32_768  # tokens, which nobody waits for
RAY_TOKEN = secrets.token_hex(32)
NUMBERS = count()
PASS = re.compile(r"[A-Za-z0-9_-]{40,}\.[A-Za-z0-9_-]{43}")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    root = tmp_path_factory.mktemp("served")
    with model_server(root) as running:
        folder = make_language_model(root / "talker", template=TEMPLATE, positions=LONG)
        (folder / "README.md").write_text("---\npipeline_tag: text-generation\n---\n", "utf-8")
        api = HfApi(endpoint=running.endpoint, token=running.token())
        api.create_repo(TALKER, private=True)
        api.upload_folder(repo_id=TALKER, folder_path=folder)
        yield running


@pytest.fixture(scope="module")
def cluster(server: HubServer) -> Iterator[RayCluster]:
    """A cluster that the hub runs its models on."""
    running = RayCluster(nodes=1, cpus=6, token=RAY_TOKEN)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("RAY_AUTH_MODE", "token")
            patch.setenv("RAY_AUTH_TOKEN", RAY_TOKEN)
            server.hub.serving = serving(server, running.gcs)
            yield running
            server.call(server.hub.serving.stop())
    finally:
        running.close()


def serving(server: HubServer, address: str, **others: Any) -> Serving:
    settings = replace(
        ServeSettings(
            address, server.endpoint, max_replicas=2, target_ongoing_requests=4, idle_seconds=600
        ),
        **others,
    )
    cache = server.hub.root / "cache"
    gateway = ServeGateway(cache / "serve", settings, server.hub.passes)
    return Serving(server.hub.snapshots, cache, gateway=gateway)


@pytest.fixture(scope="module")
def api(server: HubServer) -> HfApi:
    return HfApi(endpoint=server.endpoint, token=server.token())


@pytest.fixture
def repo(api: HfApi) -> str:
    """A new copy of the classifier, which anybody may call."""
    name = f"ada/copy{next(NUMBERS)}"
    api.duplicate_repo(REPO, name, private=False)
    return name


def ask(server: HubServer, repo: str, body: Any, user: str = "ada", **kwargs: Any) -> Any:
    return requests.post(
        f"{server.endpoint}/models/{repo}",
        json=body,
        headers=server.headers(user, "read"),
        **{"timeout": 180, **kwargs},
    )


class Load:
    """Callers who never stop asking; what they got, with the time at which they asked."""

    def __init__(self, server: HubServer, repo: str) -> None:
        self.address = f"{server.endpoint}/models/{repo}"
        self.headers = server.headers("ada", "read")
        self.over = threading.Event()
        self.seen: list[tuple[float, int, Any]] = []

    @contextmanager
    def running(self, callers: int = CALLERS) -> Iterator[None]:
        with ThreadPoolExecutor(callers) as pool:
            calls = [pool.submit(self._ask) for _ in range(callers)]
            try:
                yield
            finally:
                self.over.set()
            for call in calls:
                call.result(180)

    def _ask(self) -> None:
        body = {"inputs": "a good film"}
        with requests.Session() as session:
            while not self.over.is_set():
                begun = time.monotonic()
                answer = session.post(self.address, json=body, headers=self.headers, timeout=180)
                self.seen.append((begun, answer.status_code, answer.json()))

    @property
    def failures(self) -> list[Any]:
        return [(status, body) for _, status, body in self.seen if status != 200]

    def labels(self) -> list[tuple[float, frozenset[str]]]:
        return [
            (begun, frozenset(entry["label"] for entry in body[0]))
            for begun, status, body in list(self.seen)
            if status == 200
        ]


def wait_for(condition: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def replicas(cluster: RayCluster) -> list[psutil.Process]:
    head = cluster.nodes[0]
    found = []
    for child in head.children(recursive=True):
        try:
            title = " ".join(child.cmdline())
        except psutil.Error:
            continue
        if "ServeReplica" in title and "Replica" in title:
            found.append(child)
    return found


def test_answers_are_those_of_the_worker(server: HubServer, cluster: RayCluster) -> None:
    texts = ["a good film", "the film was dull"]
    answer = ask(server, REPO, {"inputs": texts})
    assert answer.status_code == 200, answer.text
    ours, server.hub.serving = (
        server.hub.serving,
        Serving(server.hub.snapshots, server.hub.root / "cache"),
    )
    try:
        expected = ask(server, REPO, {"inputs": texts})
    finally:
        server.call(server.hub.serving.stop())
        server.hub.serving = ours
    for row, reference in zip(answer.json(), expected.json(), strict=True):
        assert [entry["label"] for entry in row] == [entry["label"] for entry in reference]
    refused = ask(server, REPO, {"inputs": ""})
    assert (refused.status_code, refused.json()["error"]) == (
        400,
        "inputs: the text is empty; send some words.",
    )


def commit_labels(api: HfApi, repo: str, folder: Path) -> frozenset[str]:
    """A new commit, whose answers have other labels."""
    path = api.hf_hub_download(repo, "config.json", local_dir=folder)
    config = json.loads(Path(path).read_text("utf-8"))
    config["id2label"] = dict(enumerate(NEW))
    config["label2id"] = {label: number for number, label in enumerate(NEW)}
    data = json.dumps(config).encode()
    api.upload_file(repo_id=repo, path_or_fileobj=data, path_in_repo="config.json")
    return frozenset(NEW)


def test_no_call_fails_while_a_new_commit_takes_over(
    server: HubServer, cluster: RayCluster, api: HfApi, repo: str, tmp_path: Path
) -> None:
    assert ask(server, repo, {"inputs": "a good film"}).status_code == 200
    load = Load(server, repo)
    with load.running():
        wait_for(lambda: len(load.seen) > 100)
        new = commit_labels(api, repo, tmp_path)
        committed = time.monotonic()
        wait_for(lambda: any(labels == new for _, labels in load.labels()))
        taken_over = len(load.seen)
        wait_for(lambda: len(load.seen) > taken_over + 200)
    assert load.failures == []
    answers = load.labels()
    assert {labels for _, labels in answers} == {OLD, new}
    late = [begun - committed for begun, labels in answers if labels == OLD]
    assert max(late) < OLD_SECONDS
    during = [begun for begun in late if begun > 0]
    assert len(during) > 20  # the old commit went on while the new one was being loaded


def test_a_new_commit_takes_over_where_there_is_room_for_one_only(
    server: HubServer, cluster: RayCluster, api: HfApi, repo: str, tmp_path: Path
) -> None:
    usual = server.hub.serving
    server.call(usual.stop())  # as when a hub is started again with other settings
    server.hub.serving = serving(server, cluster.gcs, cpus=6, max_replicas=1, old_seconds=3)
    load = Load(server, repo)
    try:
        assert ask(server, repo, {"inputs": "a good film"}).status_code == 200
        with load.running(4):
            wait_for(lambda: len(load.seen) > 20)
            new = commit_labels(api, repo, tmp_path)
            wait_for(lambda: any(labels == new for _, labels in load.labels()))
    finally:
        server.call(server.hub.serving.stop())
        server.hub.serving = usual
    assert load.failures == []


def test_replicas_are_added_under_load(server: HubServer, cluster: RayCluster, repo: str) -> None:
    assert ask(server, repo, {"inputs": "a good film"}).status_code == 200
    before = len(replicas(cluster))
    load = Load(server, repo)
    with load.running():
        wait_for(lambda: len(replicas(cluster)) > before)
    assert load.failures == []


def test_calls_of_a_lost_replica_are_made_again(
    server: HubServer, cluster: RayCluster, repo: str
) -> None:
    others = {process.pid for process in replicas(cluster)}
    assert ask(server, repo, {"inputs": "a good film"}).status_code == 200
    (own,) = [process for process in replicas(cluster) if process.pid not in others]
    load, other = Load(server, repo), Load(server, REPO)
    with load.running(4), other.running(2):
        wait_for(lambda: len(load.seen) > 20)
        os.kill(own.pid, signal.SIGKILL)
        killed = len(load.seen)
        wait_for(lambda: len(load.seen) > killed + 50)
    assert {status for status, _ in load.failures} <= {503}
    assert load.failures == []
    assert other.failures == []


def test_a_text_comes_piece_by_piece(server: HubServer, cluster: RayCluster) -> None:
    body = {"inputs": "The sea", "parameters": {"max_new_tokens": 12}, "stream": True}
    answer = ask(server, TALKER, body, stream=True)
    assert answer.headers["Content-Type"].startswith("text/event-stream"), answer.text
    lines = [line for line in answer.iter_lines() if line.startswith(b"data:")]
    events = [json.loads(line[5:]) for line in lines]
    assert len(events) == 12
    assert events[-1]["generated_text"] == "".join(event["token"]["text"] for event in events)
    refused = ask(server, TALKER, {"inputs": "", "stream": True})
    assert refused.status_code == 400


def test_a_model_that_turns_private_is_not_found_at_once(
    server: HubServer, cluster: RayCluster, api: HfApi, repo: str
) -> None:
    assert ask(server, repo, {"inputs": "a good film"}, "bob").status_code == 200
    api.update_repo_settings(repo, private=True)
    assert ask(server, repo, {"inputs": "a good film"}, "bob").status_code == 404
    assert ask(server, repo, {"inputs": "a good film"}, "ada").status_code == 200
    api.delete_repo(repo)
    assert ask(server, repo, {"inputs": "a good film"}, "ada").status_code == 404


def test_a_model_that_cannot_be_used_says_what_the_worker_would(
    server: HubServer, cluster: RayCluster, api: HfApi, repo: str
) -> None:
    api.delete_file("model.safetensors", repo)
    api.upload_file(repo_id=repo, path_or_fileobj=b"x", path_in_repo="pytorch_model.bin")
    answer = ask(server, repo, {"inputs": "a good film"})
    assert (answer.status_code, "safetensors" in answer.json()["error"]) == (400, True)


@pytest.mark.parametrize("stream", [True, False])
def test_whoever_leaves_takes_their_call_along(
    server: HubServer, cluster: RayCluster, stream: bool
) -> None:
    short = {"inputs": "x", "parameters": {"max_new_tokens": 3}}
    assert ask(server, TALKER, short).status_code == 200
    parameters = {"max_new_tokens": LONG, "seed": 1}
    body = {"inputs": "x", "parameters": parameters, "stream": stream}
    if stream:
        with ask(server, TALKER, body, stream=True) as answer:
            lines = answer.iter_lines()  # the connection ends with it
            assert next(lines)
            assert busiest(cluster) > 30
            lines.close()
    else:
        with pytest.raises(requests.Timeout):
            ask(server, TALKER, body, timeout=2)
    wait_for(lambda: server.hub.serving.admission.calls == 0, 10)
    wait_for(lambda: busiest(cluster) < 20, 10)
    health = server.call(server.hub.serving.health())
    assert [model for model in health["models"] if model["calls"]] == []


def busiest(cluster: RayCluster) -> float:
    """The share of a processor, in percent, that the replica with the most work takes."""
    there = replicas(cluster)
    for process in there:
        process.cpu_percent()
    time.sleep(1)
    return max(process.cpu_percent() for process in there)


def test_another_gateway_goes_on_with_what_runs(server: HubServer, cluster: RayCluster) -> None:
    assert ask(server, REPO, {"inputs": "a good film"}).status_code == 200
    before = {process.pid for process in replicas(cluster)}
    server.call(server.hub.serving.stop())  # as when the hub is started again
    assert ask(server, REPO, {"inputs": "a good film"}).status_code == 200
    assert {process.pid for process in replicas(cluster)} <= before


def test_no_pass_is_in_what_ray_writes_down_or_shows(
    server: HubServer, cluster: RayCluster
) -> None:
    right = Pass(server.hub.accounts.actor_for_user("ada"), Action.CONTENT, Repo(uid="a" * 24))
    assert PASS.fullmatch(server.hub.passes.issue(PURPOSE, right, timedelta(minutes=1)))
    shown = [
        cluster.shown(page)
        for page in ("serve/applications/", "v0/actors?detail=true", "v0/tasks?detail=true")
    ]
    assert all("Replica" in text for text in shown[:2])  # they do show deployments and actors
    written = [path.read_bytes().decode("utf-8", "replace") for path in cluster.logs()]
    assert any("CALL infer OK" in text for text in written)
    found = [match for text in [*shown, *written] for match in PASS.findall(text)]
    assert [match for match in found if is_genuine(server, match)] == []
    assert not any("a good film" in text for text in written)


def is_genuine(server: HubServer, text: str) -> bool:
    try:
        server.hub.tickets.open(PURPOSE, text, timedelta(days=1))
    except ForbiddenError:
        return False
    return True


def test_no_door_of_the_cluster_leads_to_a_model(cluster: RayCluster) -> None:
    shown = json.loads(cluster.shown("serve/applications/"))
    assert shown["applications"]
    assert {it["route_prefix"] for it in shown["applications"].values()} == {None}
    assert shown["proxies"] == {}


def test_a_lost_cluster_is_named_and_used_again_when_it_is_back(
    server: HubServer, cluster: RayCluster
) -> None:
    pid = server.call(server.hub.serving.health())["pid"]
    cluster.lose(0)
    answer = ask(server, REPO, {"inputs": "a good film"})
    assert answer.status_code == 503, answer.text
    assert cluster.gcs in answer.json()["error"]
    assert int(answer.headers["Retry-After"]) > 0
    port = int(cluster.gcs.rpartition(":")[2])
    back = RayCluster(nodes=1, cpus=6, port=port, token=RAY_TOKEN)
    try:
        wait_for(lambda: ask(server, REPO, {"inputs": "a good film"}).status_code == 200)
        assert server.call(server.hub.serving.health())["pid"] != pid
    finally:
        server.call(server.hub.serving.stop())
        back.close()
