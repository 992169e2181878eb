"""Downloads: headers, ranges, missing things, and nothing that a browser would run."""

from __future__ import annotations

import hashlib
import time
from typing import Any

import pytest

from .repo_client import RepoClient, add, line

LARGE = bytes(range(256)) * 9000
SHA256 = hashlib.sha256(LARGE).hexdigest()


@pytest.fixture
def model(hub_server: Any) -> RepoClient:
    """A model with a text, a large file and some names that need care."""
    model = RepoClient(hub_server)
    model.upload(LARGE)
    answer = model.commit(
        add("config.json", '{"a": 1}'),
        add("empty.txt", ""),
        add("page.html", "<script>alert(1)</script>"),
        add("pic.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>"),
        add("pic.png", "not really"),
        add('sub dir/ü "x".txt', "deep"),
        line("lfsFile", path="w.bin", oid=SHA256, algo="sha256", size=len(LARGE)),
    )
    assert answer.status_code == 200, answer.text
    return model


def test_a_text_of_git(model: RepoClient) -> None:
    oid = model.git.entry(model.head, "config.json").oid
    for method, body in (("HEAD", b""), ("GET", b'{"a": 1}')):
        answer = model.request(method, f"{model.web}/resolve/main/config.json", user=None)
        assert (answer.status_code, answer.content) == (200, body)
        assert answer.headers["X-Repo-Commit"] == model.head
        assert answer.headers["ETag"] == f'"{oid}"'
        assert answer.headers["Content-Length"] == "8"
        assert answer.headers["Accept-Ranges"] == "bytes"
        assert "X-Linked-Etag" not in answer.headers
        assert "Content-Encoding" not in answer.headers


def test_a_large_file(model: RepoClient) -> None:
    for method, body in (("HEAD", b""), ("GET", LARGE)):
        answer = model.request(method, f"{model.web}/resolve/main/w.bin")
        assert (answer.status_code, answer.content) == (200, body)
        assert answer.headers["ETag"] == answer.headers["X-Linked-Etag"] == f'"{SHA256}"'
        size = str(len(LARGE))
        assert answer.headers["Content-Length"] == answer.headers["X-Linked-Size"] == size
        found = model.hub.large_files.find(model.repo.pk, [SHA256])[SHA256]
        assert found.xet_hash is None
        assert answer.headers["X-Xet-Hash"] == found.whole_hash


