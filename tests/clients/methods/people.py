"""People, organizations, and who is let into a gated repository."""

from __future__ import annotations

from case import Tour, case
from huggingface_hub.errors import GatedRepoError


@case("get_user_overview")
def _(tour: Tour) -> None:
    assert tour.api.get_user_overview("ada").username == "ada"


@case("get_organization_overview", "list_organization_members")
def _(tour: Tour) -> None:
    assert tour.api.get_organization_overview("acme").name == "acme"
    members = [user.username for user in tour.api.list_organization_members("acme")]
    assert members == ["ada"]


@case("list_organization_followers", "list_user_followers", "list_user_following")
def _(tour: Tour) -> None:
    assert list(tour.api.list_user_followers("ada")) == []
    assert list(tour.api.list_user_following("ada")) == []
    if tour.has("list_organization_followers"):
        assert list(tour.api.list_organization_followers("acme")) == []


@case(
    *("list_pending_access_requests", "list_accepted_access_requests", "accept_access_request"),
    *("list_rejected_access_requests", "reject_access_request", "cancel_access_request"),
    "grant_access",
)
def _(tour: Tour) -> None:
    api = tour.api
    api.create_repo("ada/gated")
    api.upload_file(path_or_fileobj=b"x", path_in_repo="a.txt", repo_id="ada/gated")
    api.update_repo_settings("ada/gated", gated="manual")
    try:
        tour.bob.hf_hub_download("ada/gated", "a.txt")
    except GatedRepoError:
        pass
    else:
        raise AssertionError("the gate is open")
    tour.made["ask"](f"{tour.endpoint}/ada/gated/ask-access")
    assert [one.username for one in api.list_pending_access_requests("ada/gated")] == ["bob"]
    api.accept_access_request("ada/gated", "bob")
    assert [one.username for one in api.list_accepted_access_requests("ada/gated")] == ["bob"]
    tour.bob.hf_hub_download("ada/gated", "a.txt")
    api.reject_access_request("ada/gated", "bob", rejection_reason="No more.")
    assert [one.username for one in api.list_rejected_access_requests("ada/gated")] == ["bob"]
    api.cancel_access_request("ada/gated", "bob")
    assert [one.username for one in api.list_pending_access_requests("ada/gated")] == ["bob"]
    api.create_repo("ada/gated2")
    api.update_repo_settings("ada/gated2", gated="manual")
    api.grant_access("ada/gated2", "bob")
    assert [one.username for one in api.list_accepted_access_requests("ada/gated2")] == ["bob"]
