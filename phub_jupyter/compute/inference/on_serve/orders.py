"""A call as the gateway gets it from the hub."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

__all__ = ["Order", "Revision"]


@dataclass(frozen=True, slots=True)
class Revision:
    """A commit of a repository, which the cluster knows by its uid and not by its name."""

    repo: str
    commit: str


@dataclass(frozen=True, slots=True)
class Order:
    """A task for a model. ``line`` is the branch that was asked for, None for an exact commit.

    ``ticket`` is a pass of the caller, with which replicas may fetch the files.
    """

    revision: Revision
    line: str | None
    task: str
    body: dict[str, Any]
    ticket: str = field(repr=False)

    @classmethod
    def from_frame(cls, frame: dict[str, Any]) -> Self:
        """What the hub has sent."""
        revision = Revision(frame["repo"], frame["commit"])
        return cls(revision, frame["line"], frame["task"], frame["body"], frame["pass"])
