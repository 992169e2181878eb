"""``%phub publish``: make an app of a notebook and say where it is."""

from __future__ import annotations

import argparse
from html import escape
from pathlib import Path
from typing import Any

from phub_jupyter.client.publish import Publication, publish_notebook, start_space
from phub_magics.arguments import repo_id
from phub_magics.connection import Connection

__all__ = ["PublishedSpace", "add_arguments", "run"]

MIME_TYPE = "application/vnd.phub.space+json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``%phub publish`` takes."""
    parser.add_argument("path", type=Path, metavar="PATH", help="the notebook, saved")
    parser.add_argument("--space", type=repo_id, required=True, help="Space, as namespace/name")
    parser.add_argument(
        "--model",
        type=repo_id,
        action="append",
        default=[],
        help="a model that the app uses; those quoted in the notebook are found by themselves",
    )
    parser.add_argument("--title", help="the app's title (default: made from the Space's name)")
    parser.add_argument(
        "--private", action="store_true", help="show the app only to who may read the Space"
    )
    parser.add_argument(
        "--include",
        action="append",
        default=[],
        metavar="PATTERN",
        help="further files beside the notebook, for example 'images/*.png'",
    )


def run(args: argparse.Namespace, shell: Any) -> PublishedSpace:
    """Publish, start the app and answer with its addresses."""
    connection = Connection.from_environment()
    endpoint, token = connection.endpoint, connection.token
    publication = publish_notebook(
        args.path.expanduser(),
        args.space,
        endpoint=endpoint,
        token=token,
        models=args.model,
        title=args.title,
        private=args.private,
        include=args.include,
    )
    started = start_space(publication.space, endpoint=endpoint, token=token)
    return PublishedSpace(publication, started["stage"], started["message"])


class PublishedSpace:
    """A published Space; a notebook shows it as two links."""

    def __init__(self, publication: Publication, stage: str, message: str | None) -> None:
        self.space = publication.space
        self.url = publication.url
        self.app_url = publication.app_url
        self.commit = publication.commit
        self.models = list(publication.models)
        self.stage = stage
        self.message = message

    def __repr__(self) -> str:
        trouble = f"\n{self.message}" if self.message else ""
        return f"{self.space} is {self.stage}: {self.app_url}{trouble}"

    def _repr_mimebundle_(self, **_options: Any) -> dict[str, Any]:
        return {"text/plain": repr(self), "text/html": self._html(), MIME_TYPE: vars(self)}

    def _html(self) -> str:
        trouble = f"<pre>{escape(self.message)}</pre>" if self.message else ""
        models = ", ".join(f"<code>{escape(name)}</code>" for name in self.models)
        return (
            f"<p><strong>{escape(self.space)}</strong> is {escape(self.stage)}. "
            f'<a href="{escape(self.app_url)}" target="_blank" rel="noopener">Open the app</a>'
            f"{f' It may read {models}.' if models else ''}</p>{trouble}"
        )
