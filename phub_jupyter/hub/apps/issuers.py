"""The CI servers whose jobs the hub believes, and the keys that they sign with.

Only the administrator names them, in a file that ``PHUB_TRUSTED_ISSUERS`` points to; keys are read
from the one address or file that stands there, and from nowhere else.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests

from phub_jupyter.errors import ForbiddenError, InvalidRequestError, OverloadedError

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

__all__ = ["Issuer", "Issuers", "Job"]

_SETTING = "PHUB_TRUSTED_ISSUERS"
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]
_ALGORITHMS += ["ES256", "ES384", "ES512", "Ed25519", "EdDSA"]
_KINDS = frozenset({"RSA", "EC", "OKP"})  # never a shared secret
_LONGEST_TOKEN = 16 * 1024
_LARGEST_KEYS = 256 * 1024
_MOST_KEYS = 64
_KEPT_SECONDS = 600.0
_ASKED_EVERY = 30.0
_PATIENCE = 10.0
_WAIT = 2.0
_LEEWAY = 60
_OLDEST = 24 * 3600
_LATEST_DATE = 1 << 36
_MALFORMED = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""What a library raises for parts of a token that are of another kind than it expects."""

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class Job:
    """What a token says of the job that showed it, once its signature was checked.

    ``fingerprint`` is of what is signed, so that it stays the same however the token is spelled.
    """

    issuer: str
    claims: dict[str, Any]
    fingerprint: str

    @property
    def ends(self) -> int:
        """When the token is over, in seconds since 1970."""
        return int(self.claims["exp"])


@dataclass(slots=True)
class Issuer:
    """One CI server: its name in tokens, where its keys are, and for whom its tokens must be."""

    name: str
    keys_at: str
    audiences: tuple[str, ...]
    clock: Callable[[], float] = time.monotonic
    _keys: KeySet | None = None
    _read_at: float = 0.0
    _asked_at: float = field(default=float("-inf"))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def parse(cls, item: Any, public_url: str) -> Issuer:
        """One entry of the administrator's file. Raises InvalidRequestError."""
        if not isinstance(item, dict):
            raise InvalidRequestError(f"{_SETTING}: write a list of objects.")
        name, keys = item.get("issuer"), item.get("keys")
        if not isinstance(name, str) or not name or not isinstance(keys, str) or not keys:
            raise InvalidRequestError(f"{_SETTING}: each entry needs texts 'issuer' and 'keys'.")
        audience = item.get("audience") or public_url
        audiences = [audience] if isinstance(audience, str) else audience
        if not isinstance(audiences, list) or not all(audiences) or not audiences:
            raise InvalidRequestError(
                f"{_SETTING}: {name} needs an 'audience', the address that jobs know this hub by, "
                "unless PHUB_PUBLIC_URL is set."
            )
        if "://" in keys:
            parts = urlsplit(keys)
            if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
                raise InvalidRequestError(f"{_SETTING}: the keys of {name} must come by https.")
        elif not Path(keys).is_absolute():
            raise InvalidRequestError(f"{_SETTING}: name the file of keys by its whole path.")
        return cls(name, keys, tuple(str(one) for one in audiences))

    def verify(self, text: str) -> Job:
        """What the token says. Raises ForbiddenError unless it is genuine, valid now and for us."""
        from joserfc import jwt
        from joserfc.errors import JoseError

        for fresh in (False, True):
            try:
                claims = jwt.decode(text, self._key_set(fresh), algorithms=_ALGORITHMS).claims
                break
            except (JoseError, *_MALFORMED) as error:
                if fresh:  # also after its newest keys were looked at, if that may be done
                    raise ForbiddenError(
                        f"subject_token: the signature is not that of {self.name}."
                    ) from error
        self._check(claims)
        signed = text.rpartition(".")[0]
        return Job(self.name, claims, _fingerprint(signed))

    def _check(self, claims: dict[str, Any]) -> None:
        from joserfc.errors import JoseError
        from joserfc.jwt import JWTClaimsRegistry

        registry = JWTClaimsRegistry(
            leeway=_LEEWAY,
            iss={"essential": True, "value": self.name},
            aud={"essential": True, "values": list(self.audiences)},
            exp={"essential": True},
            iat={"essential": True},
        )
        try:
            registry.validate(claims)
            _check_dates(claims)
        except (JoseError, *_MALFORMED) as error:
            raise ForbiddenError(f"subject_token: {error}.") from None
        if time.time() - claims["iat"] > _OLDEST:
            raise ForbiddenError("subject_token: it was issued more than a day ago.")

    def _key_set(self, fresh: bool) -> KeySet:
        # Whoever waits for a slow issuer must not keep the hub's threads from everybody else.
        if not self._lock.acquire(timeout=_WAIT):
            raise self._unreadable()
        try:
            now = self.clock()
            known = self._keys if now - self._read_at < _KEPT_SECONDS else None
            if known is not None and not fresh:
                return known
            if now - self._asked_at < _ASKED_EVERY:  # whatever strangers send
                if known is None:
                    raise self._unreadable()
                return known
            self._asked_at = now
            self._keys = self._read()
            self._read_at = now
            return self._keys
        finally:
            self._lock.release()

    def _unreadable(self) -> OverloadedError:
        return OverloadedError(f"The keys of {self.name} could not be read yet.", retry_after=30)

    def _read(self) -> KeySet:
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        try:
            items = json.loads(self._bytes())["keys"][:_MOST_KEYS]
            return KeySet.import_key_set(
                {"keys": [item for item in items if item.get("kty") in _KINDS]}
            )
        except (OSError, requests.RequestException, JoseError) as error:
            reason = type(error).__name__
        except (ValueError, KeyError, TypeError, AttributeError):
            reason = "it is no JSON web key set"
        raise OverloadedError(
            f"The keys of {self.name} cannot be read ({reason}); ask the administrator.",
            retry_after=30,
        )

    def _bytes(self) -> bytes:
        if "://" not in self.keys_at:
            return Path(self.keys_at).read_bytes()[:_LARGEST_KEYS]
        with requests.get(
            self.keys_at, timeout=_PATIENCE, stream=True, allow_redirects=False
        ) as answer:
            if answer.status_code != 200:
                raise OSError(f"status {answer.status_code}")
            return bytes(answer.raw.read(_LARGEST_KEYS, decode_content=True))


