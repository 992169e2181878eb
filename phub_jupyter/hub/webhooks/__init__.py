"""Webhooks: telling addresses outside the hub what changed, and nothing they may not know."""
