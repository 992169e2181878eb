"""Who the caller is, as every generation of clients asks; status and tasks."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError

from phub_jupyter import __version__
from phub_jupyter.tasks import TASKS


def get(server: Any, path: str, **headers: str) -> requests.Response:
    """Ask as whoever the headers say."""
    return requests.get(f"{server.endpoint}{path}", headers=headers, timeout=30)


def test_the_client_learns_name_organizations_and_token(hub_server: Any) -> None:
    hub_server.hub.accounts.add_org("acme", "ada")
    token = hub_server.token("ada", "write")
    who = HfApi(endpoint=hub_server.endpoint, token=token).whoami()
    assert (who["type"], who["name"], who["fullname"], who["isPro"]) == (
        "user",
        "ada",
        "ada",
        False,
    )
    assert [(org["name"], org["roleInOrg"]) for org in who["orgs"]] == [("acme", "admin")]
    used = who["auth"]["accessToken"]
    assert (used["displayName"], used["role"]) == ("test", "write")
    assert used["createdAt"].endswith("Z")
    assert token not in str(who)


@pytest.mark.parametrize(
    ("user", "role", "shown", "admin"),
    [
        ("ada", "read", "read", False),
        ("ada", "admin", "write", False),
        ("root", "write", "write", False),
        ("root", "admin", "write", True),
    ],
)
def test_roles_are_said_in_the_words_of_the_clients(
    hub_server: Any, user: str, role: str, shown: str, admin: bool
) -> None:
    headers = hub_server.headers(user, role)
    who = get(hub_server, "/api/whoami-v2", **headers).json()
    assert (who["auth"]["accessToken"]["role"], who["isAdmin"]) == (shown, admin)


def test_a_fine_grained_token_says_what_it_opens(hub_server: Any) -> None:
    scopes = [{"type": "model", "id": "0" * 24, "rights": ["read"]}]
    token = hub_server.token("ada", "fineGrained", scopes=scopes)
    who = get(hub_server, "/api/whoami-v2", Authorization=f"Bearer {token}").json()
    used = who["auth"]["accessToken"]
    assert used["role"] == "fineGrained"
    assert used["fineGrained"]["scoped"] == [
        {"entity": {"_id": "0" * 24, "type": "model"}, "permissions": ["repo.read"]}
    ]


@pytest.mark.parametrize("path", ["/api/whoami-v2", "/api/models", "/ada/m/resolve/main/x"])
def test_a_bad_token_is_not_mistaken_for_a_missing_repository(hub_server: Any, path: str) -> None:
    answer = get(hub_server, path, Authorization="Bearer hf_wrong")
    assert answer.status_code == 401
    message = "Invalid credentials in Authorization header"
    assert answer.headers["X-Error-Message"] == message
    assert answer.headers["X-Error-Code"] != "RepoNotFound"
    assert answer.json() == {"error": message}


def test_nobody_is_asked_to_log_in(hub_server: Any) -> None:
    answer = get(hub_server, "/api/whoami-v2")
    assert answer.status_code == 401
    assert "token" in answer.json()["error"]


def test_the_client_raises_for_a_revoked_token(hub_server: Any) -> None:
    token = hub_server.token("ada")
    hub_server.hub.accounts.revoke_token(token)
    with pytest.raises(HfHubHTTPError, match="Invalid"):
        HfApi(endpoint=hub_server.endpoint, token=token).whoami()


def test_the_trace_id_of_a_request_comes_back(hub_server: Any) -> None:
    answer = get(hub_server, "/api/whoami-v2", **{"X-Amzn-Trace-Id": "abc-123"})
    assert answer.headers["X-Request-Id"] == "abc-123"
    assert get(hub_server, "/api/whoami-v2").headers["X-Request-Id"]


def test_status_tells_a_stranger_nothing_about_people(hub_server: Any) -> None:
    expected = {"version": __version__, "mode": "standalone", "endpoint": hub_server.endpoint}
    assert get(hub_server, "/api/phub/status").json() == {**expected, "user": None}
    known = get(hub_server, "/api/phub/status", **hub_server.headers("ada")).json()
    assert known == {**expected, "user": {"name": "ada", "is_admin": False}}


def test_addresses_are_those_that_the_client_wrote(prefixed_hub_server: Any) -> None:
    path = prefixed_hub_server.endpoint
    status = requests.get(
        f"{path}/api/phub/status",
        headers={"Host": "hub.example:8443", "X-Forwarded-Proto": "https"},
        timeout=30,
    )
    assert status.json()["endpoint"] == "https://hub.example:8443/user/ada/phub"


def test_the_task_table_is_served(hub_server: Any) -> None:
    tasks = get(hub_server, "/api/phub/tasks").json()
    assert [task["name"] for task in tasks] == list(TASKS)
    trainable = {task["name"]: task["trainable"] for task in tasks}
    assert trainable["text-classification"]
    assert not trainable["text-to-image"]


def test_an_unknown_address_is_404_and_an_unbuilt_one_501(hub_server: Any) -> None:
    unknown = get(hub_server, "/api/nothing")
    assert (unknown.status_code, unknown.headers["X-Error-Code"]) == (404, "NotFound")
    unbuilt = get(hub_server, "/api/datasets/ada/d/parquet")
    assert (unbuilt.status_code, unbuilt.headers["X-Error-Code"]) == (501, "NotSupported")
    assert "nothing was changed" in unbuilt.json()["error"]
