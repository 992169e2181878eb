"""``git push`` by the real program: what is accepted is indexed, what is refused is not there."""

from __future__ import annotations

import gzip
import os
import random
import threading
from pathlib import Path
from typing import Any

import pytest

from phub_jupyter.hub.events import Event
from phub_jupyter.hub.repos.lfs_pointer import LfsPointer

from .git_client import Checkout, git, remote
from .repo_client import RepoClient, add

pytestmark = pytest.mark.both_stores


@pytest.fixture
def copy(model: RepoClient, tmp_path: Path) -> Checkout:
    """A clone of it, which may push."""
    return Checkout(remote(model.server, model.web), tmp_path / "copy")


def state(model: RepoClient) -> tuple[list[Any], set[str]]:
    """All refs, and every object of the repository, reachable or not."""
    path = model.hub.repositories.path(model.repo)
    listed = git("cat-file", "--batch-all-objects", "--batch-check=%(objectname)", cwd=path)
    return model.git.refs(), set(listed.stdout.split())


def test_a_push_is_indexed_like_a_commit(model: RepoClient, copy: Checkout) -> None:
    heard: list[Event] = []
    model.hub.events.listen(heard.append)
    before = model.head
    card = "---\nlicense: mit\npipeline_tag: text-classification\n---\n# Nightingale\n"
    head = copy.commit({"README.md": card, "sub/a b.txt": "a", "ünï.txt": "u", "run.sh": "#!x"})
    copy.push()
    assert model.head == head
    assert model.files()["ünï.txt"] == b"u"
    info = model.request("GET", model.api).json()
    assert (info["sha"], info["pipeline_tag"]) == (head, "text-classification")
    assert "license:mit" in info["tags"]
    found = model.request("GET", "/api/phub/search?q=nightingale").json()
    assert [item["id"] for item in found["items"]] == [model.id]
    (event,) = [event for event in heard if event.repo.pk == model.repo.pk]
    (change,) = event.refs
    assert (event.action, event.scope, event.actor.name) == ("update", "repo.content", "ada")
    assert (change.ref, change.old, change.new) == ("refs/heads/main", before, head)


def test_branches_tags_force_and_deletion(model: RepoClient, copy: Checkout) -> None:
    first = model.head
    head = copy.commit({"a": "a"})
    copy.run("tag", "-a", "v1", "-m", "one")
    copy.push("origin", "main", "main:refs/heads/dev/x", "v1", "main:refs/tags/light")
    assert [(ref.name, ref.commit) for ref in model.git.refs()] == [
        (name, head)
        for name in ("refs/heads/dev/x", "refs/heads/main", "refs/tags/light", "refs/tags/v1")
    ]
    copy.run("reset", "-q", "--hard", first)
    other = copy.commit({"b": "b"})
    assert "rejected" in copy.refused("origin", "main")
    copy.push("--force", "origin", "main")
    assert model.head == other
    copy.push("origin", ":dev/x", ":refs/tags/v1")
    assert {ref.name for ref in model.git.refs()} == {"refs/heads/main", "refs/tags/light"}


def test_a_large_push_comes_in_chunks(model: RepoClient, copy: Checkout) -> None:
    noise = random.Random(1)
    files = {f"{number}.txt": noise.randbytes(1_000_000).hex() for number in range(6)}
    head = copy.commit(dict(files))
    copy.push(settings=("http.postBuffer=65536",))
    assert model.head == head
    assert model.files()["5.txt"].decode() == files["5.txt"]
    assert not any((model.hub.root / "uploads").iterdir())


REFUSED: list[tuple[dict[str, bytes | str], str]] = [
    ({"big.txt": "x" * (10 * 1024 * 1024 + 1)}, "big.txt: 10.0 MiB are too many"),
    ({"w.bin": b"\0" * 100}, "w.bin: .gitattributes keeps it with git-lfs"),
    ({"a\\b": "x"}, "path: 'a\\b' is not allowed"),
    ({"a\x01b": "x"}, "is not allowed"),
    ({"README.md": "---\n: [\n---\n"}, "README.md: invalid YAML metadata"),
    ({"README.md": b"\xff\xfe"}, "README.md: must be text in UTF-8"),
    ({"w.bin": LfsPointer("a" * 64, 3).text}, "w.bin: the content of this large file was not"),
]


