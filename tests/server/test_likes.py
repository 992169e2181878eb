"""Likes over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from huggingface_hub import HfApi

from .repo_client import RepoClient


@pytest.fixture
def model(hub_server: Any) -> RepoClient:
    """A public model of ada."""
    return RepoClient(hub_server)


def test_a_reader_likes_and_takes_it_back(model: RepoClient) -> None:
    liked = model.request("POST", f"{model.api}/like", user="bob")
    assert (liked.status_code, liked.json()) == (200, {"likes": 1, "liked": True})
    assert model.request("POST", f"{model.api}/like", user="bob").json()["likes"] == 1
    assert model.request("POST", f"{model.api}/like").json()["likes"] == 2
    info = model.request("GET", model.api, user="bob").json()
    assert (info["likes"], info["liked"]) == (2, True)
    assert "liked" not in model.request("GET", model.api, user=None).json()
    gone = model.request("DELETE", f"{model.api}/like", user="bob")
    assert gone.json() == {"likes": 1, "liked": False}
    assert model.request("DELETE", f"{model.api}/like", user="bob").json()["likes"] == 1


def test_the_client_can_unlike(model: RepoClient) -> None:
    model.request("POST", f"{model.api}/like")
    token = model.server.token("ada")
    HfApi(endpoint=model.server.endpoint, token=token).unlike(model.id)
    assert model.request("GET", model.api).json()["likes"] == 0


def test_strangers_cannot_like(model: RepoClient) -> None:
    answer = model.request("POST", f"{model.api}/like", user=None)
    assert answer.status_code == 401
    assert answer.headers["X-Error-Code"] == "Unauthorized"
    assert model.request("GET", model.api).json()["likes"] == 0


def test_a_token_that_may_only_read_likes_nothing(model: RepoClient) -> None:
    for method in ("POST", "DELETE"):
        answer = model.request(method, f"{model.api}/like", user="bob", role="read")
        assert (answer.status_code, answer.headers["X-Error-Code"]) == (403, "Forbidden")
    assert model.request("GET", model.api).json()["likes"] == 0


def test_what_is_hidden_cannot_be_liked(hub_server: Any) -> None:
    secret = RepoClient(hub_server, "secret", "dataset", private=True)
    answer = secret.request("POST", f"{secret.api}/like", user="bob")
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (404, "RepoNotFound")
    assert secret.request("GET", secret.api).json()["likes"] == 0
