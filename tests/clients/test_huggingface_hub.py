"""huggingface_hub in all its releases: what people do with repositories."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from .programs import GENERATIONS, Machine, generation

FOLDER = """
import hashlib, pathlib, sys
from huggingface_hub import HfApi, __version__, snapshot_download

def contents(folder):
    files = [path for path in pathlib.Path(folder).rglob("*") if path.is_file()]
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if ".cache" not in path.parts and path.name != ".gitattributes"
    }

source = sys.argv[1]
api = HfApi()
url = api.create_repo("ada/tour", private=True)
assert api.create_repo("ada/tour", exist_ok=True).repo_id == url.repo_id == "ada/tour"
first = api.upload_folder(repo_id="ada/tour", folder_path=source, commit_message="All of it")
head = api.repo_info("ada/tour").sha
assert first.oid == head, (first, head)
for revision in ("main", head, head[:8]):
    copy = snapshot_download("ada/tour", revision=revision, local_dir=f"copy-{revision}")
    assert contents(copy) == contents(source), revision
assert contents(snapshot_download("ada/tour")) == contents(source)

try:
    api.upload_folder(repo_id="ada/tour", folder_path=source)
except ValueError:  # clients before 1.0 cannot read the address that they make up for it
    assert __version__.startswith("0.") and api.endpoint.count("/") > 2
assert api.repo_info("ada/tour").sha == head, "an unchanged folder made a commit"

pathlib.Path(source, "new.txt").write_text("new")
api.upload_folder(repo_id="ada/tour", folder_path=source, delete_patterns=["sub/*"])
expected = {name for name in contents(source)} | {".gitattributes"}
assert set(api.list_repo_files("ada/tour")) == expected
commits = api.list_repo_commits("ada/tour")
assert [commit.title for commit in commits][-2:] == ["All of it", "initial commit"]
assert commits[0].authors == ["ada"]
print("done")
"""

FILES = """
import io, pathlib
from huggingface_hub import CommitOperationAdd, CommitOperationCopy, CommitOperationDelete, HfApi
from huggingface_hub import hf_hub_download
from huggingface_hub.errors import (
    EntryNotFoundError, HfHubHTTPError, RepositoryNotFoundError, RevisionNotFoundError,
)

def raises(kind, function, *args, **kwargs):
    try:
        function(*args, **kwargs)
    except kind as error:
        return error
    raise AssertionError(f"{kind} was not raised")

def content(name, **kwargs):
    path = hf_hub_download("ada/d", name, repo_type="dataset", **kwargs)
    return pathlib.Path(path).read_bytes()

api = HfApi()
where = {"repo_id": "ada/d", "repo_type": "dataset"}
api.create_repo(**where)
large = bytes(range(256)) * 20_000
pathlib.Path("large.bin").write_bytes(large)
api.upload_file(path_or_fileobj="large.bin", path_in_repo="a/path.bin", **where)
api.upload_file(path_or_fileobj=large + b"1", path_in_repo="a/bytes.bin", **where)
api.upload_file(path_or_fileobj=io.BytesIO(large + b"2"), path_in_repo="a/file.bin", **where)
api.upload_file(path_or_fileobj=b"", path_in_repo="empty.bin", **where)
api.upload_file(path_or_fileobj=b"text", path_in_repo="sub dir/\\u00fc #%?.txt", **where)
assert content("a/path.bin") == large
assert content("a/bytes.bin") == large + b"1"
assert content("a/file.bin") == large + b"2"
assert content("empty.bin") == b""
assert content("sub dir/\\u00fc #%?.txt") == b"text"

assert api.file_exists(filename="a/path.bin", **where)
assert not api.file_exists(filename="nope", **where)
assert not api.file_exists(filename="a/path.bin", revision="nope", **where)
assert not api.repo_exists("ada/nope")
assert api.revision_exists(revision="main", **where)
assert not api.revision_exists(revision="nope", **where)
raises(EntryNotFoundError, content, "nope")
raises(EntryNotFoundError, lambda: list(api.list_repo_tree(path_in_repo="nope", **where)))
raises(RevisionNotFoundError, content, "empty.bin", revision="nope")
raises(RepositoryNotFoundError, hf_hub_download, "ada/nope", "x")

