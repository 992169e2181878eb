"""What a result depends on besides data and seed: versions and machine."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

__all__ = ["environment"]

_PACKAGES = (
    "torch",
    "transformers",
    "tokenizers",
    "datasets",
    "scikit-learn",
    "peft",
    "optuna",
    "phub-jupyter",
)


def environment() -> dict[str, str]:
    """Versions of Python and of the packages that train, and the kind of machine."""
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
