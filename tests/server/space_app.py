"""Tiny Spaces for tests: a notebook, its card, and a browser-like visit."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import nbformat
import psutil
import requests
from huggingface_hub import CommitOperationAdd, HfApi, RepoCard, hf_hub_download

from tests.conftest import HubServer

__all__ = ["Visitor", "add_to", "notebook", "put_space", "running_programs", "wait_for"]

CARD = "---\ntitle: Tiny\nsdk: voila\napp_file: app.ipynb\n{more}---\n\n# Tiny\n"


def notebook(*sources: str) -> bytes:
    """A notebook of code cells."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    made = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    return str(nbformat.writes(made)).encode()


def put_space(
    server: HubServer,
    repo_id: str,
    *sources: str,
    user: str = "ada",
    private: bool = False,
    card: str | None = None,
    more: str = "",
    files: Mapping[str, bytes] | None = None,
) -> str:
    """Create or change a Space whose notebook has these cells; returns the commit."""
    api = HfApi(endpoint=server.endpoint, token=server.token(user))
    api.create_repo(repo_id, repo_type="space", space_sdk="static", private=private, exist_ok=True)
    content = {"README.md": (card or CARD.format(more=more)).encode(), **(files or {})}
    if sources:
        content["app.ipynb"] = notebook(*sources)
    operations = [CommitOperationAdd(path, data) for path, data in content.items()]
    done = api.create_commit(repo_id, operations, repo_type="space", commit_message="Publish")
    return str(done.oid)


def add_to(api: HfApi, space: str, key: str, named: str, cell: str) -> None:
    """Name a repository in the card, and end the notebook with a cell that uses its form."""
    where = {"repo_type": "space", "token": api.token, "endpoint": api.endpoint}
    card = RepoCard.load(hf_hub_download(space, "README.md", **where))
    card.data[key] = [named]
    notebook = json.loads(Path(hf_hub_download(space, "app.ipynb", **where)).read_bytes())
    notebook["cells"].append({**notebook["cells"][-1], "id": "last", "source": cell})
    files = {"README.md": str(card).encode(), "app.ipynb": json.dumps(notebook).encode()}
    operations = [CommitOperationAdd(path, data) for path, data in files.items()]
    api.create_commit(space, operations, repo_type="space", commit_message="Name what it shows")


class Visitor:
    """Somebody with a browser, and a token of theirs if they have an account."""

    def __init__(self, server: HubServer, user: str | None = "ada", role: str = "write") -> None:
        self.server = server
        self.headers = {} if user is None else server.headers(user, role)

    def open(self, repo_id: str, **headers: str) -> requests.Response:
        """Ask the hub for the app, without following where it sends us."""
        return requests.get(
            f"{self.server.endpoint}/spaces/{repo_id}/app",
            headers={**self.headers, **headers},
            allow_redirects=False,
            timeout=90,
        )

    def page(self, repo_id: str) -> str:
        """The text of the app's page."""
        sent = self.open(repo_id)
        assert sent.status_code == 302, sent.text
        page = requests.get(sent.headers["Location"], timeout=60)
        assert page.status_code == 200
        return page.text

    def runtime(self, repo_id: str) -> dict[str, object]:
        """What the Space is doing."""
        answer = requests.get(
            f"{self.server.endpoint}/api/spaces/{repo_id}/runtime", headers=self.headers, timeout=30
        )
        assert answer.status_code == 200
        found: dict[str, object] = answer.json()
        return found

    def post(self, path: str, **options: object) -> requests.Response:
        """Send an empty POST."""
        return requests.post(
            f"{self.server.endpoint}{path}", headers=self.headers, timeout=90, **options
        )


def running_programs(folder: str) -> list[psutil.Process]:
    """All processes that work below a folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE and process.cwd().startswith(folder):
                found.append(process)
        except psutil.Error:
            continue
    return found


def wait_for(condition: Callable[[], object], patience: float = 30) -> None:
    """Wait until a condition holds, or fail."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.2)
