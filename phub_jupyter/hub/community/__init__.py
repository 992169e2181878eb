"""Discussions and pull requests, and who hears of what happens in them."""