tree = {item.path: item for item in api.list_repo_tree(recursive=True, expand=True, **where)}
assert tree["a/path.bin"].size == tree["a/path.bin"].lfs.size == len(large)
assert tree["a"].last_commit.title == tree["a/file.bin"].last_commit.title
assert [item.path for item in api.list_repo_tree(path_in_repo="sub dir", **where)] == [
    "sub dir/\\u00fc #%?.txt"
]
found = api.get_paths_info(paths=["a", "a/file.bin", "nope"], **where)
assert [item.path for item in found] == ["a", "a/file.bin"]

head = api.repo_info(**where).sha
api.create_commit(
    operations=[
        CommitOperationCopy("a/path.bin", "copy.bin"),
        CommitOperationDelete("a/bytes.bin"),
        CommitOperationDelete("sub dir/"),
        CommitOperationAdd("b.txt", b"b"),
    ],
    commit_message="Several",
    commit_description="things at once",
    parent_commit=head,
    **where,
)
assert sorted(api.list_repo_files(**where)) == [
    ".gitattributes", "a/file.bin", "a/path.bin", "b.txt", "copy.bin", "empty.bin",
]
assert content("copy.bin") == large
error = raises(
    HfHubHTTPError, api.create_commit, operations=[CommitOperationAdd("b.txt", b"c")],
    commit_message="late", parent_commit=head, **where,
)
assert error.response.status_code == 412, error
api.delete_file("b.txt", **where)
api.delete_folder("a", **where)
error = raises(HfHubHTTPError, api.delete_file, "b.txt", **where)
assert "A file with this name doesn't exist" in str(error), error

api.create_branch(branch="feature/x", revision=head, **where)
api.create_branch(branch="feature/x", exist_ok=True, **where)
api.upload_file(path_or_fileobj=b"x", path_in_repo="x", revision="feature/x", **where)
assert content("x", revision="feature/x") == b"x"
api.create_tag(tag="v1.0", revision=head, tag_message="one", **where)
refs = api.list_repo_refs(**where)
assert [branch.name for branch in refs.branches] == ["feature/x", "main"]
assert [(tag.name, tag.target_commit) for tag in refs.tags] == [("v1.0", head)]
assert content("a/bytes.bin", revision="v1.0") == large + b"1"
api.delete_tag(tag="v1.0", **where)
api.delete_branch(branch="feature/x", **where)
proposed = api.upload_file(path_or_fileobj=b"x", path_in_repo="x", create_pr=True, **where)
assert proposed.pr_num == 1, proposed
assert content("x", revision="refs/pr/1") == b"x"
assert not api.file_exists(filename="x", **where)
print("done")
"""

FILE_SYSTEM = """
from huggingface_hub import HfFileSystem, HfApi

HfApi().create_repo("ada/fs", repo_type="dataset", private=True)
fs = HfFileSystem()
data = bytes(range(256)) * 10_000
with fs.open("datasets/ada/fs/data/x.bin", "wb") as file:
    file.write(data)
fs.write_text("hf://datasets/ada/fs/data/notes.txt", "hello")
assert sorted(fs.ls("datasets/ada/fs/data", detail=False)) == [
    "datasets/ada/fs/data/notes.txt", "datasets/ada/fs/data/x.bin",
]
assert fs.glob("hf://datasets/ada/fs/**/*.bin") == ["datasets/ada/fs/data/x.bin"]
assert fs.info("datasets/ada/fs/data/x.bin")["size"] == len(data)
assert fs.exists("datasets/ada/fs/data") and not fs.exists("datasets/ada/fs/nope")
assert fs.isdir("datasets/ada/fs/data") and fs.isfile("datasets/ada/fs/data/notes.txt")
with fs.open("datasets/ada/fs/data/x.bin", "rb", block_size=4096) as file:
    file.seek(1_000_000)
    assert file.read(1000) == data[1_000_000:1_001_000]
    file.seek(-10, 2)
    assert file.read() == data[-10:]
