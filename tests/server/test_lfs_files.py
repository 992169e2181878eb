"""Large files listed, removed for good and copied, by the real client where it has a call."""

from __future__ import annotations

import hashlib
import os
from typing import Any

import pytest
import requests
from huggingface_hub import CommitOperationCopy, HfApi

from phub_jupyter.hub.check import check

from .repo_client import RepoClient, add, line

pytestmark = pytest.mark.both_stores


def put(model: RepoClient, path: str, content: bytes, revision: str = "main") -> str:
    """Commit a large file."""
    sha256 = model.upload(content)
    new = line("lfsFile", path=path, algo="sha256", oid=sha256, size=len(content))
    assert model.commit(new, revision=revision).status_code == 200
    return sha256


def client(model: RepoClient) -> HfApi:
    """The public client as ada."""
    return HfApi(endpoint=model.server.endpoint, token=model.server.token())


def test_files_are_listed_with_a_place(model: RepoClient) -> None:
    first = put(model, "w/first.bin", b"first")
    model.request("POST", f"{model.api}/branch/dev", json={})
    second = put(model, "second.bin", b"second", "dev")
    model.commit(line("deletedFile", path="w/first.bin"))
    never = model.upload(b"never committed")
    api = client(model)
    found = {file.file_oid: file for file in api.list_lfs_files(model.id)}
    assert {key: (file.filename, file.ref, file.size) for key, file in found.items()} == {
        first: ("w/first.bin", "refs/heads/dev", 5),
        second: ("second.bin", "refs/heads/dev", 6),
        never: ("", None, 15),
    }
    page = model.request("GET", f"{model.api}/lfs-files?limit=2")
    following = requests.get(page.links["next"]["url"], headers=model.server.headers(), timeout=30)
    listed = [item["oid"] for item in page.json() + following.json()]
    assert (listed, following.links) == (sorted(found), {})


def test_removed_files_vanish_from_the_history(model: RepoClient) -> None:
    kept = put(model, "kept.bin", b"kept")
    gone = put(model, "folder/gone.bin", b"gone")
    model.commit(add("README.md", "---\nlicense: mit\n---\n"))
    model.request("POST", f"{model.api}/tag/main", json={"tag": "v1", "message": "words"})
    model.request("POST", f"{model.api}/branch/dev", json={})
    model.commit(line("deletedFile", path="folder/gone.bin"))
    model.git.create_ref("refs/pr/1", model.git.resolve("dev"))
    titles = [commit.title for commit in model.git.log(model.head)]
    api = client(model)
    files = [file for file in api.list_lfs_files(model.id) if file.filename == "folder/gone.bin"]
    api.permanently_delete_lfs_files(model.id, files)
    assert [file.oid for file in api.list_lfs_files(model.id)] == [kept]
    for revision in ("main", "dev", "v1", "refs/pr/1"):
        assert set(model.files(revision)) == {"kept.bin", "README.md"}
    for ref in model.git.refs():
        for commit in model.git.log(ref.commit):
            assert not any("gone" in entry.path for entry in model.git.tree(commit.oid))
    assert [commit.title for commit in model.git.log(model.head)] == titles
    assert {commit.author for commit in model.git.log(model.head)} == {"ada"}
    assert model.request("GET", model.api).json()["sha"] == model.head
    assert gone not in model.hub.large_files.find(model.repo.pk, [gone])
    assert list(check(model.hub)) == []


def test_content_can_go_while_the_history_stays(model: RepoClient) -> None:
    put(model, "gone.bin", b"gone")
    head = model.head
    api = client(model)
    api.permanently_delete_lfs_files(model.id, api.list_lfs_files(model.id), rewrite_history=False)
    assert model.head == head
    answer = model.request("GET", f"{model.web}/resolve/main/gone.bin")
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (404, "EntryNotFound")
    assert list(check(model.hub)) == []
    put(model, "gone.bin", b"gone")
    answer = model.request("GET", f"{model.web}/resolve/main/gone.bin")
    assert answer.content == b"gone"


