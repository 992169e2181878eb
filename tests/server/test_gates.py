"""Gated repositories: what stays readable, what does not, and how people get in."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from huggingface_hub import HfApi
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError

from ..conftest import HubServer

pytestmark = pytest.mark.both_stores

METADATA = ("", "/revision/main", "/tree/main", "/refs", "/commits/main", "/discussions")
CONTENT = (
    "/ada/{name}/resolve/main/a.txt",
    "/ada/{name}/raw/main/a.txt",
    "/api/models/ada/{name}/xet-read-token/main",
    "/api/models/ada/{name}/auth-check",
    "/ada/{name}.git/info/refs?service=git-upload-pack",
)


@pytest.fixture(scope="module")
def served(stores: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    server = HubServer(tmp_path_factory.mktemp("gates") / "hub")
    server.add_user("ada")
    server.hub.accounts.add_user("bob", email="bob@example.org")
    server.add_user("eve")
    yield server
    server.close()


def api(served: HubServer, user: str) -> HfApi:
    return HfApi(endpoint=served.endpoint, token=served.token(user))


@pytest.fixture
def gated(served: HubServer, request: pytest.FixtureRequest) -> str:
    """The name of a gated model of ada's with a file and a large file."""
    name = f"m{abs(hash(request.node.name)) % 10**9}"
    ada = api(served, "ada")
    ada.create_repo(f"ada/{name}")
    ada.upload_file(path_or_fileobj=b"x", path_in_repo="a.txt", repo_id=f"ada/{name}")
    ada.upload_file(path_or_fileobj=b"large", path_in_repo="b.bin", repo_id=f"ada/{name}")
    ada.update_repo_settings(f"ada/{name}", gated="manual")
    return name


def ask(served: HubServer, name: str, user: str, **fields: Any) -> requests.Response:
    url = f"{served.endpoint}/ada/{name}/ask-access"
    return requests.post(url, data=fields, headers=served.headers(user), timeout=30)


@pytest.mark.parametrize(("user", "status"), [("bob", 403), (None, 401)])
def test_what_can_be_known_and_what_not(
    served: HubServer, gated: str, user: str | None, status: int
) -> None:
    headers = served.headers(user) if user else {}
    for rest in METADATA:
        url = f"{served.endpoint}/api/models/ada/{gated}{rest}"
        assert requests.get(url, headers=headers, timeout=30).status_code == 200, rest
    for address in CONTENT:
        url = served.endpoint + address.format(name=gated)
        answer = requests.get(url, headers=headers, timeout=30)
        assert (answer.status_code, answer.headers["X-Error-Code"]) == (status, "GatedRepo"), url
        assert "is restricted and you are not in the authorized list" in answer.json()["error"]
    batch = {"operation": "download", "objects": [{"oid": "a" * 64, "size": 5}]}
    url = f"{served.endpoint}/ada/{gated}.git/info/lfs/objects/batch"
    assert requests.post(url, json=batch, headers=headers, timeout=30).status_code == status
    url = f"{served.endpoint}/models/ada/{gated}"
    assert requests.post(url, json={"inputs": "x"}, headers=headers, timeout=30).status_code == (
        status
    )


def test_nobody_clones_before_being_let_in(served: HubServer, gated: str, tmp_path: Path) -> None:
    def clone(user: str, folder: str) -> int:
        url = f"{served.endpoint}/ada/{gated}".replace("://", f"://x:{served.token(user)}@")
        command = ["git", "-c", "filter.lfs.smudge=cat", "clone", "-q", url, str(tmp_path / folder)]
        return subprocess.run(command, capture_output=True, check=False).returncode

    assert clone("bob", "before") != 0
    api(served, "ada").grant_access(f"ada/{gated}", "bob")
    assert clone("bob", "after") == 0
    assert clone("eve", "other") != 0


def test_a_request_from_question_to_answer(served: HubServer, gated: str) -> None:
    ada, repo = api(served, "ada"), f"ada/{gated}"
    assert ask(served, gated, "bob", why="research").json() == {"status": "pending"}
    assert ask(served, gated, "bob").json() == {"status": "pending"}
    (pending,) = ada.list_pending_access_requests(repo)
    assert (pending.username, pending.email, pending.fields) == (
        "bob",
        "bob@example.org",
        {"why": "research"},
    )
    ada.accept_access_request(repo, "bob")
    with pytest.raises(HfHubHTTPError):
        ada.accept_access_request(repo, "bob")
    assert api(served, "bob").hf_hub_download(repo, "a.txt")
    ada.reject_access_request(repo, "bob", rejection_reason="Not now.")
    with pytest.raises(GatedRepoError):
        api(served, "bob").auth_check(repo)
    assert ask(served, gated, "bob").json() == {"status": "rejected"}