@pytest.mark.parametrize(("files", "words"), REFUSED, ids=[words[:12] for _, words in REFUSED])
def test_bad_content_is_refused_with_a_reason(
    model: RepoClient, copy: Checkout, files: dict[str, bytes | str], words: str
) -> None:
    before = state(model)
    copy.commit(files)
    said = copy.refused()
    assert f"remote: {words}" in said or words in said
    assert "pre-receive hook declined" in said
    assert state(model) == before
    if "README.md" not in files:  # of the cards only the last counts; a file stays in the history
        copy.run("rm", "-q", "-r", ".")
        copy.commit({"a": "a"})
        assert words in copy.refused()
        assert state(model) == before
    copy.run("reset", "-q", "--hard", "origin/main")
    copy.commit({"README.md": "fine"})
    copy.push()


def test_a_path_that_is_no_text_is_refused(model: RepoClient, copy: Checkout) -> None:
    (copy.folder / os.fsdecode(b"\xff.txt")).write_text("x")
    copy.commit({})
    assert "is not allowed" in copy.refused()
    assert model.head == copy.run("rev-parse", "origin/main")


def test_a_broken_card_may_be_mended_before_the_push(model: RepoClient, copy: Checkout) -> None:
    copy.commit({"README.md": "---\n: [\n---\n"})
    head = copy.commit({"README.md": "---\nlicense: mit\n---\n"})
    copy.push()
    assert model.head == head


@pytest.mark.parametrize(
    ("refspec", "words"),
    [
        (":main", "Cannot delete refs/heads/main"),
        ("main:refs/other/x", "refs/other/x: push to branches"),
        ("main:refs/phub/x", "refs/phub/x: push to branches"),
        ("main:refs/pr/7", "refs/pr/7: pull requests are opened and closed on the hub"),
        ("main:refs/heads/" + "a" * 40, "would be mistaken for a commit"),
        ("main^{tree}:refs/tags/tree", "must point to a commit"),
        ("annotated:refs/heads/x", "must point to a commit"),
    ],
)
def test_refs_of_no_use_are_refused(
    model: RepoClient, copy: Checkout, refspec: str, words: str
) -> None:
    copy.run("tag", "-a", "annotated", "-m", "x")
    before = model.git.refs()
    assert words in copy.refused("origin", refspec)
    assert model.git.refs() == before


def test_all_or_nothing(model: RepoClient, copy: Checkout) -> None:
    before = state(model)
    copy.commit({"a": "a"})
    copy.refused("origin", "main", "main:refs/heads/fine", "main:refs/heads/" + "b" * 40)
    assert state(model) == before


def open_pull_request(model: RepoClient, user: str) -> int:
    body = {"title": "Better", "description": "", "pullRequest": True}
    answer = model.request("POST", f"{model.api}/discussions", json=body, user=user)
    return int(answer.json()["num"])


def test_pull_requests_are_for_their_authors_and_writers(
    model: RepoClient, copy: Checkout, tmp_path: Path
) -> None:
    number = open_pull_request(model, "bob")
    other = open_pull_request(model, "ada")
    bobs = Checkout(remote(model.server, model.web, "bob"), tmp_path / "bob")
    head = bobs.commit({"b": "b"})
    bobs.push("origin", f"main:refs/pr/{number}")
    assert model.git.find(f"refs/pr/{number}") == head
    thread = model.request("GET", f"{model.api}/discussions/{number}").json()
    commits = [event["data"]["oid"] for event in thread["events"] if event["type"] == "commit"]
    assert commits == [head]
    for ref in ("refs/heads/main", "refs/heads/bobs", f"refs/pr/{other}"):
        refusal = bobs.refused("origin", f"main:{ref}")
        assert f"remote: {ref}: You " in refusal
    both = bobs.refused("origin", f"main:refs/pr/{number}", "main:refs/heads/x")
    assert "refs/heads/x: You do not have write access" in both
    copy.run("fetch", "-q", "origin", f"refs/pr/{number}")
    copy.run("merge", "-q", "FETCH_HEAD")
    last = copy.commit({"a": "a"})
    copy.push("origin", f"main:refs/pr/{number}", "main:refs/convert/parquet")
    assert model.git.find(f"refs/pr/{number}") == last
    assert "opened and closed on the hub" in copy.refused("origin", f":refs/pr/{number}")
    closed = {"status": "closed"}
    assert model.request("POST", f"{model.api}/discussions/{number}/status", json=closed).ok
    bobs.commit({"c": "c"})
    assert "403" in bobs.refused("--force", "origin", f"main:refs/pr/{number}")


