"""Buckets with the real client: their life, their files, and what strangers must not do."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from huggingface_hub import CommitOperationAdd, HfApi, HfFileSystem
from huggingface_hub.errors import BucketNotFoundError, HfHubHTTPError

from phub_jupyter.hub.access import Action
from phub_jupyter.hub.check import check
from phub_jupyter.hub.database.tables import RepoObject
from phub_jupyter.identifiers import RepoType

from .repo_client import RepoClient, line

BIG = os.urandom(400_000)

pytestmark = pytest.mark.both_stores


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, stores: str) -> Iterator[Any]:
    """A hub with ada and bob."""
    from ..conftest import HubServer

    server = HubServer(tmp_path_factory.mktemp("buckets") / "hub")
    for name in ("ada", "bob"):
        server.add_user(name)
    yield server
    server.close()


def api(server: Any, user: str = "ada", role: str = "write") -> HfApi:
    """The unmodified client as that user."""
    return HfApi(endpoint=server.endpoint, token=server.token(user, role))


def ask(server: Any, method: str, path: str, user: str | None = "ada", **kwargs: Any) -> Any:
    """A plain request."""
    headers = {} if user is None else server.headers(user)
    url = f"{server.endpoint}{path}"
    return requests.request(method, url, headers=headers, timeout=30, **kwargs)


def test_the_life_of_a_bucket(served: Any) -> None:
    client = api(served)
    url = client.create_bucket("Life", private=True)
    assert (url.bucket_id, str(url.url)) == ("ada/Life", f"{served.endpoint}/buckets/ada/Life")
    assert client.create_bucket("ada/life", exist_ok=True).bucket_id == "ada/Life"
    with pytest.raises(HfHubHTTPError, match="409"):
        client.create_bucket("ada/Life")
    info = client.bucket_info("ada/LIFE")
    assert (info.id, info.private, info.size, info.total_files) == ("ada/Life", True, 0, 0)
    with pytest.raises(BucketNotFoundError):
        api(served, "bob").bucket_info("ada/Life")
    client.update_bucket_settings("ada/Life", private=False)
    assert not api(served, "bob").bucket_info("ada/Life").private
    assert [found.id for found in client.list_buckets(search="lif")] == ["ada/Life"]
    client.move_bucket("ada/Life", "ada/death")
    assert client.bucket_info("ada/Life").id == "ada/death"
    client.delete_bucket("ada/death")
    with pytest.raises(BucketNotFoundError):
        client.bucket_info("ada/Life")
    client.delete_bucket("ada/death", missing_ok=True)


def test_files_come_and_go(served: Any, tmp_path: Path) -> None:
    client = api(served)
    client.create_bucket("ada/files")
    (tmp_path / "local.csv").write_text("a,b\n")
    client.batch_bucket_files(
        "ada/files",
        add=[
            (BIG, "x/big.bin"),
            (b"hi", "x/y/small.txt"),
            (b"", "empty"),
            (tmp_path / "local.csv", "é ü/local.csv"),
        ],
    )
    files: dict[str, Any] = {
        entry.path: entry for entry in client.list_bucket_tree("ada/files", recursive=True)
    }
    assert sorted(files) == ["empty", "x/big.bin", "x/y/small.txt", "é ü/local.csv"]
    assert [files[path].size for path in sorted(files)] == [0, len(BIG), 2, 4]
    info = client.bucket_info("ada/files")
    assert (info.size, info.total_files) == (len(BIG) + 6, 4)
    targets = {path: tmp_path / "out" / str(number) for number, path in enumerate(files)}
    client.download_bucket_files("ada/files", list(targets.items()))
    assert targets["x/big.bin"].read_bytes() == BIG
    assert targets["empty"].read_bytes() == b""
    assert targets["é ü/local.csv"].read_text() == "a,b\n"
    assert client.get_bucket_file_metadata("ada/files", "x/big.bin").size == len(BIG)
    plain = ask(served, "GET", "/buckets/ada/files/resolve/x%2Fbig.bin", None)
    assert plain.content == BIG
    part = ask(
        served, "GET", "/buckets/ada/files/resolve/x/y/small.txt", None
    )  # with slashes, as people write it
    assert part.text == "hi"
    client.batch_bucket_files("ada/files", add=[(b"new", "x/big.bin")], delete=["empty", "none"])
    assert client.bucket_info("ada/files").total_files == 3
    repo = served.hub.repositories.find(
        served.hub.accounts.actor_for_user("ada"), Action.READ, RepoType.BUCKET, "ada/files"
    )
    with served.hub.database.read() as session:
        sizes = [row.size for row in session.query(RepoObject).filter_by(repo_pk=repo.pk)]
    assert sorted(sizes) == [2, 3, 4]  # nobody can read what no path leads to
    assert repo.used_storage == 9
    assert list(check(served.hub)) == []


def test_listing_folders_prefixes_and_pages(served: Any) -> None:
    client = api(served)
    client.create_bucket("ada/tree")
    paths = ["a.txt", "logs.json", "logs/1", "logs/sub/2", "logs/sub/3", "logs_old/4", "z"]
    client.batch_bucket_files("ada/tree", add=[(path.encode(), path) for path in paths])

    def listed(prefix: str | None = None, recursive: bool = False) -> list[str]:
        found = client.list_bucket_tree("ada/tree", prefix=prefix, recursive=recursive)
        return [entry.path + ("/" if entry.type == "directory" else "") for entry in found]

    assert listed(recursive=True) == paths
    assert listed() == ["a.txt", "logs.json", "logs/", "logs_old/", "z"]
    assert listed("logs/") == ["logs/1", "logs/sub/"]
    assert listed("logs") == ["logs.json", "logs/1", "logs/sub/", "logs_old/"]
    assert listed("logs/sub", recursive=True) == ["logs/sub/2", "logs/sub/3"]
    assert listed("nothing") == []
    for flag, whole in (
        ("true", paths),
        ("false", ["a.txt", "logs.json", "logs", "logs_old", "z"]),
    ):
        pages, address = [], f"/api/buckets/ada/tree/tree?recursive={flag}&limit=2"
        while address:
            answer = ask(served, "GET", address)
            pages.append([entry["path"] for entry in answer.json()])
            address = answer.links.get("next", {}).get("url", "").removeprefix(served.endpoint)
        assert [path for page in pages for path in page] == whole
        assert max(map(len, pages)) == 2
    files = HfFileSystem(endpoint=served.endpoint, token=served.token())
    assert sorted(map(str, files.ls("buckets/ada/tree/logs", detail=False))) == [
        "buckets/ada/tree/logs/1",
        "buckets/ada/tree/logs/sub",
    ]
    assert files.cat("buckets/ada/tree/logs/sub/2") == b"logs/sub/2"


@pytest.mark.parametrize("way", ["xorbs", "whole"])
def test_copies_need_a_source_that_one_may_read(served: Any, tmp_path: Path, way: str) -> None:
    client, bob = api(served), api(served, "bob")
    source, bucket, own = f"ada/source-{way}", f"ada/copies-{way}", f"bob/theft-{way}"
    repo = RepoClient(served, f"source-{way}", "dataset", private=True)
    if way == "xorbs":
        add = CommitOperationAdd("w.bin", BIG)
        client.create_commit(source, [add], repo_type="dataset", commit_message="weights")
    else:
        oid = repo.upload(BIG)
        repo.commit(line("lfsFile", path="w.bin", algo="sha256", oid=oid, size=len(BIG)))
    found = client.get_paths_info(source, ["w.bin"], repo_type="dataset")[0]
    client.create_bucket(bucket, private=True)
    client.copy_files(f"hf://datasets/{source}/w.bin", f"hf://buckets/{bucket}/w.bin")
    client.copy_files(f"hf://buckets/{bucket}/w.bin", f"hf://buckets/{bucket}/again.bin")
    answer = ask(served, "GET", f"/buckets/{bucket}/resolve/again.bin")
    assert answer.content == BIG
    client.download_bucket_files(bucket, [("again.bin", tmp_path / "again.bin")])
    assert (tmp_path / "again.bin").read_bytes() == BIG
    bob.create_bucket(own)
    xet_hash = found.xet_hash  # type: ignore[union-attr]
    for place in (("dataset", source), ("bucket", bucket), ("dataset", "ada/none")):
        with pytest.raises(HfHubHTTPError, match="Failed to apply"):
            bob.batch_bucket_files(own, copy=[(*place, str(xet_hash), "w.bin")])
    theft = {"type": "addFile", "path": "w.bin", "xetHash": xet_hash, "mtime": 0}
    answer = ask(served, "POST", f"/api/buckets/{own}/batch", "bob", data=json.dumps(theft))
    assert answer.status_code == 422
    assert answer.json()["failed"][0]["path"] == "w.bin"
    assert list(bob.list_bucket_tree(own)) == []


def test_what_can_be_done_is_done_and_the_rest_is_told(served: Any) -> None:
    client = api(served)
    client.create_bucket("ada/partly")
    client.batch_bucket_files("ada/partly", add=[(b"one", "1")])
    lines = [
        {"type": "deleteFile", "path": "1"},
        {"type": "addFile", "path": "2", "xetHash": "ab" * 32, "mtime": 1},
    ]
    body = "\n".join(json.dumps(line) for line in lines)
    answer = ask(served, "POST", "/api/buckets/ada/partly/batch", data=body)
    assert (answer.status_code, [it["path"] for it in answer.json()["failed"]]) == (200, ["2"])
    assert list(client.list_bucket_tree("ada/partly")) == []


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        "[" * 100_000,
        '{"type":"addFile"}',
        '{"type":"moveFile","path":"a"}',
        '{"type":"deleteFile","path":"../a"}',
        '{"type":"deleteFile","path":"a/"}',
        '{"type":"deleteFile","path":"a\\u0000b"}',
        '{"type":"deleteFile","path":"\\ud800"}',
        json.dumps({"type": "deleteFile", "path": "a/" * 100 + "b" * 1000}),
        '{"type":"addFile","path":"a","xetHash":"xyz","mtime":1}',
        json.dumps({"type": "addFile", "path": "a", "xetHash": "0" * 64, "mtime": 1e99}),
        json.dumps({"type": "addFile", "path": "a", "xetHash": "0" * 64, "mtime": True}),
        json.dumps({"type": "copyFile", "path": "a", "xetHash": "0" * 64, "sourceRepoType": "x"}),
    ],
)
def test_a_batch_that_cannot_be_read_changes_nothing(served: Any, line: str) -> None:
    api(served).create_bucket("ada/strict", exist_ok=True)
    good = json.dumps({"type": "addFile", "path": "good", "xetHash": "0" * 64, "mtime": 1})
    answer = ask(served, "POST", "/api/buckets/ada/strict/batch", data=f"{good}\n{line}\n")
    assert answer.status_code in (400, 422), answer.text
    assert "line 2" in answer.json()["error"]
    assert list(api(served).list_bucket_tree("ada/strict")) == []


def test_odd_questions_have_plain_answers(served: Any) -> None:
    api(served).create_bucket("ada/odd", exist_ok=True)
    api(served).batch_bucket_files("ada/odd", add=[(b"1", "1")])
    odd = "/api/buckets/ada/odd"
    assert ask(served, "GET", f"{odd}/tree/%00").json() == []
    assert ask(served, "GET", f"{odd}/tree?limit=0").status_code == 400
    assert ask(served, "POST", f"{odd}/paths-info", json={"paths": ["\0", "1", "1"]}).json()
    assert ask(served, "POST", f"{odd}/paths-info", json={"paths": "1"}).status_code == 400
    assert ask(served, "POST", f"{odd}/paths-info", json={"paths": ["a"] * 1001}).status_code == 400
    missing = ask(served, "GET", "/buckets/ada/odd/resolve/a%00")
    assert (missing.status_code, missing.headers["X-Error-Code"]) == (404, "EntryNotFound")
    assert ask(served, "GET", f"{odd}/events").status_code == 501
    assert ask(served, "GET", "/api/buckets/me", None).status_code == 401
    assert ask(served, "GET", "/api/buckets/nobody").json() == []
    assert ask(served, "GET", "/api/buckets/%00").status_code == 400
    assert ask(served, "GET", "/api/organizations/%00/settings/repositories").status_code == 400
    create = {"name": "x", "type": "bucket"}
    assert ask(served, "POST", "/api/repos/create", json=create).status_code == 400


def test_who_may_do_what(served: Any) -> None:
    api(served).create_bucket("ada/public")
    bob, reader = api(served, "bob"), api(served, "ada", "read")
    assert list(bob.list_bucket_tree("ada/public")) == []
    for client in (bob, reader):
        with pytest.raises(HfHubHTTPError, match="403"):
            client.batch_bucket_files("ada/public", delete=["x"])
        with pytest.raises(HfHubHTTPError, match="403"):
            client.delete_bucket("ada/public")
        with pytest.raises(HfHubHTTPError, match="403"):
            client.update_bucket_settings("ada/public", private=True)
    with pytest.raises(HfHubHTTPError, match="403"):
        bob.create_bucket("ada/new")


def test_buckets_are_not_among_the_repositories(served: Any) -> None:
    api(served).create_bucket("ada/unsearched")
    found = ask(served, "GET", "/api/phub/search").json()
    assert {item["type"] for item in found["items"]} <= {"model", "dataset", "space"}
    assert ask(served, "GET", "/api/phub/search?q=unsearched").json()["items"] == []
    assert {item.type for item in api(served).list_user_repos()} >= {"bucket"}
