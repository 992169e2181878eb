"""Spaces that begin with a template, by the real client, up to the page that a visitor sees."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import pyarrow
import pyarrow.parquet
import pytest
import requests
from huggingface_hub import HfApi

from tests.conftest import HubServer
from tests.server.space_app import Visitor, add_to

TOWNS = {"town": ["Oslo", "Bergen"], "people": [700000, 290000]}
SEARCH = "search.value = 'OSLO'\nprint('<', table.value, '>')"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    running = HubServer(tmp_path_factory.mktemp("templates") / "hub")
    running.add_user("ada")
    yield running
    running.close()


@pytest.fixture(scope="module")
def api(server: HubServer) -> HfApi:
    return HfApi(endpoint=server.endpoint, token=server.token())


def parquet() -> bytes:
    """A table as a Parquet file."""
    file = BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(TOWNS), file)
    return file.getvalue()


def test_a_form_begins_with_one_commit_and_asks_for_a_model(server: HubServer, api: HfApi) -> None:
    api.create_repo("ada/ask", repo_type="space", space_template="Ask a model")
    found = api.space_info("ada/ask")
    assert (found.sdk, found.private) == ("voila", False)
    assert [commit.title for commit in api.list_repo_commits("ada/ask", repo_type="space")] == [
        "initial commit"
    ]
    assert "Name a model in README.md" in Visitor(server).page("ada/ask")
    api.pause_space("ada/ask")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("towns.csv", b"town,people\nOslo,700000\nBergen,290000\n"),
        ("towns.jsonl", b'{"town": "Oslo", "people": 700000}\n{"town": "Bergen", "people": 1}\n'),
        ("towns.parquet", parquet()),
    ],
)
def test_a_table_of_a_dataset(server: HubServer, api: HfApi, name: str, content: bytes) -> None:
    kind = name.partition(".")[2]
    space, dataset = f"ada/table-{kind}", f"ada/towns-{kind}"
    template = api.list_space_templates()[1].repo_id
    api.create_repo(space, repo_type="space", space_template=template)
    assert api.space_info(space).private
    api.create_repo(dataset, repo_type="dataset", private=True)
    api.upload_file(
        path_or_fileobj=content, path_in_repo=name, repo_id=dataset, repo_type="dataset"
    )
    add_to(api, space, "datasets", dataset, SEARCH)
    printed = Visitor(server).page(space).partition("&lt;")[2].partition("&gt;\n")[0]
    assert "Oslo" in printed
    assert "700000" in printed
    assert "Bergen" not in printed
    api.pause_space(space)


def test_an_unknown_template_names_those_that_there_are(server: HubServer, api: HfApi) -> None:
    answer = requests.post(
        f"{server.endpoint}/api/repos/create",
        headers=server.headers(),
        json={"name": "none", "type": "space", "sdk": "static", "template": "gradio/chat"},
        timeout=30,
    )
    assert answer.status_code == 400
    for template in api.list_space_templates():
        assert template.repo_id in answer.json()["error"]
    assert not api.repo_exists("ada/none", repo_type="space")
