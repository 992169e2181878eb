"""``phub serve``."""

from __future__ import annotations

import argparse
import asyncio
import errno
import logging

from phub_jupyter.errors import ConflictError
from phub_server.commands.data_folder import stores_named

__all__ = ["serve_hub"]


def serve_hub(options: argparse.Namespace) -> int:
    """Serve the hub until somebody stops it."""
    from phub_server.standalone import serve

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    path = options.base_url.strip("/")
    prefix = f"/{path}" if path else ""
    stores = stores_named(options)
    try:
        asyncio.run(serve(options.host, options.port, options.data, prefix, stores))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise ConflictError(
            f"--port: {options.port} on {options.host} is in use; stop the program that has it, "
            "or choose another port."
        ) from None
    return 0
