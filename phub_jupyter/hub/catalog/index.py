"""Keeps what the database knows about a repository's content in step with its branch ``main``."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from phub_jupyter.errors import HubError
from phub_jupyter.hub.cards.front_matter import listed
from phub_jupyter.hub.cards.tags import library_of, pipeline_tag_of, tags_of
from phub_jupyter.hub.catalog.content import Content, read_content
from phub_jupyter.hub.catalog.full_text import FullText, RepoText
from phub_jupyter.hub.catalog.trending import trend_of
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import CardLink, Repo, RepoTag
from phub_jupyter.hub.evaluations.reading import replace_rows
from phub_jupyter.hub.evaluations.signatures import Signatures
from phub_jupyter.hub.objects.large_files import LargeFiles
from phub_jupyter.hub.repos.git_repository import MAIN, GitRepository
from phub_jupyter.hub.repos.repositories import folder_of
from phub_jupyter.identifiers import RepoType

__all__ = ["CatalogIndex"]

_LOG = logging.getLogger("phub")


class CatalogIndex:
    """Reads cards and writes rows. Whatever it writes can be made again from the repositories."""

    def __init__(
        self,
        database: Database,
        large_files: LargeFiles,
        repos_folder: Path,
        full_text: FullText,
        signatures: Signatures,
    ) -> None:
        self._database = database
        self._full_text = full_text
        self._large_files = large_files
        self._signatures = signatures
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
                    self._write(session, repo, content, stored)
                    return
            # Somebody committed or deleted meanwhile: what was read must not replace what is newer.

    def _row(self, repo_pk: int) -> Repo | None:
        with self._database.read() as session:
            return session.get(Repo, repo_pk)

    def forget(self, session: Session, repo_pk: int) -> None:
        """Remove a repository's full text; the tags go with its row."""
        self._full_text.forget(session, repo_pk)

    def rename(self, session: Session, repo: Repo) -> None:
        """Find a repository, whose row has been changed, by its new name."""
        name = f"{repo.namespace}/{repo.name}"
        self._full_text.rename(session, repo.pk, name, _title(repo.card_data))
        self._full_text.learn(session, [repo.namespace])

    def catch_up(self) -> None:
        """Refresh all repositories whose branch moved without the index hearing of it."""
        for repo in self._behind():
            try:
                self.refresh(repo.pk)
            except HubError as error:  # one damaged repository must not keep the hub closed
                _LOG.error("%s/%s cannot be indexed: %s", repo.namespace, repo.name, error)

    def _behind(self) -> Iterator[Repo]:
        with self._database.read() as session:
            repos = session.scalars(select(Repo).where(Repo.type != RepoType.BUCKET.value)).all()
        for repo in repos:
            try:
                head = self._git(repo).find(MAIN)
            except HubError as error:
                _LOG.error("%s/%s cannot be opened: %s", repo.namespace, repo.name, error)
                continue
            if head != repo.head:
                yield repo

    def _write(self, session: Session, repo: Repo, content: Content, stored: int) -> None:
        card = content.card.data
        tags = tags_of(RepoType(repo.type), card, content.config, content.files)
        # Likes and downloads are read inside the transaction: they count for the trend.
        row = session.get_one(Repo, repo.pk)
        columns = _columns(row, content, stored)
        session.execute(update(Repo).where(Repo.pk == repo.pk).values(columns))
        _replace_tags(session, repo.pk, tags)
        _replace_links(session, repo.pk, card if repo.type == RepoType.SPACE else {})
        replace_rows(session, repo.pk, repo.uid, content.results, self._signatures)
        text = RepoText(
            name=f"{row.namespace}/{row.name}",
            title=_title(card),
            card=content.card.text,
            tags=tuple(tags),
        )
        self._full_text.write(session, repo.pk, text)
        self._full_text.learn(session, [row.namespace, *tags])

    def _git(self, repo: Repo) -> GitRepository:
        return GitRepository(folder_of(self._folder, repo.uid))


def _columns(repo: Repo, content: Content, stored: int) -> dict[str, Any]:
    card, config = content.card.data, content.config
    updated_at = max(repo.created_at, content.committed_at)
    is_model = repo.type == RepoType.MODEL
    return {
        "head": content.head,
        "updated_at": updated_at,
        "trending": trend_of(repo.likes, repo.downloads, updated_at),
        "card_data": card,
        "config": config,
        "pipeline_tag": pipeline_tag_of(card, config) if is_model else None,
        "library_name": library_of(card, config, content.files) if is_model else None,
        "license": next(iter(listed(card.get("license"))), None),
        "sdk": next(iter(listed(card.get("sdk"))), repo.sdk),
        "used_storage": stored + content.size,
        "files": list(content.files),
        "parameters": content.parameters,
        "parameter_count": sum(content.parameters.values()) or None,
    }


def _replace_tags(session: Session, repo_pk: int, tags: list[str]) -> None:
    session.execute(delete(RepoTag).where(RepoTag.repo_pk == repo_pk))
    if tags:
        rows = [{"repo_pk": repo_pk, "tag": tag, "place": at} for at, tag in enumerate(tags)]
        session.execute(insert(RepoTag), rows)


def _replace_links(session: Session, repo_pk: int, card: dict[str, Any]) -> None:
    targets = {
        f"{kind}/{name.lower()}"[:255]
        for kind in ("models", "datasets")
        for name in listed(card.get(kind))
    }
    session.execute(delete(CardLink).where(CardLink.repo_pk == repo_pk))
    if targets:
        rows = [{"repo_pk": repo_pk, "target": target} for target in sorted(targets)]
        session.execute(insert(CardLink), rows)


def _title(card: dict[str, Any]) -> str:
    title = card.get("title") or card.get("pretty_name")
    return title if isinstance(title, str) else ""
