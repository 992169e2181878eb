"""What a hub's answer to a plain HTTP call means."""

from __future__ import annotations

from typing import Any

import requests

from phub_jupyter.errors import HubError
from phub_jupyter.frames import error_from_json

__all__ = ["json_answer", "refusal"]


def json_answer(answer: requests.Response) -> Any:
    """The JSON of an answer. Raises the hub's refusal as the HubError it was there."""
    if answer.ok:
        return answer.json()
    raise refusal(answer)


def refusal(answer: requests.Response) -> HubError:
    """The refusal that an answer carries, in the hub's own words."""
    try:
        message = str(answer.json()["error"])
    except (ValueError, KeyError, TypeError):
        message = f"The hub answered {answer.status_code} {answer.reason}."
    retry_after = answer.headers.get("Retry-After", "")
    return error_from_json(
        {
            "code": answer.headers.get("X-Error-Code", ""),
            "message": message,
            "retry_after": int(retry_after) if retry_after.isdecimal() else 1,
        }
    )
