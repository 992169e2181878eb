"""The hub's database: its tables, its engine, its migrations."""

from phub_jupyter.hub.database.engine import Database

__all__ = ["Database"]
