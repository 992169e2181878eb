"""Evaluations that the hub computes: from the call to the leaderboard, and who may do what."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from huggingface_hub import HfApi

from phub_jupyter.compute.evaluation.run import evaluate
from phub_jupyter.compute.evaluation.settings import Settings
from tests.compute.tiny_classifier import make_classifier
from tests.compute.training_data import remarks, write_dataset
from tests.conftest import HubServer
from tests.server.model_server import REPO, model_server

DATASET = "ada/remarks"
OTHER = "bob/other"
TASK = "text-classification"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("evaluations")


@pytest.fixture(scope="module")
def server(root: Path) -> Iterator[HubServer]:
    with model_server(root) as running:
        folder = write_dataset(root / "remarks", test=remarks(60, 2), validation=remarks(30, 1))
        api(running).create_repo(DATASET, repo_type="dataset", private=True)
        api(running).upload_folder(repo_id=DATASET, repo_type="dataset", folder_path=folder)
        other = make_classifier(root / "other", seed=8)
        (other / "README.md").write_text(f"---\npipeline_tag: {TASK}\n---\n# Other\n")
        api(running, "bob").create_repo(OTHER)
        api(running, "bob").upload_folder(repo_id=OTHER, folder_path=other)
        yield running


def api(server: HubServer, name: str = "ada") -> HfApi:
    return HfApi(endpoint=server.endpoint, token=server.token(name))


def ask(
    server: HubServer, method: str, path: str = "", name: str | None = "ada", **more: Any
) -> requests.Response:
    headers = {"Authorization": f"Bearer {server.token(name)}"} if name else {}
    url = f"{server.endpoint}/api/phub/evaluations{path}"
    return requests.request(method, url, headers=headers, timeout=60, **more)


def begin(server: HubServer, **body: Any) -> str:
    answer = ask(server, "POST", json={"models": [REPO], "dataset": DATASET, **body})
    assert answer.status_code == 202, answer.text
    assert answer.headers["Location"].endswith(answer.json()["id"])
    return str(answer.json()["id"])


def ended(server: HubServer, uid: str) -> dict[str, Any]:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        found: dict[str, Any] = ask(server, "GET", f"/{uid}").json()
        if found["status"] not in ("queued", "running"):
            return found
        time.sleep(0.2)
    raise AssertionError(f"still {found}")


@pytest.fixture(scope="module")
def done(server: HubServer) -> dict[str, Any]:
    """An evaluation of both models, with the heads that they had before."""
    heads = {name: api(server).model_info(name).sha for name in (REPO, OTHER)}
    found = ended(
        server, begin(server, models=[REPO, OTHER], push=True, metrics=["accuracy", "f1"])
    )
    return {**found, "heads": heads}


def test_results_are_those_of_the_library_signed_and_on_the_leaderboard(
    server: HubServer, root: Path, done: dict[str, Any]
) -> None:
    heads = done["heads"]
    assert done["error"] is None
    assert done["status"] == "finished"
    assert [each["sha"] for each in done["models"]] == list(heads.values())
    report = ask(server, "GET", f"/{done['id']}/report").json()
    named = [(REPO, root / "model"), (OTHER, root / "other")]
    here = evaluate(Settings(TASK, ("accuracy", "f1")), named, root / "remarks", root / "here")
    for found, expected in zip(report["models"], here.as_json()["models"], strict=True):
        assert found["scores"] == expected["scores"]
    committed, proposed = done["pushed"]
    assert (committed["model"], committed["pullRequest"]) == (REPO, None)
    assert api(server).model_info(REPO).sha == committed["commit"]
    assert (proposed["model"], proposed["pullRequest"]) == (OTHER, 1)
    assert api(server).model_info(OTHER).sha == heads[OTHER]
    url = f"{server.endpoint}/api/datasets/{DATASET}/leaderboard"
    headers = {"Authorization": f"Bearer {server.token()}"}
    (leader,) = requests.get(url, headers=headers, timeout=30).json()
    value = report["models"][0]["scores"]["accuracy"]["value"]
    assert (leader["modelId"], leader["verified"]) == (REPO, True)
    assert leader["value"] == pytest.approx(value, abs=1e-6)
    assert not (server.hub.root / "evaluations" / done["id"] / "predictions").exists()


def test_a_proposal_that_is_merged_is_verified_too(server: HubServer, done: dict[str, Any]) -> None:
    api(server, "bob").merge_pull_request(OTHER, done["pushed"][1]["pullRequest"])
    headers = {"Authorization": f"Bearer {server.token()}"}
    url = f"{server.endpoint}/api/models/{OTHER}/eval-results"
    results = requests.get(url, headers=headers, timeout=30).json()
    assert results
    assert all(each["verified"] for each in results)


def test_nobody_else_sees_it(server: HubServer, done: dict[str, Any]) -> None:
    for path in (f"/{done['id']}", f"/{done['id']}/report"):
        assert ask(server, "GET", path, "bob").status_code == 404
        assert ask(server, "GET", path, None).status_code == 401
    assert ask(server, "DELETE", f"/{done['id']}", "bob").status_code == 404
    assert ask(server, "GET", name="bob").json() == []
    mine = [each["id"] for each in ask(server, "GET", params={"limit": 2}).json()]
    assert mine == [done["id"]]
    hidden = {"models": [REPO], "dataset": DATASET}
    answer = ask(server, "POST", name="bob", json=hidden)
    missing = ask(server, "POST", name="bob", json={**hidden, "models": ["ada/none"]})
    assert (answer.status_code, missing.status_code) == (404, 404)
    assert answer.text.replace(REPO, "") == missing.text.replace("ada/none", "")


def test_one_who_may_not_read_the_dataset_any_more_loses_the_report(server: HubServer) -> None:
    name = "bob/rows"
    bob = api(server, "bob")
    bob.create_repo(name, repo_type="dataset")
    api(server).whoami()
    folder = server.hub.snapshots.folder(
        server.hub.repositories.by_uid(_uid(server, DATASET)),
        str(api(server).dataset_info(DATASET).sha),
    )
    bob.upload_folder(repo_id=name, repo_type="dataset", folder_path=folder)
    done = ended(server, begin(server, dataset=name, rows=10))
    assert ask(server, "GET", f"/{done['id']}/report").status_code == 200
    bob.update_repo_settings(name, repo_type="dataset", private=True)
    assert ask(server, "GET", f"/{done['id']}/report").status_code == 404
    assert done["id"] not in [each["id"] for each in ask(server, "GET").json()]
    assert ask(server, "DELETE", f"/{done['id']}").status_code == 200
    assert not (server.hub.root / "evaluations" / done["id"]).exists()


def test_a_token_that_is_revoked_takes_its_evaluations_with_it(server: HubServer) -> None:
    first = begin(server)  # keeps the hub busy
    token = server.hub.accounts.add_token("ada", name="soon gone", role="write")
    headers = {"Authorization": f"Bearer {token}"}
    url = f"{server.endpoint}/api/phub/evaluations"
    body = {"models": [REPO], "dataset": DATASET}
    second = requests.post(url, json=body, headers=headers, timeout=30).json()
    server.hub.accounts.revoke_token(token)
    assert ended(server, first)["status"] == "finished"
    found = ended(server, second["id"])
    assert found["status"] == "failed", found
    assert "no longer valid" in found["error"]


def test_revisions_of_one_model_are_compared_but_not_pushed(server: HubServer) -> None:
    commits = [each.commit_id for each in api(server).list_repo_commits(REPO)]
    models = [REPO, f"{REPO}@{commits[-2]}"]
    done = ended(server, begin(server, models=models))
    report = ask(server, "GET", f"/{done['id']}/report").json()
    names = [f"{REPO}@{commits[0][:8]}", f"{REPO}@{commits[-2][:8]}"]
    assert [each["model"] for each in report["models"]] == names
    assert "pass" not in str(report["noted"])
    body = {"models": models, "dataset": DATASET, "push": True}
    refused = ask(server, "POST", json=body)
    assert (refused.status_code, "push" in refused.text) == (400, True)
    twice = ask(server, "POST", json={**body, "models": [REPO, REPO.upper().lower()]})
    assert twice.status_code == 400


def test_what_fails_for_reasons_of_the_hub_does_not_stop_the_queue(server: HubServer) -> None:
    folder = server.hub.root / "evaluations"
    aside = folder.rename(folder.with_name("aside"))
    folder.write_text("in the way")
    failed = ended(server, begin(server))
    folder.unlink()
    aside.rename(folder)
    assert (failed["status"], "could not compute" in failed["error"]) == ("failed", True)
    assert ended(server, begin(server))["status"] == "finished"


def _uid(server: HubServer, dataset: str) -> str:
    (repo,) = [each for each in server.hub.repositories.all() if each.key == f"dataset/{dataset}"]
    return repo.uid


def test_what_cannot_be_evaluated_fails_with_a_sentence(server: HubServer) -> None:
    done = ended(server, begin(server, columns={"text": "prose"}))
    assert (done["status"], done["progress"]) == ("failed", None)
    assert "prose" in done["error"]
    answer = ask(server, "GET", f"/{done['id']}/report")
    assert answer.status_code == 409
    assert "prose" in answer.text


def test_one_that_is_cancelled_ends_and_the_next_begins(server: HubServer) -> None:
    first, second = begin(server, push=True, seed=1), begin(server)
    head = api(server).model_info(REPO).sha
    assert ask(server, "DELETE", f"/{first}").status_code == 200
    assert ended(server, first)["status"] == "cancelled"
    finished = ended(server, second)
    assert (finished["status"], finished["pushed"]) == ("finished", [])
    assert api(server).model_info(REPO).sha == head
    assert ask(server, "DELETE", f"/{second}").status_code == 200
    assert ask(server, "GET", f"/{second}").status_code == 404
    assert not (server.hub.root / "evaluations" / second).exists()


def test_what_a_stopped_hub_was_computing_is_computed_by_the_next(root: Path) -> None:
    first = HubServer(root / "again")
    first.add_user("ada")
    for name, kind, folder in ((REPO, "model", "model"), (DATASET, "dataset", "remarks")):
        api(first).create_repo(name, repo_type=kind)
        api(first).upload_folder(repo_id=name, repo_type=kind, folder_path=root / folder)
    uid = begin(first)
    first.close()
    again = HubServer(root / "again")
    try:
        assert ended(again, uid)["status"] == "finished"
    finally:
        again.close()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"models": []}, "models"),
        ({"models": ["a/b"] * 11}, "models"),
        ({"models": [3]}, "models"),
        ({"dataset": None}, "dataset"),
        ({"dataset": "ada/none"}, "dataset"),
        ({"models": [f"{REPO}@nowhere"]}, "nowhere"),
        ({"task": "magic"}, "task"),
        ({"metrics": ["bleu"]}, "metric"),
        ({"metrics": ["ada/cost"]}, "does not run"),
        ({"rows": 0}, "rows"),
        ({"seed": "x"}, "seed"),
        ({"columns": ["text"]}, "columns"),
        ({"push": 1}, "push"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_bad_input_names_the_field(server: HubServer, body: dict[str, Any], field: str) -> None:
    answer = ask(server, "POST", json={"models": [REPO], "dataset": DATASET, **body})
    assert 400 <= answer.status_code < 502
    assert answer.status_code != 500
    assert field in answer.json()["error"]


def test_a_token_that_may_only_read_evaluates_nothing(server: HubServer) -> None:
    token = server.hub.accounts.add_token("ada", name="reading", role="read")
    headers = {"Authorization": f"Bearer {token}"}
    url = f"{server.endpoint}/api/phub/evaluations"
    body = {"models": [REPO], "dataset": DATASET}
    assert requests.post(url, json=body, headers=headers, timeout=30).status_code == 403