def test_the_history_names_who_pushed(model: RepoClient, copy: Checkout) -> None:
    copy.commit({"a": "a"})
    copy.push()
    commits = model.request("GET", f"{model.api}/commits/main").json()
    assert [commit["authors"] for commit in commits] == [[{"user": "ada"}]] * 2
    assert model.git.log(model.head)[0].author == "Ada Lovelace"


@pytest.mark.parametrize(("user", "role"), [("bob", "write"), ("ada", "read")])
def test_who_may_not_write(model: RepoClient, tmp_path: Path, user: str, role: str) -> None:
    copy = Checkout(remote(model.server, model.web, user, role), tmp_path / "copy")
    copy.commit({"a": "a"})
    before = state(model)
    assert "403" in copy.refused()
    for method, path in (
        ("GET", "info/refs?service=git-receive-pack"),
        ("POST", "git-receive-pack"),
    ):
        answer = model.request(method, f"{model.web}.git/{path}", user=user, role=role)
        assert answer.status_code == 403
        answer = model.request(method, f"{model.web}.git/{path}", user=None)
        assert (answer.status_code, "WWW-Authenticate" in answer.headers) == (401, True)
    assert state(model) == before


def test_the_probe_and_nonsense(model: RepoClient) -> None:
    address = f"{model.web}/git-receive-pack"
    for headers, body in (({}, b"0000"), ({"Content-Encoding": "gzip"}, gzip.compress(b"0000"))):
        answer = model.request("POST", address, data=body, headers=headers)
        assert (answer.status_code, answer.content) == (200, b"")
        assert answer.headers["Content-Type"] == "application/x-git-receive-pack-result"
    for nonsense in (b"zzzz is no length", b"00ff", b"0"):
        answer = model.request("POST", address, data=nonsense)
        assert (answer.status_code, answer.headers["X-Error-Code"]) == (400, "InvalidRequest")


def test_two_pushes_and_commits_at_once_are_all_kept(model: RepoClient, tmp_path: Path) -> None:
    url = remote(model.server, model.web)
    copies = [Checkout(url, tmp_path / str(number)) for number in range(2)]
    kept: list[str] = []

    def push(number: int, copy: Checkout) -> None:
        for turn in range(3):
            name = f"push-{number}-{turn}"
            copy.commit({name: name})
            while git("push", cwd=copy.folder).returncode:
                copy.run("pull", "-q", "--rebase")
            kept.append(name)

    def commit() -> None:
        for turn in range(6):
            assert model.commit(add(f"api-{turn}", "x")).status_code == 200
            kept.append(f"api-{turn}")

    threads = [threading.Thread(target=push, args=item) for item in enumerate(copies)]
    threads.append(threading.Thread(target=commit))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert len(kept) == 12
    assert set(model.files()) == set(kept)
    assert model.request("GET", model.api).json()["sha"] == model.head


def test_shallow_and_partial_clones_push_too(model: RepoClient, tmp_path: Path) -> None:
    for number in range(3):
        model.commit(add("a", str(number)), add(f"{number}", "x" * 1000))
    for number, option in enumerate(("--depth=1", "--filter=blob:none")):
        copy = Checkout(remote(model.server, model.web), tmp_path / str(number), option)
        assert (copy.folder / "a").read_text() == "2"
        head = copy.commit({f"new-{number}": "x"})
        copy.push()
        assert model.head == head
    path = model.hub.repositories.path(model.repo)
    assert git("fsck", "--strict", cwd=path).returncode == 0


def test_the_hubs_own_refs_are_not_shown(model: RepoClient, copy: Checkout) -> None:
    model.git.create_ref("refs/phub/kept", model.head)
    model.git.create_ref("refs/pr/1", model.head)
    shown = copy.run("ls-remote", "origin")
    assert "refs/pr/1" in shown
    assert "refs/phub" not in shown
    for version in "012":
        assert "phub" not in copy.run("-c", f"protocol.version={version}", "ls-remote", "origin")
