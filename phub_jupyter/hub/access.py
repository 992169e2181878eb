"""Who may do what: the one function that every door of the hub asks.

REST, git, LFS, Xet, inference and Spaces all go through `decide`; the search index uses
`visible_to`, which states the same rule for reading as SQL (a test holds the two together).

Rights of a person without a token (a Jupyter session) are those of the person; a token can only
narrow them. A hub administrator's extra power needs a session or a token of role ``admin``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum, auto

from sqlalchemy import ColumnElement, and_, false, or_, true

from phub_jupyter.errors import AuthenticationError, ForbiddenError, RepoNotFoundError
from phub_jupyter.hub.database.tables import Repo

__all__ = [
    "ANONYMOUS",
    "Action",
    "Actor",
    "Grant",
    "Verdict",
    "decide",
    "require",
    "require_namespace",
    "require_own",
    "visible_to",
]


class Action(IntEnum):
    """What somebody wants to do to a repository; each includes the ones before it."""

    READ = 1
    WRITE = 2
    ADMIN = 3  # settings, visibility, move, delete


class Verdict(Enum):
    """The answer: do it, refuse it, or behave as if the repository did not exist."""

    ALLOW = auto()
    DENY = auto()
    HIDE = auto()


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token adds to nothing: its role, and for fine-grained ones the rights by repo uid."""

    pk: int
    name: str
    role: str  # read | write | admin | fineGrained
    scopes: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def ceiling(self, repo: Repo) -> Action | None:
        """The most that this token lets its owner do to a repository; None means nothing."""
        if self.role != "fineGrained":
            return Action.READ if self.role == "read" else Action.ADMIN
        rights = self.scopes.get(repo.uid, frozenset())
        if "write" in rights:
            return Action.WRITE
        return Action.READ if "read" in rights else None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks. ``roles`` maps an organization's pk to the person's role in it.

    ``grant`` is None for a session of the person's own (a Jupyter login), which has no ceiling.
    ``sees_public`` is False for strangers to a hub that shows nothing without a login.
    """

    pk: int | None = None
    name: str | None = None
    is_admin: bool = False
    roles: Mapping[int, str] = field(default_factory=dict)
    grant: Grant | None = None
    sees_public: bool = True

    @property
    def is_anonymous(self) -> bool:
        """Nobody logged in."""
        return self.pk is None

    @property
    def is_hub_admin(self) -> bool:
        """May administer the whole hub right now, with these credentials."""
        return self.is_admin and (self.grant is None or self.grant.role == "admin")


ANONYMOUS = Actor()

_READING = frozenset({"read", "write"})
_ROLE_ACTIONS = {
    "read": Action.READ,
    "contributor": Action.READ,
    "write": Action.WRITE,
    "admin": Action.ADMIN,
}


def decide(actor: Actor, action: Action, repo: Repo) -> Verdict:
    """Answer whether ``actor`` may do ``action`` to ``repo``."""
    if actor.is_hub_admin:
        return Verdict.ALLOW
    own = _own_right(actor, repo)
    ceiling = Action.ADMIN if actor.grant is None else actor.grant.ceiling(repo)
    allowed = None if own is None or ceiling is None else min(own, ceiling)
    if allowed is None and not repo.private and actor.sees_public:
        allowed = Action.READ
    if allowed is None:
        return Verdict.HIDE
    return Verdict.ALLOW if action <= allowed else Verdict.DENY


def _own_right(actor: Actor, repo: Repo) -> Action | None:
    if actor.pk is None:
        return None
    if actor.pk == repo.namespace_pk:
        return Action.ADMIN
    role = actor.roles.get(repo.namespace_pk)
    if role is None:
        return None
    if role == "contributor" and actor.pk == repo.created_by:
        return Action.WRITE
    return _ROLE_ACTIONS[role]


def require(actor: Actor, action: Action, repo: Repo | None) -> Repo:
    """Return the repository if allowed; otherwise raise so that private equals missing.

    Raises RepoNotFoundError, ForbiddenError, or AuthenticationError for anonymous callers who
    asked for more than reading.
    """
    verdict = Verdict.HIDE if repo is None else decide(actor, action, repo)
    if repo is None or verdict is Verdict.HIDE:
        raise RepoNotFoundError("Repository not found, or you have no access to it.")
    if verdict is Verdict.DENY:
        if actor.is_anonymous:
            raise AuthenticationError("Log in: this needs a token with write access.")
        raise ForbiddenError(
            f"You do not have {action.name.lower()} access to {repo.namespace}/{repo.name} with "
            "these credentials; ask its owner, or use a token with the right role."
        )
    return repo


def require_namespace(actor: Actor, namespace_pk: int) -> None:
    """Raise unless ``actor`` may create repositories in that namespace."""
    if actor.is_anonymous:
        raise AuthenticationError("Log in to create a repository.")
    if actor.is_hub_admin:
        return
    if actor.grant is not None and actor.grant.role not in ("write", "admin"):
        raise ForbiddenError(f"A token of role '{actor.grant.role}' cannot create repositories.")
    member = actor.roles.get(namespace_pk) in ("contributor", "write", "admin")
    if actor.pk != namespace_pk and not member:
        raise ForbiddenError("You cannot create repositories in that namespace.")


def require_own(actor: Actor) -> int:
    """Return the key of the person who asks, if they may change what is theirs, such as a like.

    Raises AuthenticationError for nobody, ForbiddenError for a token that may only read.
    """
    if actor.pk is None:
        raise AuthenticationError("Log in: this needs a token with the role write.")
    if actor.grant is not None and actor.grant.role not in ("write", "admin"):
        raise ForbiddenError(f"A token of role '{actor.grant.role}' cannot change anything here.")
    return actor.pk


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """The rows of ``Repo`` that `decide` lets ``actor`` read, as a condition for a query."""
    if actor.is_hub_admin:
        return true()
    public = Repo.private.is_(False) if actor.sees_public else false()
    if actor.pk is None:
        return public
    own = Repo.namespace_pk.in_([actor.pk, *actor.roles])
    if actor.grant is None or actor.grant.role != "fineGrained":
        return or_(public, own)
    readable = [uid for uid, rights in actor.grant.scopes.items() if rights & _READING]
    return or_(public, and_(own, Repo.uid.in_(readable)))
