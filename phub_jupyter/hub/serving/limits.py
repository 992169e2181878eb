"""How much may be asked of the models of a hub at a time, and for how long a call may take."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields

from phub_jupyter.errors import InvalidRequestError

__all__ = ["ServingLimits"]

_PREFIX = "PHUB_INFERENCE_"


@dataclass(frozen=True, slots=True)
class ServingLimits:
    """Calls under way at a time: of all models, of one model, of one caller.

    ``seconds`` is the longest that a call waits for its answer, or for the next piece of it.
    """

    calls: int = 256
    calls_per_model: int = 192
    calls_per_caller: int = 32
    seconds: int = 120

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> ServingLimits:
        """What the variables say, such as PHUB_INFERENCE_SECONDS. Raises InvalidRequestError."""
        found = {}
        for field in fields(cls):
            name = _PREFIX + field.name.upper()
            text = environment.get(name, "")
            if not text:
                continue
            if not (text.isascii() and text.isdecimal() and 0 < int(text) < 10**6):
                raise InvalidRequestError(
                    f"{name}: '{text}' is not a whole number from 1 to 999999."
                )
            found[field.name] = int(text)
        return cls(**found)
