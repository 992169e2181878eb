"""Notebooks that a new Space can begin with, for those who do not want to begin with nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from phub_jupyter.errors import InvalidRequestError

__all__ = ["TEMPLATES", "Template"]

_FILES = Path(__file__).with_name("template_files")
_NAMESPACE = "templates"  # of names in create requests; no repository is read


@dataclass(frozen=True, slots=True)
class Template:
    """A card and a notebook; ``prefers_private`` if what it shows is seldom for everybody."""

    name: str
    folder: str
    prefers_private: bool

    @property
    def repo_id(self) -> str:
        """What a request that makes a Space calls it."""
        return f"{_NAMESPACE}/{self.folder}"

    def files(self) -> dict[str, bytes]:
        """The files of the new Space by path."""
        folder = _FILES / self.folder
        return {name: (folder / name).read_bytes() for name in ("README.md", "app.ipynb")}

    @staticmethod
    def named(repo_id: object) -> Template:
        """The template of that id. Raises InvalidRequestError naming those that there are."""
        for template in TEMPLATES:
            if template.repo_id == repo_id:
                return template
        known = ", ".join(template.repo_id for template in TEMPLATES)
        raise InvalidRequestError(f"template: this hub has {known}; send one of these.")


TEMPLATES = (
    Template("Ask a model", "ask-a-model", prefers_private=False),
    Template("Table of a dataset", "dataset-table", prefers_private=True),
)
"""All templates, in the order in which they are listed."""
