"""The lines in which git talks: four hex digits of length, then what they announce."""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["lines", "packets", "payload"]

_HEADER = 4


def packets(data: bytes) -> tuple[list[bytes], bytes]:
    """The whole packets at the start of ``data``, each with its length, and what is left over.

    Raises ValueError if this is no such data.
    """
    found, position = [], 0
    while len(data) - position >= _HEADER:
        # Lengths below 4 are marks without content, such as the flush packet 0000.
        length = max(int(data[position : position + _HEADER], 16), _HEADER)
        if len(data) - position < length:
            break
        found.append(data[position : position + length])
        position += length
    return found, data[position:]


def payload(packet: bytes) -> bytes:
    """What a packet holds; nothing for a mark."""
    return packet[_HEADER:]


def lines(data: bytes) -> Iterator[str]:
    """The texts of all packets in ``data``, without line ends."""
    for packet in packets(data)[0]:
        if text := payload(packet):
            yield text.decode("utf-8", "replace").rstrip("\n")
