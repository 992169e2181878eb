"""Which hub the notebook speaks to, and as whom."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from phub_jupyter.errors import AuthenticationError, InvalidRequestError

if TYPE_CHECKING:
    from huggingface_hub import HfApi

__all__ = ["Connection"]


@dataclass(frozen=True, slots=True)
class Connection:
    """The hub's address without trailing slash, and the token to show it."""

    endpoint: str
    token: str = field(repr=False)

    @classmethod
    def from_environment(cls) -> Connection:
        """Read ``PHUB_ENDPOINT`` and ``PHUB_TOKEN``, else ``HF_ENDPOINT`` and ``HF_TOKEN``.

        Raises InvalidRequestError or AuthenticationError naming the missing variable.
        """
        endpoint = os.environ.get("PHUB_ENDPOINT") or os.environ.get("HF_ENDPOINT")
        token = os.environ.get("PHUB_TOKEN") or os.environ.get("HF_TOKEN")
        if not endpoint:
            raise InvalidRequestError(
                "PHUB_ENDPOINT: no hub is configured; start the notebook from a JupyterLab that "
                "has Private Hub, or set PHUB_ENDPOINT to the address of the hub."
            )
        if not token:
            raise AuthenticationError(
                "PHUB_TOKEN: no token is set; create one with 'phub token add' and set PHUB_TOKEN."
            )
        return cls(endpoint.rstrip("/"), token)

    @property
    def api(self) -> HfApi:
        """The public client, pointed at this hub."""
        from huggingface_hub import HfApi

        return HfApi(endpoint=self.endpoint, token=self.token)
