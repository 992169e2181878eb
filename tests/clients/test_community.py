"""Proposing, discussing and merging, by unmodified clients of several generations."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .programs import GENERATIONS, Machine, generation

PROPOSE = """
import pathlib, sys
import huggingface_hub
from huggingface_hub import HfApi, hf_hub_download, metadata_update
from huggingface_hub.errors import HfHubHTTPError

repo = sys.argv[1]
api = HfApi()
main = api.model_info(repo).sha

info = api.upload_file(
    repo_id=repo, path_or_fileobj=b"text", path_in_repo="a.txt", create_pr=True,
    commit_message="Add a", commit_description="It was missing.",
)
number = info.pr_num
assert info.pr_url.endswith(f"{repo}/discussions/{number}"), info
assert info.pr_revision == f"refs/pr/{number}"
details = api.get_discussion_details(repo, number)
assert (details.title, details.author) == ("Add a", "bob"), details
assert details.status == "open", details.status
assert "It was missing." in details.events[0].content
assert [event.oid for event in details.events if event.type == "commit"] == [info.oid]
assert "+text" in details.diff and details.conflicting_files == []

large = bytes(range(256)) * 8192
api.upload_file(
    repo_id=repo, path_or_fileobj=large, path_in_repo="large.bin", revision=f"refs/pr/{number}"
)
assert len([e for e in api.get_discussion_details(repo, number).events if e.type == "commit"]) == 2
assert pathlib.Path(
    hf_hub_download(repo, "large.bin", revision=f"refs/pr/{number}")
).read_bytes() == large

folder = pathlib.Path("folder")
(folder / "sub").mkdir(parents=True)
(folder / "sub/b.txt").write_text("b")
(folder / "c.safetensors").write_bytes(large[::-1])
info = api.upload_folder(repo_id=repo, folder_path=folder, create_pr=True, commit_message="Folder")
refs = api.list_repo_refs(repo, include_pull_requests=True)
assert [ref.ref for ref in refs.pull_requests] == ["refs/pr/1", "refs/pr/2"], refs
assert set(api.list_repo_files(repo, revision="refs/pr/2")) >= {"sub/b.txt", "c.safetensors"}

if int(huggingface_hub.__version__.split(".")[0]) < 2:  # those ask the public hub about cards
    api.upload_file(
        repo_id=repo, path_in_repo="README.md", create_pr=True,
        path_or_fileobj=b"---\\nlicense: mit\\n---\\n# Card\\n",
    )
else:
    url = metadata_update(repo, {"license": "mit"}, create_pr=True, overwrite=True)
    assert f"{repo}/commit/" in url
assert "license: mit" in pathlib.Path(
    hf_hub_download(repo, "README.md", revision="refs/pr/3")
).read_text()
found = {item.num: item.status for item in api.get_repo_discussions(repo)}
assert set(found) == {1, 2, 3}
assert api.model_info(repo).sha == main
for call in (
    lambda: api.merge_pull_request(repo, 1),
    lambda: api.upload_file(repo_id=repo, path_or_fileobj=b"x", path_in_repo="x.txt"),
):
    try:
        call()
    except HfHubHTTPError as error:
        assert error.response.status_code == 403, error
    else:
        raise AssertionError("bob may only propose")
print("done")
"""

MERGE = """
import pathlib, sys
from huggingface_hub import HfApi, ModelCard, hf_hub_download
from huggingface_hub.errors import HfHubHTTPError

repo = sys.argv[1]
api = HfApi()
for item in list(api.get_repo_discussions(repo, discussion_type="pull_request")):
    if item.status == "draft":
        api.change_discussion_status(repo, item.num, "open")
    api.merge_pull_request(repo, item.num, comment="Thanks")
    details = api.get_discussion_details(repo, item.num)
    assert details.status == "merged" and details.author == "bob"
    assert details.merge_commit_oid == api.model_info(repo).sha
    assert details == api.get_discussion_details(repo, item.num)
    try:
        api.upload_file(
            repo_id=repo, path_or_fileobj=b"late", path_in_repo="late.txt",
            revision=f"refs/pr/{item.num}",
        )
    except HfHubHTTPError as error:
        assert error.response.status_code == 403, error
    else:
        raise AssertionError("a merged pull request takes no commits")
assert set(api.list_repo_files(repo)) >= {"a.txt", "large.bin", "sub/b.txt", "c.safetensors"}
large = bytes(range(256)) * 8192
for name, content in (("large.bin", large), ("c.safetensors", large[::-1])):
    assert pathlib.Path(hf_hub_download(repo, name)).read_bytes() == content
assert ModelCard.load(repo).data.license == "mit"
assert api.model_info(repo).card_data["license"] == "mit"

number = api.create_discussion(repo, "Well", description="So").num
closed = api.change_discussion_status(repo, number, "closed", comment="Done")
found = list(api.get_repo_discussions(repo, author="ada", discussion_status="closed"))
assert [item.num for item in found] == [number]
events = api.get_discussion_details(repo, number).events
assert [event.type for event in events] == ["comment", "comment", "status-change"]
assert events[-1] == closed
print("done")
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A hub for all generations, each with a model of its own."""
    from ..conftest import HubServer

    server = HubServer(tmp_path_factory.mktemp("hub"))
    for name in ("ada", "bob"):
        server.add_user(name)
    yield server
    server.close()


@pytest.mark.slow
@pytest.mark.parametrize("client", GENERATIONS)
def test_one_proposes_and_another_merges(server: Any, tmp_path: Path, client: str) -> None:
    repo = f"ada/m-{client}"
    owner = Machine(server, tmp_path / "owner", **generation(client))
    owner.run(
        "import sys\n"
        "from huggingface_hub import HfApi\n"
        "HfApi().create_repo(sys.argv[1])\n"
        "HfApi().upload_file(repo_id=sys.argv[1], path_in_repo='README.md',\n"
        "    path_or_fileobj=b'---\\nlicense: apache-2.0\\n---\\n# Card\\n')\n",
        repo,
    )
    proposer = Machine(server, tmp_path / "proposer", user="bob", **generation(client))
    assert proposer.run(PROPOSE, repo) == "done"
    assert owner.run(MERGE, repo) == "done"
