"""What an app may ask a person for, in words, and what its token may then do to repositories."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.database.tables import Member, Namespace

__all__ = ["SCOPES", "parse_scopes", "rights_of"]

SCOPES = {
    "openid": "know who you are",
    "profile": "see your name, your profile and your organizations",
    "email": "see your e-mail address",
    "offline_access": "stay signed in while you are away",
    "inference-api": "ask models on your behalf",
    "gated-repos": "read gated repositories that you were let in to",
    "read-repos": "read your repositories and those of your organizations, private ones too",
    "contribute-repos": "create repositories for you, and change those that it created",
    "write-repos": "read and change the files of your repositories and of your organizations",
    "manage-repos": "create, change, delete and configure your repositories and those of your "
    "organizations",
}
"""Every scope, with the words of the consent page: "This app wants to ..."."""

_RIGHTS = {
    "read-repos": ("read",),
    "contribute-repos": ("create",),
    "write-repos": ("read", "write"),
    "manage-repos": ("read", "write", "create", "manage"),
}


def parse_scopes(wanted: str | Iterable[str]) -> list[str]:
    """The scopes of a list, or of a text with spaces, each once, in the order of `SCOPES`.

    Raises InvalidRequestError that names what there is.
    """
    words = set(wanted.split() if isinstance(wanted, str) else wanted)
    unknown = sorted(words - SCOPES.keys())
    if unknown:
        raise InvalidRequestError(
            f"scope: there is no '{unknown[0][:64]}'; this hub has {', '.join(SCOPES)}."
        )
    return [name for name in SCOPES if name in words]


def rights_of(session: Session, person: Namespace, scopes: Iterable[str]) -> list[dict[str, Any]]:
    """The same as scopes of a fine-grained token: on the person's account and organizations.

    They only narrow what the person may do; who leaves an organization loses it here as well.
    """
    rights = sorted({right for scope in scopes for right in _RIGHTS.get(scope, ())})
    if not rights:
        return []
    orgs = select(Namespace).join(Member, Member.org_pk == Namespace.pk)
    accounts = [person, *session.scalars(orgs.where(Member.user_pk == person.pk))]
    return [
        {"type": account.kind, "id": account.uid, "namespace": account.pk, "rights": rights}
        for account in accounts
    ]
