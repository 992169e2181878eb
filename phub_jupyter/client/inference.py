"""Calls the hub's Inference API, for programs that want the hub's own refusals as exceptions."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import requests

from phub_jupyter.client.answers import refusal
from phub_jupyter.errors import OverloadedError

__all__ = ["call_model", "classify_texts"]

_TEXTS_PER_CALL = 256
_TRIES = 6
_TIMEOUT = 330  # seconds; longer than the hub's own patience with a model


def classify_texts(
    endpoint: str, token: str, repo_id: str, texts: Sequence[str], parameters: Mapping[str, Any]
) -> list[list[dict[str, Any]]]:
    """The labels with scores of each text, best first; long lists go in several calls."""
    answers: list[list[dict[str, Any]]] = []
    for start in range(0, len(texts), _TEXTS_PER_CALL):
        part = list(texts[start : start + _TEXTS_PER_CALL])
        answers += call_model(endpoint, token, repo_id, part, parameters)
    return answers


def call_model(
    endpoint: str, token: str, repo_id: str, inputs: Any, parameters: Mapping[str, Any]
) -> Any:
    """The answer of a model. Waits and asks again while the hub says that it is overloaded.

    Raises the hub's refusal as the HubError it was there, and requests' own errors.
    """
    attempt = 1
    while True:
        response = requests.post(
            f"{endpoint}/models/{repo_id}",
            json={"inputs": inputs, "parameters": dict(parameters)},
            headers={"Authorization": f"Bearer {token}"},
            timeout=_TIMEOUT,
        )
        if response.ok:
            return response.json()
        error = refusal(response)
        if not isinstance(error, OverloadedError) or attempt == _TRIES:
            raise error
        time.sleep(error.retry_after)
        attempt += 1
