"""The folder that a Space's processes run in, and everything that they are told.

Nothing of the hub's own environment reaches them: a Space runs a colleague's code.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.spaces.state import Entrance

__all__ = ["AppFolder"]

_IDENTITY = "voila.voila_identity_provider.VoilaIdentityProvider"
_PICTURES = r".*\.(png|jpg|jpeg|gif|svg|webp)"

# Widgets need inline and evaluated scripts. The page loads and sends nothing elsewhere: neither to
# Jupyter and the hub, nor to the public servers of fonts and scripts that its template names.
_PAGE_POLICY = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)


class AppFolder:
    """A scratch folder with the app's files, a home, temporary files and Voilà's settings."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.work = root / "work"
        self._home = root / "home"
        self._temporary = root / "tmp"
        self._settings = root / "settings"

    def fill(self, snapshot: Path, ip: str, entrance: Entrance, idle_seconds: float) -> None:
        """Start from nothing: copy the app and write Voilà's settings, readable by us alone."""
        self.remove()
        for folder in (self._root, self._home, self._temporary, self._settings):
            folder.mkdir(parents=True, mode=0o700)
        shutil.copytree(snapshot, self.work)
        path = self._settings / "voila.json"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(_voila_settings(ip, entrance, idle_seconds), file)

    def command(self, app_file: str) -> list[str]:
        """How to start the app; no secret is in it, for everybody can read command lines."""
        settings = f"--Voila.config_file_paths={self._settings}"
        return [sys.executable, "-P", "-m", "voila", f"./{app_file}", settings]

    def environment(
        self, repo: Repo, endpoint: str, token: str, given: Mapping[str, str]
    ) -> dict[str, str]:
        """All variables of the app's processes, with those that its owner gave it."""
        programs = [str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"]
        return {
            "PATH": os.pathsep.join(programs),
            "HOME": str(self._home),
            "TMPDIR": str(self._temporary),
            "LANG": os.environ.get("LANG", "C.UTF-8"),
            "PYTHONUNBUFFERED": "1",
            "HF_ENDPOINT": endpoint,
            "HF_TOKEN": token,
            "PHUB_ENDPOINT": endpoint,
            "PHUB_TOKEN": token,
            "PHUB_SPACE": f"{repo.namespace}/{repo.name}",
            "DISABLE_SAFETENSORS_CONVERSION": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            **given,  # a token of the owner's replaces the one that only reads
        }

    def remove(self) -> None:
        """Remove the folder with everything in it."""
        shutil.rmtree(self._root, ignore_errors=True)


def _voila_settings(ip: str, entrance: Entrance, idle_seconds: float) -> dict[str, Any]:
    return {
        "Voila": {
            "ip": ip,
            "port": 0,
            "port_retries": 0,
            "open_browser": False,
            "identity_provider_class": _IDENTITY,
            "token": entrance.token,
            "base_url": entrance.path,
            "tornado_settings": {
                "headers": {
                    "Referrer-Policy": "no-referrer",
                    "Content-Security-Policy": _PAGE_POLICY,
                },
                "login_url": "/login",  # Voilà mounts it there, whatever the app's path is
            },
        },
        "VoilaConfiguration": {
            # Files of a Space that is not public are for those who may read them on the hub.
            "file_allowlist": [_PICTURES] if entrance.shows_pictures else [],
            "show_tracebacks": False,
            "extension_denylist": ["@phub/jupyterlab"],  # the side bar; an app has none
        },
        "MappingKernelManager": {
            "cull_idle_timeout": _culled_after(idle_seconds),
            "cull_interval": max(1, min(60, _culled_after(idle_seconds) // 2)),
            "cull_connected": False,
            "cull_busy": False,
        },
    }


def _culled_after(idle_seconds: float) -> int:
    return 0 if idle_seconds == math.inf else max(1, int(idle_seconds))  # 0 is never
