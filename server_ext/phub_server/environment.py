"""What kernels and terminals of an embedded hub find in their environment."""

from __future__ import annotations

import os
from collections.abc import Mapping

__all__ = ["KernelEnvironment", "hub_variables"]


def hub_variables(endpoint: str, token: str) -> dict[str, str]:
    """The variables with which unmodified clients use the hub, and send its token nowhere else.

    transformers would otherwise post the token to a public service that converts weights.
    """
    return {
        "HF_ENDPOINT": endpoint,
        "HF_TOKEN": token,
        "PHUB_ENDPOINT": endpoint,
        "PHUB_TOKEN": token,
        "DISABLE_SAFETENSORS_CONVERSION": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_XET_TELEMETRY_ENABLED": "0",
    }


class KernelEnvironment:
    """Variables set in this server's environment, from which kernels and terminals inherit.

    A variable that the person set is left alone.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._ours = {key: value for key, value in variables.items() if key not in os.environ}
        os.environ.update(self._ours)

    def restore(self) -> None:
        """Take back what was set, unless somebody changed it since."""
        for key, value in self._ours.items():
            if os.environ.get(key) == value:
                del os.environ[key]
