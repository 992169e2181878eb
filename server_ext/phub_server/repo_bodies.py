"""What bodies say about a repository that is to be made or changed, in all clients' words."""

from __future__ import annotations

import re
from typing import Any

from phub_jupyter.errors import InvalidRequestError, NotSupportedError
from phub_jupyter.hub.spaces.environment import SpaceEnvironment
from phub_jupyter.hub.spaces.hardware import Hardware
from phub_jupyter.hub.spaces.settings import SDK
from phub_jupyter.hub.spaces.templates import Template
from phub_jupyter.identifiers import RepoType

__all__ = [
    "TEMPLATE_SDK",
    "group_of",
    "private_of",
    "protected_of",
    "refuse_unbuilt",
    "space_environment",
    "template_of",
]

TEMPLATE_SDK = "static"
"""What templates say that they are: clients make no Space of a kind that they do not know."""

_UID = re.compile(r"[0-9a-f]{24}")
_OF_SPACES = ("secrets", "variables", "hardware", "sleepTimeSeconds", "volumes")


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


def template_of(body: dict[str, Any], repo_type: RepoType) -> Template | None:
    """The template that a body names for a new Space. Raises InvalidRequestError."""
    name = body.get("template")
    if name is None:
        return None
    if repo_type is not RepoType.SPACE:
        raise InvalidRequestError(f"template: only a Space has that; a {repo_type} does not.")
    if body.get("sdk") not in (None, SDK, TEMPLATE_SDK):
        raise InvalidRequestError(
            f"sdk: the templates are notebooks; send '{TEMPLATE_SDK}' or '{SDK}' with a template."
        )
    return Template.named(name)


def space_environment(
    body: dict[str, Any], repo_type: RepoType, given: SpaceEnvironment, hardware: Hardware
) -> SpaceEnvironment:
    """``given`` with what a body adds for a new Space. Raises for what the hub cannot give."""
    asked = [key for key in _OF_SPACES if body.get(key)]
    if asked and repo_type is not RepoType.SPACE:
        raise InvalidRequestError(f"{asked[0]}: only a Space has that; a {repo_type} does not.")
    if body.get("hardware") is not None:
        given = given.running_on(hardware.named(body["hardware"]).name)
    if body.get("sleepTimeSeconds") is not None:
        given = given.sleeping_after(body["sleepTimeSeconds"])
    given = given.put_all("variables", body.get("variables") or [])
    return given.put_all("secrets", body.get("secrets") or [])
