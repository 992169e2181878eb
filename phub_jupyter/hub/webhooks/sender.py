"""Sends one message to one address, and waits for the first line of the answer."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from threading import Timer
from typing import Any

from phub_jupyter import __version__
from phub_jupyter.hub.webhooks.addresses import Target

__all__ = ["send"]

_TIMEOUT = 10.0


def send(target: Target, payload: Mapping[str, Any], secret: str | None) -> int:
    """POST the payload; returns the status of the answer, whose body nobody reads.

    Raises OSError or HTTPException when nothing like an answer comes within ten seconds.
    Redirects are not followed: they could lead inside the network.
    """
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"PrivateHub/{__version__}",
        "Host": target.host,
        "Connection": "close",
    }
    if secret is not None:
        headers["X-Webhook-Secret"] = secret
    connection = http.client.HTTPConnection(target.address, target.port, timeout=_TIMEOUT)
    connection.sock = _connect(target)
    # A receiver that sends a letter now and then would keep each single wait short.
    limit = Timer(_TIMEOUT, _cut, [connection.sock])
    limit.daemon = True
    limit.start()
    try:
        connection.request("POST", target.path, json.dumps(payload).encode(), headers)
        return connection.getresponse().status
    finally:
        limit.cancel()
        connection.close()


def _connect(target: Target) -> socket.socket:
    plain = socket.create_connection((target.address, target.port), _TIMEOUT)
    if not target.secure:
        return plain
    try:
        return ssl.create_default_context().wrap_socket(plain, server_hostname=target.name)
    except OSError:
        plain.close()
        raise


def _cut(connected: socket.socket) -> None:
    with suppress(OSError):  # it may be over already
        connected.shutdown(socket.SHUT_RDWR)
