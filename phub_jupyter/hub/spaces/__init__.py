"""Spaces: a notebook as an app, one process each, on an origin of its own."""
