"""A served hub with a model in it, uploaded as anybody would, for tests that call models."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from huggingface_hub import HfApi

from tests.compute.tiny_classifier import make_classifier
from tests.conftest import HubServer

REPO = "ada/tiny"


@contextmanager
def model_server(root: Path) -> Iterator[HubServer]:
    """A hub with the people ada and bob, and ada's private model `REPO`."""
    folder = make_classifier(root / "model")
    (folder / "README.md").write_text("---\npipeline_tag: text-classification\n---\n", "utf-8")
    server = HubServer(root / "hub")
    try:
        server.add_user("ada")
        server.add_user("bob")
        api = HfApi(endpoint=server.endpoint, token=server.token())
        api.create_repo(REPO, private=True)
        api.upload_folder(repo_id=REPO, folder_path=folder)
        yield server
    finally:
        server.close()
