"""The keys that sign id tokens: in one file of the hub's folder, the newest of them in use.

Others are kept to be published, so that tokens that were signed before a change stay valid.
"""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phub_jupyter.hub.repos.folders import flush_folder

if TYPE_CHECKING:
    from joserfc.jwk import RSAKey

__all__ = ["ALGORITHM", "SigningKeys"]

ALGORITHM = "RS256"
"""What every client of OpenID Connect must be able to read."""

_BITS = 2048
_KEPT = 3


class SigningKeys:
    """The keys of one hub; the first is made when it is first needed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._loaded: tuple[float, list[RSAKey]] | None = None

    def sign(self, claims: dict[str, Any]) -> str:
        """The claims as a JSON web token."""
        from joserfc import jwt

        key = self._keys()[0]
        header = {"alg": ALGORITHM, "typ": "JWT", "kid": key.kid}
        return jwt.encode(header, claims, key, algorithms=[ALGORITHM])

    def published(self) -> dict[str, Any]:
        """The public halves of all, as a JSON web key set."""
        more = {"use": "sig", "alg": ALGORITHM}
        return {"keys": [{**key.as_dict(private=False), **more} for key in self._keys()]}

    def rotate(self) -> str:
        """Sign with a new key from now on, and return its id."""
        with self._lock:
            old = self._read() or []
            key = _new_key()
            self._write([key, *old][:_KEPT], replace=True)
            return str(key.kid)

    def _keys(self) -> list[RSAKey]:
        with self._lock:
            keys = self._read()
            if keys is None:
                self._write([_new_key()], replace=False)
                keys = self._read()
            assert keys
            return keys

    def _read(self) -> list[RSAKey] | None:
        from joserfc.jwk import RSAKey

        try:
            changed = self._path.stat().st_mtime_ns
        except FileNotFoundError:
            return None
        if self._loaded is None or self._loaded[0] != changed:  # another process may rotate
            found = json.loads(self._path.read_bytes())["keys"]
            self._loaded = (changed, [RSAKey.import_key(item) for item in found])
        return self._loaded[1]

    def _write(self, keys: list[RSAKey], *, replace: bool) -> None:
        partial = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        partial.unlink(missing_ok=True)
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump({"keys": [key.as_dict(private=True) for key in keys]}, file)
            file.flush()
            os.fsync(file.fileno())
        try:
            if replace:
                partial.replace(self._path)
            else:
                os.link(partial, self._path)  # fails if another process was first
        except FileExistsError:
            pass
        finally:
            partial.unlink(missing_ok=True)
        flush_folder(self._path.parent)


def _new_key() -> RSAKey:
    from joserfc.jwk import RSAKey

    return RSAKey.generate_key(_BITS, auto_kid=True)
