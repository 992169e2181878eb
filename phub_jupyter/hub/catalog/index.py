"""Keeps what the database knows about a repository's content in step with its branch ``main``."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.orm import Session

from phub_jupyter.errors import HubError
from phub_jupyter.hub.cards.front_matter import Card, listed
from phub_jupyter.hub.cards.tags import library_of, pipeline_tag_of, tags_of
from phub_jupyter.hub.catalog.content import Content, read_content
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import Repo, RepoTag
from phub_jupyter.hub.objects.large_files import LargeFiles
from phub_jupyter.hub.repos.git_repository import MAIN, GitRepository
from phub_jupyter.hub.repos.repositories import folder_of
from phub_jupyter.identifiers import RepoType

__all__ = ["CatalogIndex"]

_LOG = logging.getLogger("phub")


class CatalogIndex:
    """Reads cards and writes rows. Whatever it writes can be made again from the repositories."""

    def __init__(self, database: Database, large_files: LargeFiles, repos_folder: Path) -> None:
        self._database = database
        self._large_files = large_files
        self._folder = repos_folder

    def refresh(self, repo_pk: int) -> None:
        """Bring the row, the tags and the full text of one repository up to date."""
        while (repo := self._row(repo_pk)) is not None:
            content = read_content(self._git(repo), repo, self._large_files)
            if content.head == repo.head:
                return
            stored = self._large_files.usage(repo_pk)
            with self._database.write() as session:
                current = self._git(repo).find(MAIN) == content.head
                if current and session.get(Repo, repo_pk) is not None:
                    _write(session, repo, content, stored)
                    return
            # Somebody committed or deleted meanwhile: what was read must not replace what is newer.

    def _row(self, repo_pk: int) -> Repo | None:
        with self._database.read() as session:
            return session.get(Repo, repo_pk)

    def forget(self, session: Session, repo_pk: int) -> None:
        """Remove a repository's full text; the tags go with its row."""
        session.execute(text("DELETE FROM repo_text WHERE rowid = :pk"), {"pk": repo_pk})

    def catch_up(self) -> None:
        """Refresh all repositories whose branch moved without the index hearing of it."""
        for repo in self._behind():
            try:
                self.refresh(repo.pk)
            except HubError as error:  # one damaged repository must not keep the hub closed
                _LOG.error("%s/%s cannot be indexed: %s", repo.namespace, repo.name, error)

    def _behind(self) -> Iterator[Repo]:
        with self._database.read() as session:
            repos = session.scalars(select(Repo)).all()
        for repo in repos:
            try:
                head = self._git(repo).find(MAIN)
            except HubError as error:
                _LOG.error("%s/%s cannot be opened: %s", repo.namespace, repo.name, error)
                continue
            if head != repo.head:
                yield repo

    def _git(self, repo: Repo) -> GitRepository:
        return GitRepository(folder_of(self._folder, repo.uid))


def _write(session: Session, repo: Repo, content: Content, stored: int) -> None:
    repo_type = RepoType(repo.type)
    card, config = content.card.data, content.config
    tags = tags_of(repo_type, card, config, content.files)
    is_model = repo_type is RepoType.MODEL
    session.execute(
        update(Repo)
        .where(Repo.pk == repo.pk)
        .values(
            head=content.head,
            updated_at=max(repo.created_at, content.committed_at),
            card_data=card,
            config=config,
            pipeline_tag=pipeline_tag_of(card, config) if is_model else None,
            library_name=library_of(card, config, content.files) if is_model else None,
            license=next(iter(listed(card.get("license"))), None),
            sdk=next(iter(listed(card.get("sdk"))), repo.sdk),
            used_storage=stored + content.size,
            files=list(content.files),
            parameters=content.parameters,
            parameter_count=sum(content.parameters.values()) or None,
        )
    )
    session.execute(delete(RepoTag).where(RepoTag.repo_pk == repo.pk))
    if tags:
        session.execute(insert(RepoTag), [{"repo_pk": repo.pk, "tag": tag} for tag in tags])
    session.execute(text("DELETE FROM repo_text WHERE rowid = :pk"), {"pk": repo.pk})
    session.execute(
        text("INSERT INTO repo_text (rowid, repo_id, card, tags) VALUES (:pk, :id, :card, :tags)"),
        {
            "pk": repo.pk,
            "id": f"{repo.namespace} {repo.name} {_title(content.card)}",
            "card": content.card.text,
            "tags": " ".join(tags),
        },
    )


def _title(card: Card) -> str:
    title = card.data.get("title") or card.data.get("pretty_name")
    return title if isinstance(title, str) else ""
