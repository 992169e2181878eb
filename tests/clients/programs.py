"""Runs small programs with unmodified clients, each as on a machine that never saw the hub."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["GENERATIONS", "Machine", "generation"]

_INSTALLED = Path(os.environ.get("PHUB_CLIENTS", ".venv-clients")).absolute()

GENERATIONS = [
    f"{release}{kind}"
    for release in os.environ.get("PHUB_CLIENT_RELEASES", "0.36.2 2.4.0").split()
    for kind in ("", "-plain")
]
"""The releases of the client that must work, each with hf_xet and (``-plain``) without."""


@dataclass
class Machine:
    """An installation of the clients with empty caches, logged in as one person or nobody."""

    server: Any
    folder: Path
    user: str | None = "ada"
    xet: bool = True
    python: str = sys.executable
    variables: dict[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        """What a program finds; nothing of the person who runs the tests."""
        variables = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "HF_HOME": str(self.folder / "hf"),
            "HF_XET_CACHE": str(self.folder / "xet"),
            "HF_ENDPOINT": self.server.endpoint,
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "DISABLE_SAFETENSORS_CONVERSION": "1",
            "OMP_NUM_THREADS": "1",
            "PYTHONWARNINGS": "error::ResourceWarning:__main__",
        }
        if not self.xet:
            variables["HF_HUB_DISABLE_XET"] = "1"
        if self.user is not None:
            variables["HF_TOKEN"] = self.server.token(self.user)
        return variables | self.variables

    def run(self, program: str, *arguments: str) -> str:
        """Run a Python program and return what it prints; its failure is the test's."""
        return self.execute("-c", program, *arguments)

    def execute(self, *command: str) -> str:
        """Run Python with these arguments and return what it prints."""
        self.folder.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            [self.python, *command],
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=240,
        )
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout.strip()


def generation(name: str) -> dict[str, Any]:
    """How to make a `Machine` with one of the clients that must work."""
    python = _INSTALLED / name / "bin/python"
    assert python.exists(), f"{python} is missing; run `make install-test`"
    return {"python": str(python)}