class Issuers:
    """Every CI server that the administrator trusts."""

    def __init__(self, issuers: Iterable[Issuer] = ()) -> None:
        self._by_name = {issuer.name: issuer for issuer in issuers}

    @classmethod
    def from_environment(cls) -> Issuers:
        """What the administrator's file says; none without one. Raises InvalidRequestError."""
        path = os.environ.get(_SETTING)
        if not path:
            return cls()
        try:
            items = json.loads(Path(path).read_bytes())
        except OSError as error:
            raise InvalidRequestError(f"{_SETTING}: {path}: {error.strerror}.") from None
        except ValueError as error:
            raise InvalidRequestError(f"{_SETTING}: {path} is not JSON ({error}).") from None
        if not isinstance(items, list):
            raise InvalidRequestError(f"{_SETTING}: {path} needs a list of objects.")
        public_url = os.environ.get("PHUB_PUBLIC_URL", "").rstrip("/")
        return cls(Issuer.parse(item, public_url) for item in items)

    @property
    def names(self) -> list[str]:
        """The issuers that a repository can trust."""
        return sorted(self._by_name)

    def verify(self, text: str) -> Job:
        """What a token says, if an issuer that is trusted signed it. Raises ForbiddenError."""
        issuer = self._by_name.get(_named_issuer(text))
        if issuer is None:
            raise ForbiddenError("subject_token: its issuer is none that this hub trusts.")
        return issuer.verify(text)


def _check_dates(claims: dict[str, Any]) -> None:
    for name in ("exp", "iat"):
        if not 0 < claims[name] < _LATEST_DATE:
            raise ValueError(f"{name} is no date")


def _named_issuer(text: str) -> str:
    """Which issuer the token claims to be of; nothing else is believed before its signature."""
    from joserfc import jws
    from joserfc.errors import JoseError

    if not text or len(text) > _LONGEST_TOKEN or not text.isascii():
        raise ForbiddenError("subject_token: send the id token of the job.")
    try:
        claims = json.loads(jws.extract_compact(text.encode()).payload)
    except (JoseError, *_MALFORMED):
        claims = None
    name = claims.get("iss") if isinstance(claims, dict) else None
    return name if isinstance(name, str) else ""


def _fingerprint(signed: str) -> str:
    return hashlib.sha256(signed.encode()).hexdigest()
