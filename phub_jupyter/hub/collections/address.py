"""The address of a collection: its owner, its title in plain letters, and its immutable id."""

from __future__ import annotations

import re
import unicodedata

from phub_jupyter.errors import NotFoundError

__all__ = ["missing", "slug_of", "uid_in"]

_UID = re.compile(r"(?:.*[-/])?([0-9a-f]{24})", re.ASCII | re.DOTALL)
_LONGEST_TITLE = 60


def slug_of(owner: str, title: str, uid: str) -> str:
    """What clients call a collection; a new title changes it, and the old one still leads there."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = "-".join(re.findall(r"[a-z0-9]+", plain))[:_LONGEST_TITLE].strip("-")
    return f"{owner}/{words}-{uid}" if words else f"{owner}/{uid}"


def uid_in(slug: str) -> str:
    """The id at the end of an address. Raises NotFoundError for what is no address."""
    found = _UID.fullmatch(slug)
    if found is None:
        raise missing()
    return found[1]


def missing() -> NotFoundError:
    """What people hear of collections that are not there, or not for them."""
    return NotFoundError("Collection not found, or you have no access to it.")
