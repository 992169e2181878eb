"""Preupload, commits and the history over HTTP."""

from __future__ import annotations

import base64
import socket
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from phub_jupyter.hub.repos.lfs_pointer import LfsPointer

from .repo_client import RepoClient, add, line

LARGE = b"\0large\xff" * 1000


@pytest.fixture
def model(hub_server: Any) -> RepoClient:
    """A public model of ada."""
    return RepoClient(hub_server)


def preupload(model: RepoClient, *files: tuple[str, bytes], **body: Any) -> dict[str, Any]:
    """Ask how to upload files; the answers by path."""
    body["files"] = [
        {"path": path, "size": len(data), "sample": base64.b64encode(data[:512]).decode()}
        for path, data in files
    ]
    answer = model.request("POST", f"{model.api}/preupload/main", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["commitOid"] == model.head
    return {item.pop("path"): item for item in answer.json()["files"]}


def test_preupload_sorts_files_by_rules_size_and_content(model: RepoClient) -> None:
    answers = preupload(
        model,
        ("notes.txt", b"plain"),
        ("cut.txt", "é".encode()[:1]),
        ("model.safetensors", b"text by content, large by rule"),
        ("blob", b"a\0b"),
        ("latin.txt", b"caf\xe9 au lait"),
        ("big.txt", b"x" * (10 * 1024 * 1024 + 1)),
        ("empty.bin", b""),
    )
    modes = {path: answer["uploadMode"] for path, answer in answers.items()}
    assert modes == {
        "notes.txt": "regular",
        "cut.txt": "regular",
        "model.safetensors": "lfs",
        "blob": "lfs",
        "latin.txt": "lfs",
        "big.txt": "lfs",
        "empty.bin": "regular",
    }
    assert not any(answer["shouldIgnore"] or answer["oid"] for answer in answers.values())


def test_preupload_tells_what_is_there_and_what_to_ignore(model: RepoClient) -> None:
    sha256 = model.upload(LARGE)
    model.commit(
        add("a.txt", "hello"),
        add(".gitignore", "*.log\n!keep.log\n[\n/build/\n"),
        line("lfsFile", path="w.bin", oid=sha256, algo="sha256", size=len(LARGE)),
    )
    answers = preupload(
        model,
        *(("a.txt", b"x"), ("w.bin", b"\0"), ("x.log", b""), ("keep.log", b"")),
        *(("build/x", b""), ("sub/build/x", b"")),
    )
    assert answers["a.txt"]["oid"] == "b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0"
    assert answers["w.bin"]["oid"] == sha256
    ignored = {path for path, answer in answers.items() if answer["shouldIgnore"]}
    assert ignored == {"x.log", "build/x"}
    answers = preupload(model, ("x.log", b""), ("x.tmp", b""), gitIgnore="*.tmp\n")
    assert [answer["shouldIgnore"] for answer in answers.values()] == [False, True]


def test_a_commit_applies_its_lines_in_order(model: RepoClient) -> None:
    first = model.head
    sha256 = model.upload(LARGE)
    answer = model.commit(
        add("a/one.txt", "1"),
        add("a/two.txt", "2"),
        line("lfsFile", path="w.bin", oid=sha256, algo="sha256", size=len(LARGE)),
        line("lfsFile", path="copy of w.bin", oid=sha256, algo="sha256"),
        parent=first[:7],
    )
    body = answer.json()
    assert answer.status_code == 200
    assert body["success"] is True
    assert body["commitOid"] == model.head != first
    address = f"{model.server.endpoint}/ada/m/commit/{model.head}"
    assert (body["commitUrl"], body["hookOutput"]) == (address, "")
    pointer = LfsPointer(sha256, len(LARGE)).text.encode()
    large = {"w.bin": pointer, "copy of w.bin": pointer}
    assert model.files() == {"a/one.txt": b"1", "a/two.txt": b"2", **large}

    model.commit(
        line("deletedFolder", path="a/"), line("deletedFile", path="w.bin"), add("a/three.txt", "3")
    )
    del large["w.bin"]
    assert model.files() == {"a/three.txt": b"3", **large}
    model.commit(line("deletedFile", path="a"))
    assert model.files() == large


def test_the_author_is_who_holds_the_token(model: RepoClient) -> None:
    model.commit(add("x", "x"), user="root", role="admin")
    assert model.git.log(model.head)[0].author == "root"


def test_nothing_to_do_answers_the_head(model: RepoClient) -> None:
    model.commit(add("x", "x"))
    head = model.head
    for lines in ([add("x", "x")], [], [add("y", "y"), line("deletedFile", path="y")]):
        answer = model.commit(*lines)
        assert (answer.status_code, answer.json()["commitOid"]) == (200, head)
    assert model.head == head


def test_an_older_parent_is_refused_with_the_words_clients_look_for(model: RepoClient) -> None:
    first = model.head
    model.commit(add("x", "1"))
    answer = model.commit(add("x", "2"), parent=first)
    assert answer.status_code == 412
    assert answer.json()["error"] == (
        "The branch was updated since you opened this page. Please refresh and try again."
    )
    assert model.files() == {"x": b"1"}


def at_once(count: int, function: Callable[[int], requests.Response]) -> list[requests.Response]:
    """Run a function with the numbers up to ``count``, all at the same moment."""
    answers: list[requests.Response] = []
    barrier = threading.Barrier(count)

    def run(number: int) -> None:
        barrier.wait()
        answers.append(function(number))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_commits_of_the_same_moment_are_all_kept(model: RepoClient) -> None:
    answers = at_once(6, lambda number: model.commit(add(f"{number}.txt", str(number))))
    assert [answer.status_code for answer in answers] == [200] * 6
    assert model.files() == {f"{number}.txt": str(number).encode() for number in range(6)}
    history = {step.oid for step in model.git.log(model.head)}
    assert {answer.json()["commitOid"] for answer in answers} < history


def test_of_commits_on_the_same_parent_one_wins(model: RepoClient) -> None:
    parent = model.head
    answers = at_once(4, lambda number: model.commit(add("x", str(number)), parent=parent))
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]
    assert len(model.git.log(model.head)) == 2


