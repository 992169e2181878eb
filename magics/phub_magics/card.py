"""Renews the card of a model on the hub without touching what people wrote there."""

from __future__ import annotations

import json
from pathlib import Path

from phub_jupyter.compute.training.card_parts import Card, Written
from phub_magics.connection import Connection
from phub_magics.sources import quiet_downloads

__all__ = ["renew_card"]

_CARD = "README.md"
_WRITTEN = "phub_card.json"


def renew_card(
    connection: Connection, card: Card, folder: Path, repo_id: str, revision: str | None
) -> None:
    """Write into ``folder`` the README.md, and what the machine wrote of it, for the next push."""
    before = Written.from_json(_json(_text(connection, repo_id, _WRITTEN, revision)))
    theirs = _text(connection, repo_id, _CARD, revision)
    (folder / _CARD).write_text(card.merged_into(theirs, before), "utf-8")
    (folder / _WRITTEN).write_text(json.dumps(card.written.as_json(), indent=2) + "\n", "utf-8")


def _text(connection: Connection, repo_id: str, path: str, revision: str | None) -> str:
    """A text of a repository; empty where there is none."""
    from huggingface_hub.errors import EntryNotFoundError

    with quiet_downloads():
        try:
            found = connection.api.hf_hub_download(repo_id, path, revision=revision)
        except EntryNotFoundError:
            return ""
    return Path(found).read_text("utf-8", "replace")


def _json(text: str) -> object:
    try:
        found: object = json.loads(text)
    except ValueError:
        return None
    return found
