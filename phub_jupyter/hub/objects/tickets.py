"""Signed claims that travel through clients: Xet access tokens, upload and download addresses."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from datetime import timedelta
from typing import Any

from phub_jupyter.errors import ForbiddenError

__all__ = ["Tickets"]

_NO_TIME = timedelta(0)


class Tickets:
    """Issues and opens tickets. A ticket for one purpose is worthless for any other."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def issue(self, purpose: str, claims: dict[str, Any], lifetime: timedelta) -> str:
        """Sign ``claims`` until ``lifetime`` from now; the text can stand in a URL or a header."""
        expires = int(time.time() + lifetime.total_seconds())
        body = _encode(json.dumps([expires, claims], separators=(",", ":")).encode())
        return f"{body}.{_encode(self._sign(purpose, body))}"

    def open(self, purpose: str, text: str, leeway: timedelta = _NO_TIME) -> dict[str, Any]:
        """Return the claims. Raises ForbiddenError if the ticket was not issued or is too old.

        ``leeway`` is how long after its end a ticket is still good, for clocks and long requests.
        """
        body, _, signature = text.partition(".")
        try:
            genuine = hmac.compare_digest(_decode(signature), self._sign(purpose, body))
        except ValueError:  # not even base64
            genuine = False
        if not genuine:
            raise ForbiddenError("The signature of this address or token is not valid.")
        expires, claims = json.loads(_decode(body))
        if time.time() > expires + leeway.total_seconds():
            raise ForbiddenError("This address or token has expired; ask for a new one.")
        return dict(claims)

    def _sign(self, purpose: str, body: str) -> bytes:
        key = hmac.digest(self._secret, purpose.encode(), hashlib.sha256)
        return hmac.digest(key, body.encode(), hashlib.sha256)


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(text.encode() + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
