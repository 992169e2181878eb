"""Folders and paths over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from .repo_client import RepoClient, add, line

LARGE = b"\0" * 4000


@pytest.fixture
def data(hub_server: Any) -> RepoClient:
    """A dataset with two levels of folders and a large file."""
    data = RepoClient(hub_server, "d", "dataset")
    oid = data.upload(LARGE)
    answer = data.commit(
        add("README.md", "# D\n"),
        add("a b/c ü/deep.txt", "deep"),
        add("a b/flat.txt", "flat"),
        line("lfsFile", path="a b/w.bin", oid=oid, algo="sha256", size=len(LARGE)),
    )
    assert answer.status_code == 200, answer.text
    return data


def paths(answer: Any) -> list[str]:
    """The paths in an answer."""
    assert answer.status_code == 200, answer.text
    return [item["path"] for item in answer.json()]


def test_the_root_and_a_folder_written_as_one_segment(data: RepoClient) -> None:
    assert paths(data.request("GET", f"{data.api}/tree/main")) == [
        *(".gitattributes", "README.md", "a b"),
    ]
    inside = ["a b/c ü", "a b/flat.txt", "a b/w.bin"]
    assert paths(data.request("GET", f"{data.api}/tree/main/a%20b")) == inside
    assert paths(data.request("GET", f"{data.api}/tree/main/a%20b%2Fc%20%C3%BC")) == [
        "a b/c ü/deep.txt"
    ]
    assert paths(data.request("GET", f"{data.api}/tree/main/a%20b?recursive=True")) == [
        *("a b/c ü", "a b/c ü/deep.txt", "a b/flat.txt", "a b/w.bin"),
    ]


def test_entries_have_the_shape_that_clients_read(data: RepoClient) -> None:
    answer = data.request("GET", f"{data.api}/tree/main/a%20b", user=None)
    folder, flat, large = answer.json()
    assert (folder["type"], folder["size"], len(folder["oid"])) == ("directory", 0, 40)
    oid = data.git.entry(data.head, "a b/flat.txt").oid
    assert flat == {"type": "file", "path": "a b/flat.txt", "size": 4, "oid": oid}
    pointer = data.git.entry(data.head, "a b/w.bin")
    assert pointer.lfs is not None
    whole = data.hub.large_files.find(data.repo.pk, [pointer.lfs.sha256])
    assert large == {
        "type": "file",
        "path": "a b/w.bin",
        "size": 4000,
        "oid": pointer.oid,
        "lfs": {"oid": pointer.lfs.sha256, "size": 4000, "pointerSize": len(pointer.lfs.text)},
        "xetHash": whole[pointer.lfs.sha256].whole_hash,
    }


def test_expand_tells_the_last_commit(data: RepoClient) -> None:
    before = data.head
    data.commit(add("a b/flat.txt", "changed"))
    items = data.request("GET", f"{data.api}/tree/main/a%20b?expand=true").json()
    last = {item["path"]: item["lastCommit"]["id"] for item in items}
    assert last == {"a b/c ü": before, "a b/flat.txt": data.head, "a b/w.bin": before}
    assert set(items[0]["lastCommit"]) == {"id", "title", "date"}


def test_pages_stay_at_the_commit_of_the_first(data: RepoClient) -> None:
    first = data.request("GET", f"{data.api}/tree/main?recursive=true&limit=4")
    data.commit(line("deletedFolder", path="a b"))
    second = data.request("GET", first.links["next"]["url"].removeprefix(data.server.endpoint))
    assert paths(first) + paths(second) == [
        *(".gitattributes", "README.md", "a b", "a b/c ü"),
        *("a b/c ü/deep.txt", "a b/flat.txt", "a b/w.bin"),
    ]
    assert "next" not in second.links


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("tree/main/nope", "EntryNotFound"),
        ("tree/main/README.md", "EntryNotFound"),
        ("tree/main/..%2F..", "EntryNotFound"),
        ("tree/main/%2Fetc", "EntryNotFound"),
        ("tree/main/a%20b%00", "EntryNotFound"),
        ("tree/nope", "RevisionNotFound"),
        ("tree/nope/nope", "RevisionNotFound"),
    ],
)
def test_what_is_missing_is_said_to_be(data: RepoClient, path: str, code: str) -> None:
    answer = data.request("GET", f"{data.api}/{path}")
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (404, code)


def test_named_paths_come_as_far_as_they_exist(data: RepoClient) -> None:
    form = {"paths": ["a b", "nope", "a b/flat.txt", "../x", "a b/w.bin", "", "a b/"]}
    answer = data.request("POST", f"{data.api}/paths-info/main", data={**form, "expand": "True"})
    assert paths(answer) == ["a b", "a b/flat.txt", "a b/w.bin"]
    assert all(item["lastCommit"]["id"] == data.head for item in answer.json())
    answer = data.request("POST", f"{data.api}/paths-info/main", json=form)
    assert paths(answer) == ["a b", "a b/flat.txt", "a b/w.bin"]
    assert "lastCommit" not in answer.json()[0]
    assert data.request("POST", f"{data.api}/paths-info/main", data={}).json() == []
    many = {"paths": [str(number) for number in range(1001)]}
    assert data.request("POST", f"{data.api}/paths-info/main", data=many).status_code == 400


def test_a_private_repository_is_missing_to_others(hub_server: Any) -> None:
    hidden = RepoClient(hub_server, "hidden", private=True)
    for user, status in (("bob", 404), (None, 401)):
        for method, path in (("GET", "tree/main"), ("POST", "paths-info/main"), ("GET", "refs")):
            answer = hidden.request(method, f"{hidden.api}/{path}", user=user)
            assert (answer.status_code, answer.headers["X-Error-Code"]) == (status, "RepoNotFound")
