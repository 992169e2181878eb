"""Signing in elsewhere with the hub: apps, their logins and id tokens, and trusted publishers."""
