"""The route table: every address that the hub answers, in order of matching."""

from __future__ import annotations

from typing import Any

from phub_server.handlers import (
    attachments,
    buckets,
    collections,
    commits,
    discussions,
    evaluation_results,
    gates,
    git,
    inference,
    inference_v1,
    info,
    lfs,
    lfs_files,
    lfs_locks,
    lfs_objects,
    likes,
    listing,
    not_built,
    notifications,
    oauth,
    organizations,
    people,
    preupload,
    refs,
    repos,
    resolve,
    search,
    settings,
    space_logs,
    space_search,
    space_settings,
    spaces,
    storage,
    tags,
    tokens,
    tree,
    validate_yaml,
    webhooks,
    weights,
    whoami,
    xet,
    xet_uploads,
)
from phub_server.routing import Route

__all__ = ["ROUTES", "tornado_rules"]

ROUTES: tuple[Route, ...] = (
    *info.ROUTES,  # asked for more than all the others
    *whoami.ROUTES,
    *oauth.ROUTES,
    *tokens.ROUTES,
    *people.ROUTES,
    *organizations.ROUTES,
    *validate_yaml.ROUTES,
    *search.ROUTES,
    *tags.ROUTES,
    *space_search.ROUTES,
    *collections.ROUTES,
    *webhooks.ROUTES,
    *spaces.ROUTES,
    *space_logs.ROUTES,
    *space_settings.ROUTES,
    *preupload.ROUTES,
    *commits.ROUTES,
    *tree.ROUTES,
    *refs.ROUTES,
    *attachments.ROUTES,
    *discussions.ROUTES,
    *notifications.ROUTES,
    *likes.ROUTES,
    *evaluation_results.ROUTES,
    *gates.ROUTES,
    *xet_uploads.ROUTES,
    *xet.ROUTES,
    *lfs.ROUTES,
    *lfs_files.ROUTES,
    *lfs_locks.ROUTES,
    *lfs_objects.ROUTES,
    *inference.ROUTES,
    *inference_v1.ROUTES,
    *resolve.ROUTES,
    *git.ROUTES,
    *repos.ROUTES,
    *buckets.ROUTES,
    *settings.ROUTES,
    *weights.ROUTES,
    *storage.ROUTES,
    *listing.ROUTES,
    *not_built.ROUTES,
)


def tornado_rules(prefix: str) -> list[tuple[str, Any, dict[str, Any]]]:
    """The table as tornado wants it, mounted under ``prefix`` (no slash at its end)."""
    return [(prefix + route.pattern, route.handler, route.kwargs) for route in ROUTES]
