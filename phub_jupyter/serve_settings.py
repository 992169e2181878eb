"""What an administrator chooses for models that run on a cluster; the hub and its gateway read it.

The hub reads the variables and hands them on as JSON: none of them is secret.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Self

from phub_jupyter.errors import InvalidRequestError

__all__ = ["ServeSettings"]

_PREFIX = "PHUB_SERVE_"
_MOST = 10**6
_FROM_ZERO = ("min_replicas", "gpus", "memory_gb", "old_seconds")


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """One model has ``min_replicas`` to ``max_replicas``, each with so many ``cpus`` and ``gpus``.

    ``address`` is the cluster's, as ``host:port``; ``endpoint`` the hub's as the cluster sees it.
    Replicas are added beyond ``target_ongoing_requests`` calls at a time for each. ``memory_gb`` is
    what one of them may use, 0 stands for half of its machine. A model that nobody called for
    ``idle_seconds`` gives its replicas back. After a new commit the old one may answer for
    ``old_seconds``.
    """

    address: str
    endpoint: str
    min_replicas: int = 0
    max_replicas: int = 4
    target_ongoing_requests: int = 16
    cpus: float = 1.0
    gpus: float = 0.0
    memory_gb: float = 0.0
    idle_seconds: int = 300
    old_seconds: int = 15

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self | None:
        """What the variables say, such as PHUB_SERVE_CPUS; None without PHUB_SERVE_ADDRESS.

        Raises InvalidRequestError.
        """
        address = environment.get(f"{_PREFIX}ADDRESS", "")
        if not address:
            return None
        host, _, port = address.rpartition(":")
        if not host or not port.isdecimal() or "/" in host:
            raise InvalidRequestError(
                f"{_PREFIX}ADDRESS: '{address}' is not the address of a Ray cluster such as "
                "127.0.0.1:6379 (that of `ray start`, not that of its dashboard)."
            )
        endpoint = environment.get(f"{_PREFIX}ENDPOINT", "").rstrip("/")
        if not endpoint.startswith(("http://", "https://")):
            raise InvalidRequestError(
                f"{_PREFIX}ENDPOINT: '{endpoint}' is not the hub's address as the cluster sees it, "
                "such as http://hub.internal:8080; replicas fetch the files of models there."
            )
        numbers = {
            field.name: _number(field.name, str(field.type), text)
            for field in fields(cls)[2:]
            if (text := environment.get(_PREFIX + field.name.upper(), ""))
        }
        settings = cls(address, endpoint, **numbers)  # type: ignore[arg-type]  # floats or ints
        if settings.min_replicas > settings.max_replicas:
            raise InvalidRequestError(
                f"{_PREFIX}MIN_REPLICAS: {settings.min_replicas} is more than "
                f"{_PREFIX}MAX_REPLICAS, which is {settings.max_replicas}."
            )
        return settings

    @classmethod
    def from_json(cls, text: str) -> Self:
        """What `to_json` wrote down."""
        return cls(**json.loads(text))

    def to_json(self) -> str:
        """All of it as a text."""
        return json.dumps(asdict(self))


def _number(name: str, kind: str, text: str) -> float:
    lowest = 0 if name in _FROM_ZERO else (1 if kind == "int" else 0.001)
    try:
        value = int(text) if kind == "int" else float(text)
    except ValueError:
        value = -1
    if not (text.isascii() and lowest <= value <= _MOST):
        word = "whole number" if kind == "int" else "number"
        raise InvalidRequestError(
            f"{_PREFIX}{name.upper()}: '{text}' is not a {word} from {lowest:g} to {_MOST}."
        )
    return value
