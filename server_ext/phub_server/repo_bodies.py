"""What bodies say about a repository that is to be made or changed, in all clients' words."""

from __future__ import annotations

import re
from typing import Any

from phub_jupyter.errors import InvalidRequestError, NotSupportedError
from phub_jupyter.hub.spaces.environment import SpaceEnvironment
from phub_jupyter.identifiers import RepoType

__all__ = [
    "HARDWARE",
    "check_hardware",
    "group_of",
    "private_of",
    "protected_of",
    "refuse_unbuilt",
    "space_environment",
]

HARDWARE = "local"
"""The one kind of hardware: the machine of the hub itself."""

_DEFAULTS = (HARDWARE, "cpu-basic")  # the second is what clients ask for who want nothing special
_UID = re.compile(r"[0-9a-f]{24}")
_OF_SPACES = ("secrets", "variables", "hardware", "sleepTimeSeconds")


def private_of(body: dict[str, Any], repo_type: RepoType) -> bool | None:
    """Whether a body asks for a private repository; None if it does not say."""
    visibility, private = body.get("visibility"), body.get("private")
    if protected_of(body) and repo_type is not RepoType.SPACE:
        raise InvalidRequestError(
            f"visibility: a {repo_type} has no app that could be open to everybody, so it cannot "
            "be protected; use public or private."
        )
    if visibility is not None:
        if visibility not in ("public", "private", "protected"):
            raise InvalidRequestError(f"visibility: '{visibility}' is not public or private.")
        return bool(visibility != "public")
    if private is not None and not isinstance(private, bool):
        raise InvalidRequestError("private: send true or false.")
    return private


def protected_of(body: dict[str, Any]) -> bool:
    """Whether a body asks for a Space of which everybody may visit the app, and see no more."""
    return body.get("visibility") == "protected"


def group_of(body: dict[str, Any]) -> str | None:
    """The uid of the resource group that a body names."""
    group = body.get("resourceGroupId")
    if not group:
        return None
    if not isinstance(group, str) or not _UID.fullmatch(group):
        raise InvalidRequestError("resourceGroupId: send the id of a resource group.")
    return group


def refuse_unbuilt(body: dict[str, Any], built: frozenset[str]) -> None:
    """Refuse what a body asks for beyond ``built``; asking for nothing (null, false) is fine."""
    for key, value in body.items():
        if key not in built and value:
            raise NotSupportedError(f"{key}: not built yet in this hub; nothing was changed.")


def check_hardware(flavor: Any) -> None:
    """Refuse hardware that the hub does not have."""
    if not isinstance(flavor, str):
        raise InvalidRequestError("hardware: send the name of the hardware.")
    if flavor not in _DEFAULTS:
        raise NotSupportedError(
            f"hardware: this hub runs Spaces on its own machine ('{HARDWARE}'), not on '{flavor}'; "
            "nothing was changed."
        )


def space_environment(
    body: dict[str, Any], repo_type: RepoType, given: SpaceEnvironment
) -> SpaceEnvironment:
    """``given`` with what a body adds for a new Space. Raises for what the hub cannot give."""
    asked = [key for key in _OF_SPACES if body.get(key)]
    if asked and repo_type is not RepoType.SPACE:
        raise InvalidRequestError(f"{asked[0]}: only a Space has that; a {repo_type} does not.")
    if body.get("hardware") is not None:
        check_hardware(body["hardware"])
    if body.get("sleepTimeSeconds") is not None:
        given = given.sleeping_after(body["sleepTimeSeconds"])
    given = given.put_all("variables", body.get("variables") or [])
    return given.put_all("secrets", body.get("secrets") or [])
