"""The hub that a command is about: its data folder and its stores."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from phub_jupyter.errors import NotFoundError

if TYPE_CHECKING:
    from phub_jupyter.hub.hub import Hub
    from phub_jupyter.hub.settings import StoreSettings

__all__ = ["existing_hub", "opened_hub", "stores_named"]


def stores_named(options: argparse.Namespace) -> StoreSettings:
    """The database and the object store: from the line, else the environment, else the folder."""
    from phub_jupyter.hub.settings import StoreSettings

    named = StoreSettings(options.database_url, options.object_store)
    return named.over(StoreSettings.from_environment(options.data))


@contextmanager
def opened_hub(options: argparse.Namespace) -> Iterator[Hub]:
    """The hub in the data folder, made if it is not there yet, and closed in the end."""
    from phub_jupyter.hub.hub import Hub

    hub = Hub.open(options.data, stores_named(options))
    try:
        yield hub
    finally:
        hub.close()


@contextmanager
def existing_hub(options: argparse.Namespace) -> Iterator[Hub]:
    """The same for commands that make no sense on an empty hub. Raises NotFoundError."""
    data: Path = options.data
    if not (data / "secret").exists():
        raise NotFoundError(f"There is no hub in {data}; name its folder with --data.")
    with opened_hub(options) as hub:
        yield hub
