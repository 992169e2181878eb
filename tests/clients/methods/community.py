"""Discussions, pull requests, collections, likes and webhooks."""

from __future__ import annotations

from case import Tour, case
from huggingface_hub import CommitOperationAdd


@case("create_discussion")
def _(tour: Tour) -> None:
    made = tour.bob.create_discussion("ada/m", "How?", description="Tell me.")
    assert made.title == "How?"
    tour.made["talk"] = made.num


@case("get_discussion_details", "get_repo_discussions")
def _(tour: Tour) -> None:
    details = tour.api.get_discussion_details("ada/m", tour.made["talk"])
    assert details.events[0].content == "Tell me."
    assert tour.made["talk"] in [found.num for found in tour.api.get_repo_discussions("ada/m")]


@case("comment_discussion", "edit_discussion_comment", "hide_discussion_comment")
def _(tour: Tour) -> None:
    number = tour.made["talk"]
    comment = tour.bob.comment_discussion("ada/m", number, "So")
    edited = tour.bob.edit_discussion_comment("ada/m", number, comment.id, "So!")
    assert (edited.content, edited.edited) == ("So!", True)
    assert tour.api.hide_discussion_comment("ada/m", number, comment.id).hidden


@case("rename_discussion", "change_discussion_status")
def _(tour: Tour) -> None:
    number = tour.made["talk"]
    assert tour.api.rename_discussion("ada/m", number, "Why?").new_title == "Why?"
    assert tour.api.change_discussion_status("ada/m", number, "closed").new_status == "closed"
    assert tour.api.get_discussion_details("ada/m", number).status == "closed"


@case("create_pull_request", "merge_pull_request")
def _(tour: Tour) -> None:
    request = tour.bob.create_pull_request("ada/m", "Mine")
    tour.bob.create_commit(
        "ada/m",
        operations=[CommitOperationAdd("from-bob.txt", b"hello")],
        commit_message="Add",
        revision=f"refs/pr/{request.num}",
    )
    tour.api.change_discussion_status("ada/m", request.num, "open")
    tour.api.merge_pull_request("ada/m", request.num)
    assert tour.api.get_discussion_details("ada/m", request.num).status == "merged"
    assert "from-bob.txt" in tour.api.list_repo_files("ada/m")


@case("upload_attachment")
def _(tour: Tour) -> None:
    picture = tour.folder / "dot.png"
    picture.write_bytes(
        bytes.fromhex(
            "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154"
            "789c6360000002000001e5272d1f0000000049454e44ae426082"
        )
    )
    assert tour.api.upload_attachment(picture).startswith(tour.endpoint)


@case(
    *("create_collection", "get_collection", "list_collections", "add_collection_item"),
    *("update_collection_item", "update_collection_metadata", "delete_collection_item"),
    "delete_collection",
)
def _(tour: Tour) -> None:
    slug = tour.api.create_collection("My things", namespace="ada", description="Best").slug
    one = tour.api.add_collection_item(slug, "ada/m", "model", note="good").items[0]
    tour.api.update_collection_item(slug, one.item_object_id, note="better")
    assert tour.api.get_collection(slug).items[0].note == "better"
    assert tour.api.update_collection_metadata(slug, title="Ours").title == "Ours"
    assert "Ours" in [found.title for found in tour.api.list_collections(owner="ada")]
    tour.api.delete_collection_item(slug, one.item_object_id)
    assert tour.api.get_collection(slug).items == []
    tour.api.delete_collection(slug)


@case("update_collection_resource_group")
def _(tour: Tour) -> None:
    slug = tour.api.create_collection("Grouped", namespace="acme").slug
    tour.api.update_collection_resource_group(slug, None)


@case("list_repo_likers", "list_liked_repos", "unlike")
def _(tour: Tour) -> None:
    tour.made["post"](f"{tour.endpoint}/api/models/ada/m/like")
    assert [user.username for user in tour.api.list_repo_likers("ada/m")] == ["ada"]
    assert tour.api.list_liked_repos("ada").models == ["ada/m"]
    tour.api.unlike("ada/m")
    assert list(tour.api.list_repo_likers("ada/m")) == []


@case(
    *("create_webhook", "get_webhook", "list_webhooks", "update_webhook"),
    *("disable_webhook", "enable_webhook", "delete_webhook"),
)
def _(tour: Tour) -> None:
    hook = tour.api.create_webhook(
        url="https://example.com/hook", watched=[{"type": "user", "name": "ada"}], secret="s"
    )
    assert hook.id in [found.id for found in tour.api.list_webhooks()]
    tour.api.update_webhook(hook.id, url="https://example.com/other", watched=[])
    found = tour.api.get_webhook(hook.id)
    assert found.url == "https://example.com/other"
    assert found.watched[0].name == "ada"
    assert tour.api.disable_webhook(hook.id).disabled
    assert not tour.api.enable_webhook(hook.id).disabled
    tour.api.delete_webhook(hook.id)
    assert list(tour.api.list_webhooks()) == []
