"""One folder of a repository that a Space is to read, as a client asks for it and as it is kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.identifiers import RepoType, parse_path

__all__ = ["AskedVolume", "SpaceVolumes", "Volume"]

_MOST = 10
_KEYS = frozenset({"type", "source", "mountPath", "revision", "readOnly", "path"})
_TYPES = {kind.value: kind for kind in (RepoType.MODEL, RepoType.DATASET, RepoType.SPACE)}
_MOUNT_PATH = re.compile(r"(/[A-Za-z0-9_.-]+)+")
_LONGEST = 255


@dataclass(frozen=True, slots=True)
class Volume:
    """A folder by the immutable id of its repository, which no later one of that name inherits.

    ``revision`` None is main, ``path`` None the whole repository.
    """

    uid: str
    mount_path: str
    revision: str | None = None
    path: str | None = None


@dataclass(frozen=True, slots=True)
class SpaceVolumes:
    """All volumes of a Space, and the account whose rights they are read with."""

    set_by: int
    items: tuple[Volume, ...]


@dataclass(frozen=True, slots=True)
class AskedVolume:
    """What a client writes for a volume: it is not known yet whether there is such a thing."""

    type: RepoType
    source: str
    mount_path: str
    revision: str | None
    path: str | None

    @classmethod
    def list_of(cls, items: Any) -> tuple[AskedVolume, ...]:
        """Those of a body. Raises InvalidRequestError naming the field and what to write."""
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise InvalidRequestError(
                "volumes: send a list of objects with type, source and mountPath."
            )
        if len(items) > _MOST:
            raise InvalidRequestError(f"volumes: a Space may have {_MOST}; send fewer.")
        asked = tuple(cls._read(item, f"volumes[{number}]") for number, item in enumerate(items))
        places = [volume.mount_path for volume in asked]
        for number, place in enumerate(places):
            if place in places[:number]:
                raise InvalidRequestError(
                    f"volumes[{number}].mountPath: {place} is taken by another; choose another."
                )
        return asked

    @classmethod
    def _read(cls, item: Mapping[str, Any], field: str) -> AskedVolume:
        for key in item:
            if key not in _KEYS:
                raise InvalidRequestError(
                    f"{field}: '{key[:64]}' is not known; use {', '.join(sorted(_KEYS))}."
                )
        if item.get("readOnly") not in (None, True):
            raise InvalidRequestError(
                f"{field}.readOnly: apps only read volumes; send true, or leave it out."
            )
        source = item.get("source")
        if not isinstance(source, str):
            raise InvalidRequestError(f"{field}.source: send the repository, as namespace/name.")
        revision = item.get("revision")
        if revision is not None and (not isinstance(revision, str) or not revision):
            raise InvalidRequestError(
                f"{field}.revision: send a branch, tag or commit, or leave it out for main."
            )
        kind, place = _type(item.get("type"), field), _mount_path(item.get("mountPath"), field)
        return cls(kind, source, place, revision, _path(item.get("path"), field))


def _type(value: Any, field: str) -> RepoType:
    if not isinstance(value, str) or value not in _TYPES:
        raise InvalidRequestError(
            f"{field}.type: send model, dataset or space; a bucket has no commits to keep an app "
            "to, so publish its files as a dataset."
        )
    return _TYPES[value]


def _mount_path(value: Any, field: str) -> str:
    good = isinstance(value, str) and len(value) <= _LONGEST and _MOUNT_PATH.fullmatch(value)
    if not good or {".", ".."} & set(value.split("/")):
        raise InvalidRequestError(
            f"{field}.mountPath: send an absolute path such as /data, of letters, digits, '_', '-' "
            f"and '.', without '..', of at most {_LONGEST} characters."
        )
    return str(value)


def _path(value: Any, field: str) -> str | None:
    if value is None or value == "":
        return None
    try:
        if isinstance(value, str):
            return parse_path(value)
    except InvalidRequestError:
        pass
    raise InvalidRequestError(
        f"{field}.path: send a folder inside the repository, such as data/train, without '..'."
    )