CARD = "---\nlicense: [\n---\n"


@pytest.mark.parametrize(
    ("lines", "status", "code", "message"),
    [
        ([line("deletedFile", path="nope")], 404, "EntryNotFound", "A file with this name doesn't"),
        ([line("deletedFolder", path="x")], 404, "EntryNotFound", "this name doesn't exist: x"),
        ([line("lfsFile", path="w", oid="0" * 64)], 400, "InvalidRequest", "w: the content with"),
        ([add("README.md", CARD)], 400, "InvalidRequest", ""),
        ([add("README.md", b"\xff\xfe")], 400, "InvalidRequest", "README.md"),
        ([add("../x", "")], 422, "Unprocessable", "path"),
        ([add(".git/hooks/post-update", "")], 422, "Unprocessable", "path"),
        ([add("x/y", "")], 400, "InvalidRequest", "'x' is a file"),
        (['{"key": "file", "va'], 400, "InvalidRequest", "line 3: not valid JSON"),
        (["not json"], 400, "InvalidRequest", "line 3: not valid JSON"),
        ([line("copyFile", path="x")], 400, "InvalidRequest", "line 3: key"),
    ],
)
def test_a_bad_commit_changes_nothing(
    model: RepoClient, lines: list[str], status: int, code: str, message: str
) -> None:
    model.commit(add("x", "1"))
    head = model.head
    answer = model.commit(add("good.txt", "good"), *lines)
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (status, code)
    assert message in answer.json()["error"]
    assert (model.head, model.files()) == (head, {"x": b"1"})


def test_a_large_file_must_have_the_size_that_is_stated(model: RepoClient) -> None:
    sha256 = model.upload(LARGE)
    answer = model.commit(line("lfsFile", path="w.bin", oid=sha256, algo="sha256", size=1))
    assert answer.status_code == 400
    assert "w.bin: size" in answer.json()["error"]


def test_a_large_file_of_another_repository_opens_nothing(model: RepoClient) -> None:
    sha256 = RepoClient(model.server, "other", private=True).upload(LARGE)
    answer = model.commit(line("lfsFile", path="w.bin", oid=sha256, algo="sha256"))
    assert answer.status_code == 400
    assert "was not uploaded to this repository" in answer.json()["error"]


def test_only_branches_take_commits(model: RepoClient) -> None:
    model.request("POST", f"{model.api}/tag/main", json={"tag": "v1"})
    for revision in ("nope", "v1", model.head, "refs%2Fpr%2F1", "refs%2Ftags%2Fv1"):
        for call in ("commit", "preupload"):
            body: dict[str, Any] = {"json": {"files": []}} if call == "preupload" else {}
            path = f"{model.api}/{call}/{revision}"
            data = line("header", summary="s") if call == "commit" else None
            answer = model.request("POST", path, data=data, **body)
            assert (answer.status_code, answer.headers["X-Error-Code"]) == (404, "RevisionNotFound")


