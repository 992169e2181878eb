"""Results in models' files: leaderboards, standings, who sees them, and what is verified."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests
from huggingface_hub import CommitOperationAdd, HfApi

from phub_jupyter.eval_results import EvalResult, file_of, write_results
from phub_jupyter.hub.evaluations.signatures import Signatures
from tests.conftest import HubServer

DATASET = "ada/reviews"
TASK = "text-classification"

pytestmark = pytest.mark.both_stores


@pytest.fixture(scope="module")
def server(stores: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    running = HubServer(tmp_path_factory.mktemp("hub"))
    try:
        running.add_user("ada")
        running.add_user("bob")
        api(running).create_repo(DATASET, repo_type="dataset")
        for name in ("ada/one", "ada/two"):
            api(running).create_repo(name)
        api(running).create_repo("ada/secret", private=True)
        api(running, "bob").create_repo("bob/own")
        yield running
    finally:
        running.close()


def api(server: HubServer, name: str = "ada") -> HfApi:
    return HfApi(endpoint=server.endpoint, token=server.token(name))


def result(value: float, **more: Any) -> EvalResult:
    known = {"rows": 100, "stderr": 0.01, "dataset_commit": "a" * 40, "model_commit": "b" * 40}
    options = {"metric": "accuracy", "split": "test", **known, **more}
    return EvalResult(DATASET, TASK, value=value, **options)


def put(server: HubServer, repo: str, *results: EvalResult, text: str | None = None) -> None:
    body = write_results(results) if text is None else text
    operation = CommitOperationAdd(file_of(DATASET), body.encode())
    person = repo.partition("/")[0]
    api(server, person).create_commit(repo, [operation], commit_message="Add results")


def leaders(server: HubServer, name: str = "ada", **query: Any) -> list[tuple[int, str, float]]:
    found = ask(server, f"/api/datasets/{DATASET}/leaderboard", name, **query).json()
    return [(each["rank"], each["modelId"], each["value"]) for each in found]


def ask(server: HubServer, path: str, name: str = "ada", **query: Any) -> requests.Response:
    headers = {"Authorization": f"Bearer {server.token(name)}"}
    return requests.get(server.endpoint + path, params=query, headers=headers, timeout=30)


def test_a_leaderboard_is_a_query_over_the_models_files(server: HubServer) -> None:
    assert api(server).get_dataset_leaderboard(DATASET) == []
    put(server, "ada/one", result(0.8), result(0.5, metric="log_loss"))
    put(server, "ada/two", result(0.9))
    put(server, "bob/own", result(0.8))
    put(server, "ada/secret", result(0.99))
    assert leaders(server) == [
        (1, "ada/secret", 0.99),
        (2, "ada/two", 0.9),
        (3, "ada/one", 0.8),
        (3, "bob/own", 0.8),
    ]
    assert leaders(server, "bob") == [
        (1, "ada/two", 0.9),
        (2, "ada/one", 0.8),
        (2, "bob/own", 0.8),
    ]
    first = api(server, "bob").get_dataset_leaderboard(DATASET)[0]
    assert (first.rank, first.model_id, first.verified) == (1, "ada/two", False)
    assert first.filename == file_of(DATASET)
    assert first.author.username == "ada"


def test_less_is_better_where_the_metric_says_so(server: HubServer) -> None:
    put(server, "ada/one", result(0.8), result(0.5, metric="log_loss"))
    put(server, "ada/two", result(0.9), result(0.7, metric="log_loss"))
    found = leaders(server, task_id=f"{TASK}/log_loss")
    assert found == [(1, "ada/one", 0.5), (2, "ada/two", 0.7)]
    wrong = ask(server, f"/api/datasets/{DATASET}/leaderboard", task_id="chess")
    assert wrong.status_code == 400
    assert "there are text-classification/accuracy on 'test'" in wrong.json()["error"]


def test_a_model_is_shown_among_those_that_one_may_see(server: HubServer) -> None:
    put(server, "ada/one", result(0.8))
    put(server, "ada/two", result(0.9))
    put(server, "ada/secret", result(0.99))
    path = "/api/models/ada/one/eval-results"
    (mine,) = ask(server, path).json()
    assert (mine["rank"], mine["best"]["modelId"]) == (3, "ada/secret")
    (theirs,) = ask(server, path, "bob").json()
    assert (theirs["rank"], theirs["best"]) == (2, {"modelId": "ada/two", "value": 0.9})
    assert theirs["evaluation"]["stderr"] == 0.01
    assert ask(server, "/api/models/ada/secret/eval-results", "bob").status_code == 404


def test_the_public_client_reads_the_results_of_a_model(server: HubServer) -> None:
    put(server, "ada/one", result(0.8))
    info = api(server, "bob").model_info("ada/one", expand=["evalResults"])
    (entry,) = info.eval_results or []
    assert (entry.dataset_id, entry.task_id, entry.value) == (DATASET, f"{TASK}/accuracy", 0.8)
    assert entry.dataset_revision == "a" * 40
    listed = {m.id: m for m in api(server, "bob").list_models(expand=["evalResults"])}
    assert [entry.value for entry in listed["ada/one"].eval_results or []] == [0.8]
    assert "ada/secret" not in listed


def test_only_what_the_hub_signed_is_verified(server: HubServer) -> None:
    signatures: Signatures = server.hub.signatures
    uid = _uid(server, "ada/one")
    signed = signatures.signed(result(0.8), uid)
    put(server, "ada/one", signed)
    assert _verified(server, "ada/one") == [True]
    put(server, "ada/one", replace(signed, value=0.81))
    assert _verified(server, "ada/one") == [False]
    put(server, "ada/one", replace(signed, model_commit="c" * 40))
    assert _verified(server, "ada/one") == [False]
    put(server, "ada/two", signed)
    assert _verified(server, "ada/two") == [False]
    put(server, "ada/one", replace(signed, verify_token="nonsense.é"))
    assert _verified(server, "ada/one") == [False]


def test_files_that_nobody_can_read_count_for_nothing(server: HubServer) -> None:
    for text in ("a: [", "- 7", "- {dataset: {id: nowhere}, value: 1}", "&a [*a]"):
        put(server, "ada/two", text=text)
        assert _verified(server, "ada/two") == []
    long = "x" * 400
    put(server, "ada/two", result(0.5, metric=long), result(0.6))
    assert len(_verified(server, "ada/two")) == 1


def test_results_follow_a_dataset_that_is_renamed(server: HubServer) -> None:
    api(server).create_repo("ada/old", repo_type="dataset")
    other = replace(result(0.7), dataset="ada/old")
    operation = CommitOperationAdd(file_of("ada/old"), write_results([other]).encode())
    api(server).create_commit("ada/one", [operation], commit_message="Add results")
    api(server).move_repo("ada/old", "ada/new", repo_type="dataset")
    found = ask(server, "/api/datasets/ada/new/leaderboard").json()
    assert [each["modelId"] for each in found] == ["ada/one"]


def test_only_base_models_if_that_is_asked(server: HubServer) -> None:
    card = CommitOperationAdd("README.md", b"---\nbase_model: ada/one\n---\n")
    put(server, "bob/own", result(0.8))
    api(server, "bob").create_commit("bob/own", [card], commit_message="Say where it is from")
    models = {name for _, name, _ in leaders(server, "bob")}
    assert "bob/own" in models
    base = api(server, "bob").get_dataset_leaderboard(DATASET, base_model_only=True)
    assert {entry.model_id for entry in base} == models - {"bob/own"}


def _verified(server: HubServer, model: str) -> list[bool]:
    found = ask(server, f"/api/models/{model}/eval-results").json()
    return [each["verified"] for each in found if each["dataset"]["id"] == DATASET]


def _uid(server: HubServer, model: str) -> str:
    return str(ask(server, f"/api/models/{model}").json()["_id"])
