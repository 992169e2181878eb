"""Repositories with their services, for the tests of commits and snapshots."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from phub_jupyter.hub.access import Actor
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.hub import Hub
from phub_jupyter.hub.repos.commits import CommitResult
from phub_jupyter.hub.repos.git_repository import GitRepository
from phub_jupyter.hub.repos.operations import CommitHeader, Operation
from phub_jupyter.identifiers import RepoId, RepoType

__all__ = ["Workshop"]


@dataclass
class Workshop:
    """A hub with one model, and its owner."""

    hub: Hub
    ada: Actor
    repo: Repo

    @classmethod
    def open(cls, root: Path) -> Workshop:
        """Open a new hub."""
        hub = Hub.open(root)
        hub.accounts.add_user("ada")
        ada = hub.accounts.actor_for_user("ada")
        repo = hub.repositories.create(ada, RepoType.MODEL, RepoId("ada", "m"), private=False)
        return cls(hub, ada, repo)

    @property
    def git(self) -> GitRepository:
        """The model's repository, opened anew."""
        return self.hub.repositories.open(self.repo)

    @property
    def head(self) -> str:
        """The commit of ``main``."""
        return self.git.resolve("main")

    def commit(self, *operations: Operation, parent: str | None = None) -> CommitResult:
        """Commit as ada."""
        header = CommitHeader("change", "why", parent)
        return self.hub.commits.commit(self.repo, "main", header, operations, self.ada)

    def upload(self, content: bytes) -> str:
        """Give the model a large file and return its SHA-256."""
        sha256 = hashlib.sha256(content).hexdigest()
        upload = self.hub.large_files.new_upload()
        upload.write(content)
        self.hub.large_files.finish(upload, self.repo.pk, sha256, len(content))
        return sha256
