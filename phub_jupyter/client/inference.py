"""Calls the hub's Inference API, for programs that want the hub's own refusals as exceptions."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import requests

from phub_jupyter.client.answers import refusal
from phub_jupyter.errors import OverloadedError
from phub_jupyter.frames import Media

__all__ = ["call_model"]

_TRIES = 6
_TIMEOUT = 330  # seconds; longer than the hub's own patience with a model


def call_model(
    endpoint: str, token: str, repo_id: str, body: Mapping[str, Any], task: str | None = None
) -> Any:
    """The answer of a model, in its own task or another one: JSON, or `Media`.

    Waits and asks again while the hub says that it is overloaded.

    Raises the hub's refusal as the HubError it was there, and requests' own errors.
    """
    url = f"{endpoint}/models/{repo_id}" + (f"/pipeline/{task}" if task else "")
    attempt = 1
    while True:
        response = requests.post(
            url,
            json=dict(body),
            headers={"Authorization": f"Bearer {token}"},
            timeout=_TIMEOUT,
        )
        if response.ok:
            kind = response.headers.get("Content-Type", "")
            is_json = kind.startswith("application/json")
            return response.json() if is_json else Media(kind, response.content)
        error = refusal(response)
        if not isinstance(error, OverloadedError) or attempt == _TRIES:
            raise error
        time.sleep(error.retry_after)
        attempt += 1
