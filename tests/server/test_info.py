"""All that can be asked about a repository, by the real client; kernels among them."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import requests
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError
from huggingface_hub.hf_api import (
    ExpandDatasetProperty_T,
    ExpandModelProperty_T,
    ExpandSpaceProperty_T,
)

from phub_jupyter.hub.database.tables import ResourceGroup

from .repo_client import RepoClient, add

CARD = "---\nbase_model: ada/base\npipeline_tag: text-classification\nlicense: mit\n---\n"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A hub with ada and bob, a base model, one made from it, and one of each other type."""
    from ..conftest import HubServer

    server = HubServer(tmp_path_factory.mktemp("info") / "hub")
    for name in ("ada", "bob"):
        server.add_user(name)
    RepoClient(server, "base")
    RepoClient(server, "child", private=True).commit(add("README.md", CARD))
    for repo_type in ("dataset", "space", "kernel"):
        RepoClient(server, "one", repo_type)
    yield server
    server.close()


def api(server: Any, user: str = "ada") -> HfApi:
    """The unmodified client as that user."""
    return HfApi(endpoint=server.endpoint, token=server.token(user))


def test_every_word_of_the_client_may_be_asked_for(served: Any) -> None:
    client = api(served)
    for ask, repo_id, words in (
        (client.model_info, "ada/child", get_args(ExpandModelProperty_T)),
        (client.dataset_info, "ada/one", get_args(ExpandDatasetProperty_T)),
        (client.space_info, "ada/one", get_args(ExpandSpaceProperty_T)),
    ):
        assert len(words) > 15
        found: Any = ask(repo_id, expand=list(words))
        assert (found.id, found.sha is not None) == (repo_id, True)
        for word in words:
            ask(repo_id, expand=[word])


def test_what_only_clients_of_2025_ask_for(served: Any) -> None:
    for path in ("models/ada/base", "datasets/ada/one", "spaces/ada/one", "kernels/ada/one"):
        url = f"{served.endpoint}/api/{path}?expand=xetEnabled"
        assert requests.get(url, timeout=30).json()["xetEnabled"] is True


def test_what_a_model_is_made_from_and_what_is_made_from_it(served: Any) -> None:
    assert api(served).model_info("ada/child").base_models == ["ada/base"]
    assert api(served).model_info("ada/base").children_model_count == 1
    assert api(served, "bob").model_info("ada/base").children_model_count == 0  # it is private
    child = api(served).model_info("ada/child", securityStatus=True)
    assert child.security_repo_status == {"scansDone": False, "filesWithIssues": []}
    assert child.inference == "warm"
    assert child.inference_provider_mapping == []


def test_gates_and_groups_are_told(served: Any) -> None:
    served.hub.accounts.add_org("acme", "ada")
    served.hub.accounts.add_org("globex", "bob")
    org = served.hub.accounts.find("acme")
    with served.hub.database.write() as session:
        session.add(ResourceGroup(uid="a" * 24, org_pk=org.pk, name="secret plans"))
    client = api(served)
    client.create_repo("acme/grouped", resource_group_id="a" * 24)
    client.update_repo_settings("acme/grouped", gated="manual")
    info = client.model_info("acme/grouped")
    assert info.gated == "manual"
    assert info.resource_group == {"id": "a" * 24, "name": "secret plans"}
    with pytest.raises(HfHubHTTPError, match="resourceGroupId"):
        api(served, "bob").create_repo("globex/x", resource_group_id="a" * 24)
    client.update_repo_settings("acme/grouped", gated=False)
    assert client.model_info("acme/grouped").gated is False
    with pytest.raises(HfHubHTTPError, match="gated"):
        client.update_repo_settings("ada/one", gated="auto", repo_type="space")


def test_a_kernel_is_a_repository_like_the_others(served: Any, tmp_path: Path) -> None:
    client = api(served)
    url = client.create_repo("ada/k", repo_type="kernel")
    assert str(url) == f"{served.endpoint}/kernels/ada/k"
    done = client.create_commit(
        "ada/k",
        [CommitOperationAdd("build/a.py", b"x = 1"), CommitOperationAdd("w.bin", b"\0" * 100_000)],
        repo_type="kernel",
        commit_message="one",
    )
    assert done.commit_url == f"{served.endpoint}/kernels/ada/k/commit/{done.oid}"
    assert client.kernel_info("ada/k").sha == done.oid
    names = [entry.path for entry in client.list_repo_tree("ada/k", repo_type="kernel")]
    assert names == [".gitattributes", "build", "w.bin"]
    path = client.hf_hub_download("ada/k", "w.bin", repo_type="kernel", cache_dir=tmp_path)
    assert Path(path).read_bytes() == b"\0" * 100_000
    client.create_tag("ada/k", tag="v1", repo_type="kernel")
    client.move_repo("ada/k", "ada/l", repo_type="kernel")
    client.delete_repo("ada/l", repo_type="kernel")
    assert not client.repo_exists("ada/k", repo_type="kernel")


def _weights(name: str) -> bytes:
    header = {name: {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}
    text = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    return struct.pack("<Q", len(text)) + text + b"\0" * 8


def test_headers_of_all_shards_by_one_request(served: Any) -> None:
    model = RepoClient(served, "sharded")
    index = {
        "metadata": {"total_size": 16},
        "weight_map": {"a": "1.safetensors", "b": "2.safetensors"},
    }
    files = {
        "model.safetensors.index.json": json.dumps(index).encode(),
        "1.safetensors": _weights("a"),
        "2.safetensors": _weights("b"),
        "sub/lost.json": json.dumps(index).encode(),
        "bad.json": b"[]",
    }
    client = api(served)
    operations = [CommitOperationAdd(path, content) for path, content in files.items()]
    client.create_commit("ada/sharded", operations, commit_message="weights")
    found = client.get_sharded_safetensors_metadata("ada/sharded")
    assert found.weight_map == index["weight_map"]
    assert found.parameter_count == {"F32": 4}
    with pytest.raises(EntryNotFoundError):
        client.get_sharded_safetensors_metadata("ada/sharded", filename="sub/lost.json")
    for name, status in (("bad.json", 422), ("1.safetensors", 422), ("none.json", 404)):
        answer = model.request("GET", f"{model.api}/safetensors-metadata/{name}")
        assert answer.status_code == status


def test_many_paths_at_once_as_a_form(served: Any) -> None:
    model = RepoClient(served, "paths")
    assert model.commit(*(add(f"d/{number}.txt", "x") for number in range(3))).status_code == 200
    client = api(served)
    found = client.get_paths_info("ada/paths", ["d", "d/1.txt", "none", "d/1.txt"], expand=True)
    assert [entry.path for entry in found] == ["d", "d/1.txt"]
    assert all(entry.last_commit is not None for entry in found)
    many = [("paths", f"p{number}") for number in range(1001)]
    assert model.request("POST", f"{model.api}/paths-info/main", data=many).status_code == 400
    assert model.request("POST", f"{model.api}/paths-info/main", data=many[1:]).json() == []
    small = client.get_paths_info("ada/paths", ["d/1.txt"])[0]
    assert small.xet_hash is None  # type: ignore[union-attr]
