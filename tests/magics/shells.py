"""A real IPython shell with ``%phub`` in it, that talks to a real hub."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from tests.conftest import HubServer


@contextmanager
def hub_shell(
    server: HubServer, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> Iterator[InteractiveShell]:
    """The shell of ada, who may read; nothing of it stays outside ``folder``."""
    monkeypatch.setenv("PHUB_ENDPOINT", server.endpoint)
    monkeypatch.setenv("PHUB_TOKEN", server.token(role="read"))
    monkeypatch.setenv("IPYTHONDIR", str(folder / "ipython"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(folder / "cache"))
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    shell.history_manager.enabled = False
    shell.run_line_magic("load_ext", "phub_jupyter")
    try:
        yield shell
    finally:
        shell.history_manager.end_session()
        InteractiveShell.clear_instance()
