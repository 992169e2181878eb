"""Tells strangers apart by where they come from."""

from __future__ import annotations

import ipaddress

__all__ = ["network_of"]

_HOSTS = 64  # bits of an IPv6 address that whoever has the others can choose


def network_of(address: str | None) -> str:
    """The address that a request came from, or of IPv6 the network that one customer has."""
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:  # a Unix socket
        return address or ""
    if found.version == 4:
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((int(found), _HOSTS), strict=False))
