"""What a Space is told that signs its visitors in with the hub (``hf_oauth: true``)."""

from __future__ import annotations

import os

from phub_jupyter.hub.apps.registry import Apps
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.spaces.settings import SpaceSettings

__all__ = ["CLIENT_SECRET", "sign_in_variables"]

CLIENT_SECRET = "OAUTH_CLIENT_SECRET"  # noqa: S105


def sign_in_variables(
    apps: Apps, repo: Repo, settings: SpaceSettings, endpoint: str
) -> dict[str, str]:
    """The variables, by the names that the public hub has for them; the secret is a new one.

    The address is the one that browsers know, where the administrator named it.
    """
    if settings.oauth_scopes is None:
        return {}
    client_id, secret = apps.for_space(repo, settings.oauth_scopes, settings.oauth_minutes)
    return {
        "OAUTH_CLIENT_ID": client_id,
        CLIENT_SECRET: secret,
        "OAUTH_SCOPES": " ".join(settings.oauth_scopes),
        "OPENID_PROVIDER_URL": (os.environ.get("PHUB_PUBLIC_URL") or endpoint).rstrip("/"),
    }
