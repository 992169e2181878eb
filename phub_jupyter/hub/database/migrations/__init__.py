"""The schema's history; the newest version is named here so that a start need not load Alembic."""

__all__ = ["NEWEST"]

NEWEST = "eighth"
