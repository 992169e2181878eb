"""Where a browser may be sent back to after a person decided: only where the app said before."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

from phub_jupyter.errors import InvalidRequestError

__all__ = ["check_redirect", "is_registered", "is_within", "origin_of"]

_LONGEST = 1500
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_OWN_SCHEME = re.compile(r"[a-z][a-z0-9+-]*(?:\.[a-z0-9+-]+)+")  # com.example.app, RFC 8252
_HOST = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_TEXT = re.compile(r"[\x21-\x7e]+")


def check_redirect(address: object) -> str:
    """An address that an app may register. Raises InvalidRequestError."""
    if not isinstance(address, str) or len(address) > _LONGEST or not _TEXT.fullmatch(address):
        raise InvalidRequestError("redirectUris: send addresses, each a text without spaces.")
    parts = _split(address)
    if parts is None or parts.fragment or "#" in address or "\\" in address:
        raise InvalidRequestError(f"redirectUris: '{address}' is no address without a fragment.")
    if parts.scheme in ("http", "https"):
        if not _HOST.fullmatch(parts.netloc):
            raise InvalidRequestError(
                f"redirectUris: '{address}' needs one host, by its name in ASCII or its number."
            )
    elif not _OWN_SCHEME.fullmatch(parts.scheme):
        raise InvalidRequestError(
            f"redirectUris: '{address}' begins neither with https:// nor http://, and its scheme "
            "is none of an app's own, such as com.example.app."
        )
    return address


def is_registered(address: str, registered: Iterable[str]) -> bool:
    """Whether it is one of those, letter by letter.

    Of a loopback address the port is free, for a native app takes any that it gets (RFC 8252).
    """
    parts = _plain(address)
    return parts is not None and any(
        address == other or _same_but_port(parts, other) for other in registered
    )


def is_within(address: str, origin: str) -> bool:
    """Whether it is an address of that origin, whatever its path."""
    return _plain(address) is not None and origin_of(address) == origin


def origin_of(address: str) -> str:
    """Scheme, host and port of a web address; the scheme alone of an app's own."""
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https"):
        return f"{parts.scheme}:"
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _same_but_port(parts: SplitResult, other: str) -> bool:
    known = urlsplit(other)
    if known.scheme != "http" or known.hostname not in _LOOPBACK:
        return False
    if parts.scheme != "http" or parts.hostname != known.hostname:
        return False
    return (parts.path, parts.query) == (known.path, known.query)


def _plain(address: str) -> SplitResult | None:
    """The parts of an address that all programs read in the same way; None for others."""
    if len(address) > _LONGEST or not _TEXT.fullmatch(address) or "#" in address or "\\" in address:
        return None
    parts = _split(address)
    if parts is None or (parts.scheme in ("http", "https") and not _HOST.fullmatch(parts.netloc)):
        return None
    return parts


def _split(address: str) -> SplitResult | None:
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:  # a port that is no number, or half an IPv6 address
        return None
    return parts
