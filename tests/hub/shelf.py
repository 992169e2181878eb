"""A hub that is filled by one line a repository, for the tests of the catalog."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

from phub_jupyter.hub.access import Actor
from phub_jupyter.hub.catalog.listing import Listing
from phub_jupyter.hub.catalog.search import Query, SearchPage
from phub_jupyter.hub.catalog.trending import trend_of
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.hub import Hub
from phub_jupyter.hub.repos.operations import AddFile, CommitHeader, Operation
from phub_jupyter.identifiers import RepoId, RepoType

CONFIG = {
    "architectures": ["BertForSequenceClassification"],
    "model_type": "bert",
    "id2label": {"0": "bad", "1": "good"},
    "secret": "not for lists",
}


def safetensors(**shapes: tuple[str, list[int]]) -> bytes:
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    for name, (dtype, shape) in shapes.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [0, 0]}
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text


class Shelf:
    """A hub with repositories of ada, made by one line each."""

    def __init__(self, root: Path) -> None:
        self.hub = Hub.open(root)
        self.hub.accounts.add_user("ada")
        self.hub.accounts.add_user("bob")
        self.ada = self.hub.accounts.actor_for_user("ada")
        self.bob = self.hub.accounts.actor_for_user("bob")

    def add(
        self,
        repo_type: RepoType,
        name: str,
        front: str = "",
        text: str = "",
        private: bool = False,
        **files: bytes,
    ) -> Repo:
        """Create a repository with a card and some more files."""
        repo_id = RepoId("ada", name)
        repo = self.hub.repositories.create(self.ada, repo_type, repo_id, private=private)
        card = f"---\n{front}\n---\n{text}".encode()
        operations: list[Operation] = [AddFile("README.md", card)]
        operations += [AddFile(path, content) for path, content in files.items()]
        return self.commit(repo, *operations)

    def commit(self, repo: Repo, *operations: Operation) -> Repo:
        """Commit as ada and read the row again."""
        self.hub.commits.commit(repo, "main", CommitHeader("x"), operations, self.ada)
        return self.row(repo)

    def row(self, repo: Repo) -> Repo:
        """The row as it is now."""
        return self.hub.repositories.by_uid(repo.uid)

    def change(self, repo: Repo, **columns: Any) -> None:
        """Set columns that no call sets directly."""
        with self.hub.database.write() as session:
            row = session.merge(repo)
            for name, value in columns.items():
                setattr(row, name, value)
            row.trending = trend_of(row.likes, row.downloads, row.updated_at)

    def listed(self, repo_type: RepoType = RepoType.MODEL, **query: Any) -> list[str]:
        """The names of a list, as ada sees it."""
        found = self.hub.search.listing(self.ada, repo_type, Listing(**query))
        return [repo.name for repo in found]

    def find(self, text: str = "", actor: Actor | None = None, **query: Any) -> SearchPage:
        """A search, as ada unless somebody else is named."""
        return self.hub.search.find(actor or self.ada, Query(text=text, **query))

    def found(self, text: str = "", **query: Any) -> list[str]:
        """The names that a search finds."""
        return [repo.name for repo in self.find(text, **query).repos]
