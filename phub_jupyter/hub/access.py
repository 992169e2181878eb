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

from phub_jupyter.errors import (
    AuthenticationError,
    ForbiddenError,
    GatedRepoError,
    RepoNotFoundError,
)
from phub_jupyter.hub.database.tables import Repo

__all__ = [
    "ANONYMOUS",
    "Action",
    "Actor",
    "Grant",
    "Verdict",
    "decide",
    "require",
    "require_hub_admin",
    "require_namespace",
    "require_organization",
    "require_own",
    "visible_to",
]


class Action(IntEnum):
    """What somebody wants to do to a repository; each includes the ones before it."""

    VISIT = 0  # open the app of a Space; all that a protected one lets everybody do
    READ = 1  # see it: card data, tree, history, discussions
    CONTENT = 2  # read the files; of a gated repository only for people who were let in
    PROPOSE = 3  # discuss, and propose changes by a pull request
    WRITE = 4
    ADMIN = 5  # settings, visibility, move, delete


class Verdict(Enum):
    """The answer: do it, refuse it, act as if there were no such repository, or ask to get in."""

    ALLOW = auto()
    DENY = auto()
    HIDE = auto()
    GATE = auto()


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token leaves of its owner's rights.

    A fine-grained one leaves nothing but its rights by the uid of a repository in ``scopes`` and
    by the pk of whatever owns it in ``namespaces``: read, write, and for apps create and manage.
    ``uid`` is no other token's, ever; a ``pk`` may be given to another one when the token is gone.
    """

    pk: int
    uid: str
    name: str
    role: str  # read | write | admin | fineGrained
    scopes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    namespaces: Mapping[int, frozenset[str]] = field(default_factory=dict)
    reads_gated: bool = True

    def ceiling(self, repo: Repo) -> Action | None:
        """The most that this token lets its owner do to a repository; None means nothing."""
        if self.role != "fineGrained":
            return Action.CONTENT if self.role == "read" else Action.ADMIN
        nothing: frozenset[str] = frozenset()
        rights = self.scopes.get(repo.uid, nothing) | self.namespaces.get(
            repo.namespace_pk, nothing
        )
        if "manage" in rights:
            return Action.ADMIN
        if "write" in rights:
            return Action.WRITE
        return Action.CONTENT if "read" in rights else None

    def creates_in(self, namespace_pk: int) -> bool:
        """Whether its owner may create repositories there with it."""
        return self.changes or "create" in self.namespaces.get(namespace_pk, ())

    @property
    def changes(self) -> bool:
        """Whether it may change what is its owner's, and take part in what is public."""
        return self.role in ("write", "admin")


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks. ``roles`` maps an organization's pk to the person's role in it, ``groups`` the same
    for resource groups; ``admitted`` are the gated repositories whose files they may read.

    ``grant`` is None for a session of the person's own (a Jupyter login), which has no ceiling.
    ``sees_public`` is False for strangers to a hub that shows nothing without a login.
    """

    pk: int | None = None
    name: str | None = None
    is_admin: bool = False
    roles: Mapping[int, str] = field(default_factory=dict)
    groups: Mapping[int, str] = field(default_factory=dict)
    admitted: frozenset[int] = frozenset()
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

_GATED = (
    "Access to model {id} is restricted and you are not in the authorized list. Ask for access on "
    "its page, or ask its owner."
)

_READING = frozenset({"read", "write"})
_ROLE_ACTIONS = {
    "read": Action.PROPOSE,
    "contributor": Action.PROPOSE,
    "write": Action.WRITE,
    "admin": Action.ADMIN,
}


def decide(actor: Actor, action: Action, repo: Repo) -> Verdict:
    """Answer whether ``actor`` may do ``action`` to ``repo``."""
    if actor.is_hub_admin:
        return Verdict.ALLOW
    own = _own_right(actor, repo)
    ceiling = Action.ADMIN if actor.grant is None else actor.grant.ceiling(repo)
    rights = [_public_right(actor, repo)]
    if own is not None and ceiling is not None:
        rights.append(min(own, ceiling))
    allowed = max((right for right in rights if right is not None), default=None)
    if allowed is not None and action <= allowed:
        return Verdict.ALLOW
    if allowed is None or allowed is Action.VISIT:  # whoever only visits learns nothing more
        return Verdict.HIDE
    gated = allowed is Action.READ and action in (Action.CONTENT, Action.PROPOSE)
    return Verdict.GATE if gated else Verdict.DENY


def _public_right(actor: Actor, repo: Repo) -> Action | None:
    """What everybody may do, or everybody with this kind of credentials."""
    if not actor.sees_public:
        return None
    if repo.private:
        return Action.VISIT if repo.protected else None
    grant = actor.grant
    if repo.gated is not None:
        admitted = repo.pk in actor.admitted and (grant is None or grant.reads_gated)
        if not admitted:
            return Action.READ
    if actor.is_anonymous or not (grant is None or grant.changes):
        return Action.CONTENT
    return Action.PROPOSE


def _own_right(actor: Actor, repo: Repo) -> Action | None:
    if actor.pk is None:
        return None
    if actor.pk == repo.namespace_pk:
        return Action.ADMIN
    role = actor.roles.get(repo.namespace_pk)
    if repo.resource_group_pk is not None and role is not None and role != "admin":
        role = actor.groups.get(repo.resource_group_pk)
    if role is None:
        return None
    if role == "contributor" and actor.pk == repo.created_by:
        return Action.WRITE
    return _ROLE_ACTIONS[role]


def require(actor: Actor, action: Action, repo: Repo | None) -> Repo:
    """Return the repository if allowed; otherwise raise so that private equals missing.

    Raises RepoNotFoundError, GatedRepoError, ForbiddenError, or AuthenticationError for anonymous
    callers who asked for more than reading.
    """
    verdict = Verdict.HIDE if repo is None else decide(actor, action, repo)
    if repo is None or verdict is Verdict.HIDE:
        raise RepoNotFoundError("Repository not found, or you have no access to it.")
    if verdict is Verdict.GATE:
        raise GatedRepoError(_GATED.format(id=f"{repo.namespace}/{repo.name}"))
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
    if actor.grant is not None and not actor.grant.creates_in(namespace_pk):
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
    if actor.grant is not None and not actor.grant.changes:
        raise ForbiddenError(f"A token of role '{actor.grant.role}' cannot change anything here.")
    return actor.pk


def require_hub_admin(actor: Actor) -> None:
    """Raise unless ``actor`` may administer the whole hub."""
    if actor.is_anonymous:
        raise AuthenticationError("Log in: this is for administrators of the hub.")
    if not actor.is_hub_admin:
        raise ForbiddenError(
            "Only administrators of the hub may do this, with a token of the role admin."
        )


def require_organization(actor: Actor, org_pk: int) -> None:
    """Raise unless ``actor`` may manage the members and groups of that organization."""
    if actor.is_hub_admin:
        return
    require_own(actor)
    if actor.roles.get(org_pk) != "admin":
        raise ForbiddenError("Only administrators of the organization may do this; ask one.")


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """The rows of ``Repo`` that `decide` lets ``actor`` read, as a condition for a query."""
    if actor.is_hub_admin:
        return true()
    public = Repo.private.is_(False) if actor.sees_public else false()
    if actor.pk is None:
        return public
    own = _own_rows(actor)
    if actor.grant is None or actor.grant.role != "fineGrained":
        return or_(public, own)
    grant = actor.grant
    readable = [uid for uid, rights in grant.scopes.items() if rights & _READING]
    owners = [pk for pk, rights in grant.namespaces.items() if rights & _READING]
    return or_(public, and_(own, or_(Repo.uid.in_(readable), Repo.namespace_pk.in_(owners))))


def _own_rows(actor: Actor) -> ColumnElement[bool]:
    everything = [pk for pk, role in actor.roles.items() if role == "admin"]
    return or_(
        Repo.namespace_pk.in_([actor.pk, *everything]),
        and_(
            Repo.namespace_pk.in_(list(actor.roles)),
            or_(Repo.resource_group_pk.is_(None), Repo.resource_group_pk.in_(list(actor.groups))),
        ),
    )