def test_a_branch_with_a_slash_is_one_segment(model: RepoClient) -> None:
    model.request("POST", f"{model.api}/branch/feature%2Fx", json={})
    assert model.commit(add("x", "1"), revision="feature%2Fx").status_code == 200
    assert (model.files("feature/x"), model.files("main")) == ({"x": b"1"}, {})


@pytest.mark.parametrize(
    ("user", "role", "status", "code"),
    [
        (None, "", 401, "Unauthorized"),
        ("bob", "write", 403, "Forbidden"),
        ("ada", "read", 403, "Forbidden"),
    ],
)
def test_only_writers_commit(
    model: RepoClient, user: str | None, role: str, status: int, code: str
) -> None:
    answer = model.commit(add("x", "1"), user=user, role=role)
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (status, code)
    path = f"{model.api}/preupload/main"
    answer = model.request("POST", path, user=user, role=role, json={"files": []})
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (status, code)
    assert model.files() == {}


def test_a_connection_that_breaks_changes_nothing(model: RepoClient) -> None:
    head = model.head
    body = "\n".join([line("header", summary="s"), add("x", "x" * 200_000)]).encode()
    address = urlsplit(model.server.endpoint)
    authorization = model.server.headers()["Authorization"]
    request = (
        f"POST {model.api}/commit/main HTTP/1.1\r\nHost: {address.netloc}\r\n"
        f"Authorization: {authorization}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection((address.hostname or "", address.port or 0)) as connection:
        connection.sendall(request.encode() + body[:-100])
    answer = model.commit(add("y", "y"))
    assert answer.status_code == 200
    assert model.files() == {"y": b"y"}
    assert [step.oid for step in model.git.log(model.head)][1:] == [head]


def test_a_body_cut_at_any_place_is_refused_or_whole(model: RepoClient) -> None:
    body = "\n".join([line("header", summary="s"), add("x", "some text")]).encode()
    for size in range(0, len(body), 7):
        answer = model.request("POST", f"{model.api}/commit/main", data=body[:size])
        complete_header = body[:size].count(b"\n") == 1 and size == body.index(b"\n") + 1
        assert answer.status_code == (200 if complete_header else 400)
    assert model.files() == {}


def test_history_is_listed_in_pages(model: RepoClient) -> None:
    for number in range(5):
        model.commit(add("x", f"<{number}>"), revision="main")
    path = f"{model.api}/commits/main?limit=4&expand[]=formatted"
    first = model.request("GET", path, user=None)
    assert [item["title"] for item in first.json()] == ["change"] * 4
    newest = first.json()[0]
    assert newest["id"] == model.head
    assert newest["authors"] == [{"user": "ada"}]
    assert newest["formatted"] == {"title": "change", "message": ""}
    assert newest["date"].endswith("Z")
    model.commit(add("x", "pushed between the pages"))
    link = first.links["next"]["url"]
    assert link.startswith(model.server.endpoint)
    rest = model.request("GET", link.removeprefix(model.server.endpoint))
    assert [item["title"] for item in rest.json()] == ["change", "initial commit"]
    assert "next" not in rest.links
    for bad in ("?limit=0", "?limit=x", "?cursor=x", f"?cursor={model.head}.x"):
        assert model.request("GET", f"{model.api}/commits/main{bad}").status_code == 400
    missing = model.request("GET", f"{model.api}/commits/nope")
    assert (missing.status_code, missing.headers["X-Error-Code"]) == (404, "RevisionNotFound")


def test_a_pointer_committed_as_text_must_point_to_something(model: RepoClient) -> None:
    head = model.head
    text = LfsPointer("a" * 64, 5).text
    answer = model.commit(add("w.bin", text))
    assert answer.status_code == 400
    assert "was not uploaded to this repository" in answer.json()["error"]
    assert model.head == head
    sha256 = model.upload(LARGE)
    assert model.commit(add("w.bin", LfsPointer(sha256, len(LARGE)).text)).status_code == 200
    assert model.request("GET", f"{model.web}/resolve/main/w.bin").content == LARGE