assert fs.cat_file("datasets/ada/fs/data/x.bin", start=5, end=9) == data[5:9]
fs.rm("datasets/ada/fs/data/x.bin")
assert not fs.exists("datasets/ada/fs/data/x.bin")
print("done")
"""

READ_ONLY = """
import sys
from huggingface_hub import HfApi, hf_hub_download
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

api = HfApi()
assert not api.repo_exists("ada/hidden")
for call in (
    lambda: hf_hub_download("ada/hidden", ".gitattributes"),
    lambda: api.repo_info("ada/hidden"),
    lambda: api.list_repo_files("ada/hidden"),
    lambda: list(api.list_repo_tree("ada/hidden")),
    lambda: api.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id="ada/hidden"),
):
    try:
        call()
    except RepositoryNotFoundError:
        continue
    raise AssertionError("a hidden repository was found")
open(hf_hub_download("ada/shown", ".gitattributes")).close()
try:
    api.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id="ada/shown")
except HfHubHTTPError as error:
    assert error.response.status_code in (401, 403), error
else:
    raise AssertionError("a stranger wrote")
print("done")
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder with every kind of file."""
    source = tmp_path / "source"
    for path, data in {
        "README.md": b"---\nlicense: mit\n---\n# Tour\n",
        "weights.bin": os.urandom(2_000_000),
        "empty.bin": b"",
        "sub/with space/\u00fc.txt": "caf\u00e9".encode(),
        "sub/model.safetensors": b"small but by rule large",
    }.items():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        (source / path).write_bytes(data)
    return source


@pytest.mark.slow
@pytest.mark.both_stores
@pytest.mark.parametrize("client", GENERATIONS)
def test_a_folder_goes_there_and_back(
    hub_server: Any, tmp_path: Path, source: Path, client: str
) -> None:
    machine = Machine(hub_server, tmp_path / "machine", **generation(client))
    assert machine.run(FOLDER, str(source)) == "done"


@pytest.mark.slow
@pytest.mark.parametrize("client", GENERATIONS)
def test_files_branches_and_tags(hub_server: Any, tmp_path: Path, client: str) -> None:
    machine = Machine(hub_server, tmp_path / "machine", **generation(client))
    assert machine.run(FILES) == "done"


@pytest.mark.slow
@pytest.mark.parametrize("client", GENERATIONS)
def test_a_repository_as_a_file_system(hub_server: Any, tmp_path: Path, client: str) -> None:
    machine = Machine(hub_server, tmp_path / "machine", **generation(client))
    assert machine.run(FILE_SYSTEM) == "done"


@pytest.mark.slow
@pytest.mark.parametrize("client", GENERATIONS)
def test_strangers_see_what_is_public_and_nothing_else(
    hub_server: Any, tmp_path: Path, client: str
) -> None:
    owner = Machine(hub_server, tmp_path / "owner")
    owner.run(
        "from huggingface_hub import HfApi\n"
        "HfApi().create_repo('ada/hidden', private=True)\n"
        "HfApi().create_repo('ada/shown', private=False)\n"
    )
    for user in ("bob", None):
        stranger = Machine(hub_server, tmp_path / f"{user}", user=user, **generation(client))
        assert stranger.run(READ_ONLY) == "done"


@pytest.mark.slow
@pytest.mark.parametrize("client", GENERATIONS)
def test_below_a_path_as_inside_jupyter(
    prefixed_hub_server: Any, tmp_path: Path, source: Path, client: str
) -> None:
    machine = Machine(prefixed_hub_server, tmp_path / "machine", **generation(client))
    assert machine.run(FOLDER, str(source)) == "done"
    assert machine.run(FILES) == "done"
