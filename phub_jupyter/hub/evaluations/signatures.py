"""The hub's signature under a value that it computed itself.

It covers the repository and all that the result says (the value with its error, both commits, the
metric, the rows, how it was computed), so that neither a value changed by hand nor a file copied to
another model passes for one of the hub's.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from phub_jupyter.errors import ForbiddenError
from phub_jupyter.eval_results import EvalResult
from phub_jupyter.hub.objects.tickets import Tickets

__all__ = ["Signatures"]

_PURPOSE = "evaluation"
_FOR_EVER = timedelta(days=36500)


class Signatures:
    """Signs results, and tells whether a signature is the hub's own."""

    def __init__(self, tickets: Tickets) -> None:
        self._tickets = tickets

    def signed(self, result: EvalResult, repo_uid: str) -> EvalResult:
        """The result with the hub's signature under it."""
        token = self._tickets.issue(_PURPOSE, result.claims(repo_uid), _FOR_EVER)
        return replace(result, verify_token=token)

    def genuine(self, result: EvalResult, repo_uid: str) -> bool:
        """Whether this hub signed exactly this result for that repository."""
        if not result.verify_token:
            return False
        try:
            claims = self._tickets.open(_PURPOSE, result.verify_token)
        except (ForbiddenError, ValueError):
            return False
        return claims == result.claims(repo_uid)
