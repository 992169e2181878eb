"""A Space from a template that asks a model of the hub, up to the page with the answer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from huggingface_hub import HfApi

from tests.compute.tiny_classifier import LABELS
from tests.conftest import HubServer
from tests.server.model_server import REPO, model_server
from tests.server.space_app import Visitor, add_to

PRESS = "text.value = 'a good film'\nbutton.click()\nprint('<', result.value, '>')"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    with model_server(tmp_path_factory.mktemp("asked")) as running:
        yield running


@pytest.mark.long
def test_the_form_shows_what_the_model_answers(server: HubServer) -> None:
    api = HfApi(endpoint=server.endpoint, token=server.token())
    api.create_repo("ada/asked", repo_type="space", space_template="Ask a model")
    add_to(api, "ada/asked", "models", REPO, PRESS)
    page = Visitor(server).page("ada/asked")
    assert "Sorry" not in page
    assert all(label in page for label in LABELS)
    api.pause_space("ada/asked")
