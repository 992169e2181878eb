"""A repository on a served hub, spoken to in plain HTTP."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import requests

from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.repos.git_repository import GitRepository
from phub_jupyter.identifiers import RepoId, RepoType

__all__ = ["RepoClient", "add", "line"]


def line(key: str, **value: Any) -> str:
    """One line of a commit."""
    return json.dumps({"key": key, "value": value})


def add(path: str, content: bytes | str) -> str:
    """The line that adds a regular file."""
    data = content.encode() if isinstance(content, str) else content
    return line("file", path=path, content=base64.b64encode(data).decode(), encoding="base64")


class RepoClient:
    """One repository of ``ada``; each call may be made as somebody else."""

    def __init__(
        self, server: Any, name: str = "m", repo_type: str = "model", private: bool = False
    ) -> None:
        self.server = server
        self.hub = server.hub
        self.type = RepoType(repo_type)
        self.id = f"ada/{name}"
        self.repo: Repo = self.hub.repositories.create(
            self.hub.accounts.actor_for_user("ada"),
            self.type,
            RepoId.parse(self.id),
            private=private,
        )
        self.api = f"/api/{self.type.plural}/{self.id}"
        self.web = f"/{self.type.url_prefix}{self.id}"

    @property
    def git(self) -> GitRepository:
        """The repository on disk, as it is now."""
        opened: GitRepository = self.hub.repositories.open(self.repo)
        return opened

    @property
    def head(self) -> str:
        """The commit of ``main``."""
        return self.git.resolve("main")

    def files(self, revision: str = "main") -> dict[str, bytes]:
        """What git holds at a revision, without the first commit's ``.gitattributes``."""
        git = self.git
        commit = git.resolve(revision)
        return {
            entry.path: git.read_blob(entry.oid)
            for entry in git.tree(commit, recursive=True)
            if entry.kind == "file" and entry.path != ".gitattributes"
        }

    def request(
        self, method: str, path: str, user: str | None = "ada", role: str = "write", **kwargs: Any
    ) -> requests.Response:
        """Call an address of the hub."""
        headers = {} if user is None else self.server.headers(user, role)
        headers |= kwargs.pop("headers", {})
        address = f"{self.server.endpoint}{path}"
        return requests.request(method, address, headers=headers, timeout=30, **kwargs)

    def commit(
        self, *lines: str, revision: str = "main", parent: str | None = None, **kwargs: Any
    ) -> requests.Response:
        """Send a commit."""
        header = {"summary": "change", "description": ""}
        if parent is not None:
            header["parentCommit"] = parent
        body = "\n".join([line("header", **header), *lines]).encode()
        return self.request("POST", f"{self.api}/commit/{revision}", data=body, **kwargs)

    def upload(self, content: bytes) -> str:
        """Give the repository a large file and return its SHA-256."""
        sha256 = hashlib.sha256(content).hexdigest()
        upload = self.hub.large_files.new_upload()
        upload.write(content)
        self.hub.large_files.finish(upload, self.repo.pk, sha256, len(content))
        return sha256
