"""Repositories: their lifecycle, git objects and refs, commits, snapshots, smart HTTP."""
