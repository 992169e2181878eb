"""The program that serves one Space: Voilà, configured by a file that only its owner can read.

``python -m phub_jupyter.hub.spaces.voila_program FILE`` where FILE holds JSON:
``{"notebook": path, "ip": address, "port": number, "token": text, "idle_seconds": number}``.
It ends with the process that started it, so a hub that was killed leaves nothing behind.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

__all__ = ["main"]


def main(path: str) -> None:
    """Serve until told to stop or orphaned."""
    settings = json.loads(Path(path).read_text())
    _end_with_parent()
    # Late, because they take a second and the watch must already be running.
    from traitlets.config import Config
    from voila.app import Voila

    app = Voila(config=_config(Config, settings))
    app.initialize([settings["notebook"], "--no-browser"])
    app.start()


def _config(config_class: Any, settings: dict[str, Any]) -> Any:
    config = config_class()
    config.Voila.ip = settings["ip"]
    config.Voila.port = settings["port"]
    config.Voila.port_retries = 0
    config.Voila.open_browser = False
    config.Voila.token = settings["token"]
    config.VoilaConfiguration.show_tracebacks = False
    config.VoilaConfiguration.file_allowlist = [r".*\.(png|jpg|jpeg|gif|svg|webp)"]
    # A kernel whose page was closed ends; without any kernel the hub ends this process.
    config.MappingKernelManager.cull_idle_timeout = settings["idle_seconds"]
    config.MappingKernelManager.cull_interval = max(1, settings["idle_seconds"] // 4)
    config.MappingKernelManager.cull_connected = False
    return config


def _end_with_parent() -> None:
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    main(sys.argv[1])