def test_all_addresses_of_a_file(model: RepoClient) -> None:
    for base in (model.web, model.api):
        for revision in ("main", model.head, model.head[:7], "refs%2Fheads%2Fmain"):
            answer = model.request("GET", f"{base}/resolve/{revision}/empty.txt")
            assert (answer.status_code, answer.content) == (200, b"")
            assert answer.headers["X-Repo-Commit"] == model.head
    deep = model.request("GET", f"{model.web}/resolve/main/sub%20dir/%C3%BC%20%22x%22.txt")
    assert deep.content == b"deep"
    assert deep.headers["Content-Disposition"] == (
        "inline; filename*=UTF-8''%C3%BC%20%22x%22.txt; filename=\"_ _x_.txt\""
    )
    raw = model.request("GET", f"{model.web}/raw/main/w.bin")
    assert raw.text.endswith(f"oid sha256:{SHA256}\nsize {len(LARGE)}\n")
    assert raw.headers["Content-Type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize("kind", ["dataset", "space"])
def test_datasets_and_spaces_have_their_prefix(hub_server: Any, kind: str) -> None:
    other = RepoClient(hub_server, "o", kind)
    answer = other.request("GET", f"/{kind}s/ada/o/resolve/main/.gitattributes")
    assert (answer.status_code, "filter=lfs" in answer.text) == (200, True)
    assert other.request("GET", "/ada/o/resolve/main/.gitattributes").status_code == 404


@pytest.mark.parametrize(
    ("header", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=8-100000", 8, 100001),
        ("bytes=2000000-", 2000000, None),
        ("bytes=-5", -5, None),
        ("bytes=2303990-99999999", 2303990, None),
    ],
)
def test_ranges(model: RepoClient, header: str, start: int, stop: int | None) -> None:
    wanted = LARGE[start:stop]
    first = start if start >= 0 else len(LARGE) + start
    expected = f"bytes {first}-{first + len(wanted) - 1}/{len(LARGE)}"
    for method, body in (("GET", wanted), ("HEAD", b"")):
        path = f"{model.web}/resolve/main/w.bin"
        answer = model.request(method, path, headers={"Range": header})
        assert (answer.status_code, answer.content) == (206, body)
        assert answer.headers["Content-Range"] == expected
        assert answer.headers["Content-Length"] == str(len(wanted))


def test_ranges_of_a_text_and_past_the_end(model: RepoClient) -> None:
    path = f"{model.web}/resolve/main/config.json"
    assert model.request("GET", path, headers={"Range": "bytes=1-3"}).content == b'"a"'
    past = model.request("GET", path, headers={"Range": "bytes=8-"})
    assert (past.status_code, past.headers["Content-Range"]) == (416, "bytes */8")
    several = model.request("GET", path, headers={"Range": "bytes=0-1,3-4"})
    assert (several.status_code, several.content) == (200, b'{"a": 1}')


def test_an_unchanged_file_is_not_sent_again(model: RepoClient) -> None:
    for path in ("config.json", "w.bin"):
        address = f"{model.web}/resolve/main/{path}"
        tag = model.request("HEAD", address).headers["ETag"]
        answer = model.request("GET", address, headers={"If-None-Match": tag})
        assert (answer.status_code, answer.content) == (304, b"")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("main/nope.txt", "EntryNotFound"),
        ("main/sub%20dir", "EntryNotFound"),
        ("main/config.json/x", "EntryNotFound"),
        ("main/..%2F..%2F..%2Fhub.sqlite", "EntryNotFound"),
        ("main/%2Fetc%2Fpasswd", "EntryNotFound"),
        ("main/config.json%00", "EntryNotFound"),
        ("main/.git%2Fconfig", "EntryNotFound"),
        ("nope/config.json", "RevisionNotFound"),
        ("..%2F..%2Fmain/config.json", "RevisionNotFound"),
    ],
)
def test_missing_files_say_at_which_commit(model: RepoClient, path: str, code: str) -> None:
    for method in ("GET", "HEAD"):
        answer = model.request(method, f"{model.web}/resolve/{path}")
        assert (answer.status_code, answer.headers["X-Error-Code"]) == (404, code)
        commit = model.head if code == "EntryNotFound" else None
        assert answer.headers.get("X-Repo-Commit") == commit
        assert answer.headers["X-Error-Message"]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("config.json", "text/plain; charset=utf-8"),
        ("page.html", "text/plain; charset=utf-8"),
        ("pic.svg", "text/plain; charset=utf-8"),
        ("pic.png", "image/png"),
        ("w.bin", "application/octet-stream"),
    ],
)
def test_a_browser_shows_files_but_runs_none(model: RepoClient, path: str, kind: str) -> None:
    answer = model.request("GET", f"{model.web}/resolve/main/{path}?download=true")
    assert answer.headers["Content-Type"] == kind
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["Content-Disposition"].startswith("attachment; ")


def test_downloads_are_counted_by_one_file(model: RepoClient) -> None:
    def downloads() -> int:
        return int(model.hub.repositories.by_uid(model.repo.uid).downloads)

    library = {"X-HF-Download-Counter": "1"}
    for method, path, headers in (
        ("HEAD", "config.json", library),
        ("GET", "empty.txt", library),
        ("GET", "config.json", {}),
        ("GET", "config.json", library),
    ):
        model.request(method, f"{model.web}/resolve/main/{path}", headers=headers)
    deadline = time.monotonic() + 10
    while downloads() == 0 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert downloads() == 1


def test_a_private_file_is_missing_to_others(hub_server: Any) -> None:
    hidden = RepoClient(hub_server, "hidden", private=True)
    path = f"{hidden.web}/resolve/main/.gitattributes"
    for user, role, status in (
        *(("ada", "read", 200), ("root", "admin", 200)),
        *(("bob", "write", 404), (None, "", 401)),
    ):
        answer = hidden.request("GET", path, user=user, role=role)
        assert answer.status_code == status
        assert answer.headers.get("X-Error-Code") == (None if status == 200 else "RepoNotFound")
        assert ("X-Repo-Commit" in answer.headers) == (status == 200)
    bad = hidden.request("GET", path, user=None, headers={"Authorization": "Bearer hf_wrong"})
    assert bad.status_code == 401
    assert bad.headers["X-Error-Message"] == "Invalid credentials in Authorization header"
