"""What the owner of a Space gives it: secrets, variables, hardware, volumes, time to sleep.

Kept in one file that only the hub's own system user may read. Secrets leave it in one direction:
into the environment of the Space's processes.
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.repos.folders import flush_folder
from phub_jupyter.hub.spaces.volume import SpaceVolumes, Volume

__all__ = ["NEVER", "Kind", "SpaceEnvironment", "SpaceEnvironments", "Variable"]

Kind = Literal["secrets", "variables"]

NEVER = -1
"""Instead of seconds: the Space is not stopped for want of visitors."""

_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}", re.ASCII)
_OF_THE_HUB = re.compile(r"PATH|HOME|TMPDIR|LANG|HF_ENDPOINT|PHUB_\w*|PYTHON\w*|LD_\w*")
_LARGEST = 256 * 1024  # bytes of all of them; what a process can be given is limited
_SECONDS = range(60, 366 * 86400)


@dataclass(frozen=True, slots=True)
class Variable:
    """A value, why it is there, and when it was last set (ISO 8601)."""

    value: str
    description: str | None = None
    updated_at: str = ""


@dataclass(frozen=True, slots=True)
class SpaceEnvironment:
    """Secrets and variables by name; the others are None for what is usual on the hub."""

    secrets: Mapping[str, Variable] = field(default_factory=dict)
    variables: Mapping[str, Variable] = field(default_factory=dict)
    sleep_seconds: int | None = None
    volumes: SpaceVolumes | None = None
    hardware: str | None = None

    @property
    def values(self) -> dict[str, str]:
        """What the Space's processes see."""
        return {key: item.value for key, item in {**self.variables, **self.secrets}.items()}

    def of(self, kind: Kind) -> Mapping[str, Variable]:
        """The secrets, or the variables."""
        return self.secrets if kind == "secrets" else self.variables

    def put(self, kind: Kind, key: Any, value: Any, description: Any = None) -> SpaceEnvironment:
        """With one more, or another value. Raises InvalidRequestError naming what is wrong."""
        other: Kind = "variables" if kind == "secrets" else "secrets"
        _check(key, value, description)
        if key in self.of(other):
            raise InvalidRequestError(f"key: {key} is already one of the {other}; delete it first.")
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return self._with(kind, {**self.of(kind), key: Variable(value, description or None, now)})

    def put_all(self, kind: Kind, items: Any) -> SpaceEnvironment:
        """With those of a list of ``{key, value, description}``. Raises InvalidRequestError."""
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise InvalidRequestError(f"{kind}: send a list of objects with key and value.")
        changed = self
        for item in items:
            changed = changed.put(kind, item.get("key"), item.get("value"), item.get("description"))
        return changed

    def without(self, kind: Kind, key: Any) -> SpaceEnvironment:
        """Without the one of that name, if there is one."""
        return self._with(kind, {name: it for name, it in self.of(kind).items() if name != key})

    def sleeping_after(self, seconds: Any) -> SpaceEnvironment:
        """With another time until it sleeps. Raises InvalidRequestError."""
        whole = isinstance(seconds, int) and not isinstance(seconds, bool)
        if not whole or (seconds != NEVER and seconds not in _SECONDS):
            raise InvalidRequestError(
                f"seconds: send a number from {_SECONDS.start} up, or {NEVER} for never."
            )
        return replace(self, sleep_seconds=seconds)

    def running_on(self, hardware: str) -> SpaceEnvironment:
        """With other hardware, which the caller knows to be there."""
        return replace(self, hardware=hardware)

    def _with(self, kind: Kind, items: Mapping[str, Variable]) -> SpaceEnvironment:
        size = sum(len(key) + len(item.value.encode()) for key, item in items.items())
        if size > _LARGEST:
            raise InvalidRequestError(f"value: all {kind} together may have {_LARGEST} bytes.")
        return replace(self, secrets=items) if kind == "secrets" else replace(self, variables=items)


class SpaceEnvironments:
    """The environments of all Spaces, each in the folder of its Space."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()

    def read(self, uid: str) -> SpaceEnvironment:
        """What the Space of that id was given."""
        try:
            data = json.loads(self._path(uid).read_bytes())
        except FileNotFoundError:
            return SpaceEnvironment()
        kinds = {
            kind: {key: Variable(**item) for key, item in data[kind].items()}
            for kind in ("secrets", "variables")
        }
        return SpaceEnvironment(
            **kinds,
            sleep_seconds=data["sleep_seconds"],
            volumes=_volumes(data.get("volumes")),  # neither is in files of the first releases
            hardware=data.get("hardware"),
        )

    def change(
        self, uid: str, edit: Callable[[SpaceEnvironment], SpaceEnvironment]
    ) -> SpaceEnvironment:
        """Replace it by what ``edit`` makes of it, and return that."""
        with self._lock:
            changed = edit(self.read(uid))
            self.write(uid, changed)
        return changed

    def write(self, uid: str, environment: SpaceEnvironment) -> None:
        """Keep it; when this returns, it is on the disk."""
        path = self._path(uid)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = path.with_suffix(".partial")
        partial.unlink(missing_ok=True)
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(asdict(environment), file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        for folder in (path.parent, self._folder):
            flush_folder(folder)

    def _path(self, uid: str) -> Path:
        return self._folder / uid / "environment.json"


def _check(key: Any, value: Any, description: Any) -> None:
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise InvalidRequestError("key: use letters, digits and _, not beginning with a digit.")
    if _OF_THE_HUB.fullmatch(key):
        raise InvalidRequestError(f"key: {key} is set by the hub for every Space; choose another.")
    texts = [value] if description is None else [value, description]
    if not all(isinstance(text, str) and _can_be_passed_on(text) for text in texts):
        raise InvalidRequestError("value, description: send texts without NUL.")


def _volumes(kept: Any) -> SpaceVolumes | None:
    if kept is None:
        return None
    return SpaceVolumes(kept["set_by"], tuple(Volume(**item) for item in kept["items"]))


def _can_be_passed_on(text: str) -> bool:
    return not any(char == "\0" or "\ud800" <= char <= "\udfff" for char in text)
