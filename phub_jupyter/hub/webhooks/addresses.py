"""Where webhooks may go: not to addresses inside the network that the hub stands in.

The name in an address is looked up once, every address that it has is checked, and the connection
is made to one of those and not to what the name means a moment later.
"""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from phub_jupyter.errors import InvalidRequestError

__all__ = ["Allowed", "Target", "parse_url"]

_LONGEST_URL = 2000
_PORTS = {"http": 80, "https": 443}
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")  # IPv4 addresses behind a translator

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Target:
    """A checked place to connect to; ``host`` may have a port, ``name`` is in the certificate."""

    address: str
    port: int
    host: str
    name: str
    secure: bool
    path: str


def parse_url(text: str) -> SplitResult:
    """Check the form of an address. Raises InvalidRequestError."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise InvalidRequestError("url: not an address; send http://host/path.") from None
    if parts.scheme not in _PORTS or not parts.hostname or port == 0:
        raise InvalidRequestError("url: send an address that begins with http:// or https://.")
    if parts.username is not None or parts.password is not None:
        raise InvalidRequestError("url: send no name or password in it; use a secret.")
    if len(text) > _LONGEST_URL or not text.isascii() or not text.isprintable() or " " in text:
        raise InvalidRequestError(f"url: use at most {_LONGEST_URL} plain letters, without spaces.")
    return parts


class Allowed:
    """The addresses that webhooks may be delivered to.

    Public ones always are; ``loopback`` adds this machine, for hubs that nobody else can reach, and
    an administrator adds networks by the variable ``PHUB_WEBHOOK_NETWORKS``.
    """

    def __init__(self, networks: Iterable[Network] = (), loopback: bool = False) -> None:
        self.networks = tuple(networks)
        self.loopback = loopback

    @classmethod
    def from_environment(cls, host: str) -> Allowed:
        """What the administrator says, for a hub that listens on ``host``.

        Raises InvalidRequestError for what is no network.
        """
        texts = os.environ.get("PHUB_WEBHOOK_NETWORKS", "").replace(",", " ").split()
        try:
            networks = [ipaddress.ip_network(text, strict=False) for text in texts]
        except ValueError as error:
            raise InvalidRequestError(f"PHUB_WEBHOOK_NETWORKS: {error}.") from None
        return cls(networks, _is_loopback(host))

    def resolve(self, url: str) -> Target:
        """Look the name up and check every address that it has. Raises InvalidRequestError."""
        parts = parse_url(url)
        host = parts.hostname or ""
        port = parts.port or _PORTS[parts.scheme]
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise InvalidRequestError(f"url: there is no host named {host}.") from None
        addresses = [str(entry[4][0]) for entry in found]
        if not addresses or not all(map(self.includes, addresses)):
            raise InvalidRequestError(
                f"url: {host} is inside a private network, where this hub sends nothing; its "
                "administrator can allow that by PHUB_WEBHOOK_NETWORKS."
            )
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return Target(addresses[0], port, parts.netloc, host, parts.scheme == "https", path)

    def includes(self, text: str) -> bool:
        """Whether something may be sent to an address."""
        try:
            address = _meant(ipaddress.ip_address(text.partition("%")[0]))
        except ValueError:
            return False
        if any(address in network for network in self.networks):
            return True
        if address.is_loopback:
            return self.loopback
        return address.is_global and not address.is_multicast and not address.is_reserved


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _meant(address: Address) -> Address:
    """The address that a packet reaches in the end, of those that only wrap another one."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _TRANSLATED:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    wrapped = address.ipv4_mapped or address.sixtofour
    if wrapped is None and address.teredo is not None:
        wrapped = address.teredo[1]
    return wrapped or address