def test_a_manual_grant_does_not_tell_the_email(served: HubServer, gated: str) -> None:
    ada, repo = api(served, "ada"), f"ada/{gated}"
    ada.grant_access(repo, "bob")
    with pytest.raises(HfHubHTTPError):
        ada.grant_access(repo, "bob")
    (accepted,) = ada.list_accepted_access_requests(repo)
    assert accepted.email is None
    with pytest.raises(HfHubHTTPError) as missing:
        ada.grant_access(repo, "nobody")
    assert missing.value.response.status_code == 404


def test_an_automatic_gate_opens_at_once(served: HubServer, gated: str) -> None:
    api(served, "ada").update_repo_settings(f"ada/{gated}", gated="auto")
    with pytest.raises(GatedRepoError):
        api(served, "eve").auth_check(f"ada/{gated}")
    assert ask(served, gated, "eve").json() == {"status": "accepted"}
    api(served, "eve").auth_check(f"ada/{gated}")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"user": "bob", "status": "maybe"}, 400),
        ({"status": "accepted"}, 400),
        ({"user": "bob", "status": "accepted"}, 404),
        ({"user": "nobody", "status": "accepted"}, 404),
        ({"user": 7, "status": "accepted"}, 400),
        ({"requestId": "x", "status": "accepted"}, 404),
        ({"user": "bob", "status": "accepted", "rejectionReason": "x"}, 400),
    ],
)
def test_decisions_that_make_no_sense(
    served: HubServer, gated: str, body: dict[str, Any], status: int
) -> None:
    url = f"{served.endpoint}/api/models/ada/{gated}/user-access-request/handle"
    answer = requests.post(url, json=body, headers=served.headers("ada"), timeout=30)
    assert answer.status_code == status, answer.text


def test_without_a_gate_there_is_nothing_to_ask(served: HubServer, gated: str) -> None:
    ada, repo = api(served, "ada"), f"ada/{gated}"
    ada.update_repo_settings(repo, gated=False)
    assert ask(served, gated, "bob").status_code == 400
    for call in (
        lambda: list(ada.list_pending_access_requests(repo)),
        lambda: ada.accept_access_request(repo, "bob"),
        lambda: ada.grant_access(repo, "bob"),
    ):
        with pytest.raises(HfHubHTTPError) as refused:
            call()
        assert refused.value.response.status_code == 400


def test_only_who_may_change_settings_decides(served: HubServer, gated: str) -> None:
    ask(served, gated, "bob")
    root = f"{served.endpoint}/api/models/ada/{gated}/user-access-request"
    for headers, status in (
        (served.headers("bob"), 403),
        (served.headers("ada", "read"), 403),
        ({}, 401),
    ):
        listed = requests.get(f"{root}/pending", headers=headers, timeout=30)
        body = {"user": "bob", "status": "accepted"}
        decided = requests.post(f"{root}/handle", json=body, headers=headers, timeout=30)
        granted = requests.post(f"{root}/grant", json={"user": "bob"}, headers=headers, timeout=30)
        assert [answer.status_code for answer in (listed, decided, granted)] == [status] * 3


def test_a_pass_ends_with_the_admission(served: HubServer, gated: str) -> None:
    """A Xet token that was given while bob was let in opens nothing once he is not."""
    ada, repo = api(served, "ada"), f"ada/{gated}"
    ada.grant_access(repo, "bob")
    url = f"{served.endpoint}/api/models/{repo}/xet-read-token/main"
    given = requests.get(url, headers=served.headers("bob"), timeout=30).json()
    (entry,) = ada.get_paths_info(repo, ["b.bin"])
    address = f"{given['casUrl']}/v1/reconstructions/{entry.xet_hash}"
    headers = {"Authorization": f"Bearer {given['accessToken']}"}
    assert requests.get(address, headers=headers, timeout=30).status_code == 200
    ada.reject_access_request(repo, "bob", rejection_reason=None)
    refused = requests.get(address, headers=headers, timeout=30)
    assert (refused.status_code, refused.headers["X-Error-Code"]) == (401, "GatedRepo")
