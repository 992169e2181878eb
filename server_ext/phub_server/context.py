"""What all handlers of one running server share."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, cast

from phub_server.known_answers import KnownAnswers
from phub_server.known_models import KnownModels

if TYPE_CHECKING:
    from phub_jupyter.hub.hub import Hub
    from phub_server.identity import Identity

__all__ = ["SETTINGS_KEY", "ServerContext"]

SETTINGS_KEY = "phub"


def _new_executor() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=16, thread_name_prefix="phub")


def _new_senders() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=8, thread_name_prefix="phub-send")


@dataclass(slots=True)
class ServerContext:
    """The hub, who is calling, and where the routes are mounted (``prefix`` has no last slash)."""

    hub: Hub
    identity: Identity
    mode: Literal["embedded", "standalone"]
    prefix: str = ""
    executor: ThreadPoolExecutor = field(default_factory=_new_executor)
    senders: ThreadPoolExecutor = field(default_factory=_new_senders)
    answers: KnownAnswers = field(init=False)
    models: KnownModels = field(init=False)

    def __post_init__(self) -> None:
        """Begin with nothing known."""
        self.answers = KnownAnswers(self.hub.database.version)
        self.models = KnownModels(self.hub.database.version)

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> ServerContext:
        """The context of an application, from its settings."""
        return cast(ServerContext, settings[SETTINGS_KEY])

    async def stop(self) -> None:
        """End the hub's child processes and close its stores."""
        await self.hub.stop()
        for executor in (self.executor, self.senders):
            executor.shutdown(wait=False, cancel_futures=True)
