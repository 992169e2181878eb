"""Buckets: named files without history, over the same store as the files of repositories."""