def test_files_are_copied_to_where_one_may_write(model: RepoClient, served: Any) -> None:
    sha256 = put(model, "w.bin", b"content")
    target = RepoClient(served, f"{model.id.split('/')[1]}-target", "dataset")
    ask = {"target": {"type": "dataset", "name": target.id}}
    files = [{"sha256": sha256, "filename": "w.bin"}, {"sha256": "0" * 64, "filename": "x"}]
    address = f"{model.api}/lfs-files/duplicate"
    for user, status in (("bob", 403), (None, 401)):
        answer = model.request("POST", address, user=user, json={**ask, "files": files})
        assert answer.status_code == status
    wrong = {"sha256": sha256, "xetHash": "1" * 64}
    answer = model.request("POST", address, json={**ask, "files": [wrong]})
    assert answer.json()["failed"][0]["sha256"] == sha256
    assert target.hub.large_files.find(target.repo.pk, [sha256]) == {}
    answer = model.request("POST", address, json={**ask, "files": files})
    assert [item["sha256"] for item in answer.json()["failed"]] == ["0" * 64]
    copied = target.commit(line("lfsFile", path="copy.bin", algo="sha256", oid=sha256))
    assert copied.status_code == 200
    assert target.request("GET", f"{target.web}/resolve/main/copy.bin").content == b"content"


def test_what_cannot_be_read_cannot_be_copied(served: Any, model: RepoClient) -> None:
    hidden = RepoClient(served, f"{model.id.split('/')[1]}-hidden", private=True)
    sha256 = put(hidden, "w.bin", b"secret")
    own = served.hub.repositories
    from phub_jupyter.identifiers import RepoId, RepoType

    bob = served.hub.accounts.actor_for_user("bob")
    own.create(bob, RepoType.MODEL, RepoId.parse(f"bob/{hidden.repo.name}"), private=False)
    body = {
        "target": {"type": "model", "name": f"bob/{hidden.repo.name}"},
        "files": [{"sha256": sha256}],
    }
    for source in (hidden.api, "/api/models/ada/phantom"):
        answer = hidden.request("POST", f"{source}/lfs-files/duplicate", user="bob", json=body)
        assert (answer.status_code, answer.headers["X-Error-Code"]) == (404, "RepoNotFound")
    answer = model.request("POST", f"{model.api}/lfs-files/duplicate", user="bob", json=body)
    assert answer.json() == {
        "failed": [{"sha256": sha256, "error": answer.json()["failed"][0]["error"]}]
    }


@pytest.mark.parametrize("xorbs", [True, False])
def test_the_client_copies_across_repositories(model: RepoClient, served: Any, xorbs: bool) -> None:
    api = client(model)
    content = b"\0" * 1000 + os.urandom(200_000)
    if xorbs:
        api.upload_file(repo_id=model.id, path_or_fileobj=content, path_in_repo="w.bin")
    else:
        put(model, "w.bin", content)
    sha256 = hashlib.sha256(content).hexdigest()
    kept = model.hub.large_files.find(model.repo.pk, [sha256])[sha256]
    assert (kept.xet_hash is not None) == xorbs
    target = RepoClient(served, f"{model.id.split('/')[1]}-target")
    operation = CommitOperationCopy(
        "w.bin", "copy.bin", src_repo_id=model.id, src_repo_type="model"
    )
    api.create_commit(target.id, [operation], commit_message="copy")
    assert target.request("GET", f"{target.web}/resolve/main/copy.bin").content == content


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("batch", {}, "deletions"),
        ("batch", {"deletions": {"sha": "x"}}, "sha"),
        ("batch", {"deletions": {"sha": ["x"]}}, "sha"),
        ("batch", {"deletions": {"sha": ["0" * 64]}}, "sha"),
        ("batch", {"deletions": {"sha": [], "rewriteHistory": "yes"}}, "rewriteHistory"),
        ("duplicate", {"files": []}, "target"),
    ],
)
def test_malformed_requests_name_the_field(
    model: RepoClient, path: str, body: dict[str, Any], field: str
) -> None:
    answer = model.request("POST", f"{model.api}/lfs-files/{path}", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(f"{field}: ")


def test_only_writers_may(model: RepoClient) -> None:
    sha256 = put(model, "w.bin", b"w")
    body = {"deletions": {"sha": [sha256], "rewriteHistory": True}}
    head = model.head
    for user, role, status in (("bob", "write", 403), ("ada", "read", 403), (None, "", 401)):
        for method, path in (("GET", ""), ("POST", "/batch")):
            answer = model.request(
                method, f"{model.api}/lfs-files{path}", user=user, role=role, json=body
            )
            assert answer.status_code == status
    assert model.head == head
    assert sha256 in model.hub.large_files.find(model.repo.pk, [sha256])
