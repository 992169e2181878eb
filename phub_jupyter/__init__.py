"""Private Hub for Jupyter: a Hugging-Face-style hub on your own servers.

``%load_ext phub_jupyter`` brings the ``%phub`` magic into a notebook; the Jupyter server loads
``phub_server`` by its configuration file.
"""

from __future__ import annotations

from typing import Any

__version__ = "0.1.0"
__all__ = ["__version__", "load_ipython_extension"]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Where a development build of the JupyterLab part lies, for ``jupyter-builder develop``."""
    return [{"src": "labextension", "dest": "@phub/jupyterlab"}]


def load_ipython_extension(ipython: Any) -> None:
    """Register ``%phub``; imported late so that nothing else pays for it."""
    from importlib import import_module

    import_module("phub_magics").load_ipython_extension(ipython)
