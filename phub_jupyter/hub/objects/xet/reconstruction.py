"""What a client needs to fetch a part of a file itself: which chunks, in which bytes of which xorb.

Chunk ranges end before their end; byte ranges, as the protocol has them, include their last byte.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from phub_jupyter.hub.objects.xet.reading import Segment
from phub_jupyter.hub.objects.xet.whole_files import WholeXorb
from phub_jupyter.hub.objects.xet.xorb import XorbLayout

__all__ = ["Fetch", "LayoutOf", "Reconstruction", "Term", "UrlFor", "plan"]


@dataclass(frozen=True, slots=True)
class Term:
    """The next chunks of the file."""

    xorb: str
    start: int
    end: int
    raw_size: int


@dataclass(frozen=True, slots=True)
class Fetch:
    """A run of chunks of one xorb, and its first and last byte there."""

    xorb: str
    start: int
    end: int
    first_byte: int
    last_byte: int


LayoutOf = Callable[[str], XorbLayout]
UrlFor = Callable[[Sequence[Fetch]], str]

_RANGES_OF_AN_ADDRESS = 32


@dataclass(frozen=True, slots=True)
class Reconstruction:
    """The answer to a reconstruction query, in both versions of the protocol.

    ``whole`` says for the xorbs of a whole file where they are read from.
    """

    offset: int
    terms: tuple[Term, ...]
    fetches: tuple[Fetch, ...]
    whole: Mapping[str, WholeXorb] = field(default_factory=dict)

    def version_1(self, url_for: UrlFor) -> dict[str, Any]:
        """Return the JSON of ``/v1/reconstructions``."""
        fetch_info: dict[str, list[dict[str, Any]]] = {}
        for fetch in self.fetches:
            entry = {
                "range": _range(fetch.start, fetch.end),
                "url": url_for([fetch]),
                "url_range": _range(fetch.first_byte, fetch.last_byte),
            }
            fetch_info.setdefault(fetch.xorb, []).append(entry)
        return {**self._head(), "fetch_info": fetch_info}

    def version_2(self, url_for: UrlFor) -> dict[str, Any]:
        """Return the JSON of ``/v2/reconstructions``; each URL is for some ranges of a xorb."""
        of_xorb: dict[str, list[Fetch]] = {}
        for fetch in self.fetches:
            of_xorb.setdefault(fetch.xorb, []).append(fetch)
        xorbs = {
            name: [
                _entry(fetches[first : first + _RANGES_OF_AN_ADDRESS], url_for)
                for first in range(0, len(fetches), _RANGES_OF_AN_ADDRESS)
            ]
            for name, fetches in of_xorb.items()
        }
        return {**self._head(), "xorbs": xorbs}

    def _head(self) -> dict[str, Any]:
        terms = [
            {
                "hash": term.xorb,
                "unpacked_length": term.raw_size,
                "range": _range(term.start, term.end),
            }
            for term in self.terms
        ]
        return {"offset_into_first_range": self.offset, "terms": terms}


def plan(segments: Sequence[Segment], layout_of: LayoutOf, start: int, stop: int) -> Reconstruction:
    """Find the chunks that hold the bytes from ``start`` up to ``stop`` of a file."""
    terms: list[Term] = []
    offset = 0
    behind = 0
    for xorb, first, end, length in segments:
        begin, behind = behind, behind + length
        if behind <= start or begin >= stop:
            continue
        layout = layout_of(xorb)
        low, high = max(start - begin, 0), min(stop - begin, length)
        first, end, skip = layout.trim(first, end, low, high)
        offset = offset if terms else skip
        terms.append(Term(xorb, first, end, layout.raw_size(first, end)))
    return Reconstruction(offset, tuple(terms), tuple(_fetches(terms, layout_of)))


def _fetches(terms: Sequence[Term], layout_of: LayoutOf) -> list[Fetch]:
    """Merge what the terms need of each xorb, so that nothing is fetched twice."""
    needed: dict[str, list[tuple[int, int]]] = {}
    for term in terms:
        needed.setdefault(term.xorb, []).append((term.start, term.end))
    fetches = []
    for xorb, ranges in needed.items():
        layout = layout_of(xorb)
        for start, end in _merge(ranges):
            first_byte, behind = layout.byte_range(start, end)
            fetches.append(Fetch(xorb, start, end, first_byte, behind - 1))
    return fetches


def _merge(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _entry(fetches: Sequence[Fetch], url_for: UrlFor) -> dict[str, Any]:
    ranges = [
        {
            "chunks": _range(fetch.start, fetch.end),
            "bytes": _range(fetch.first_byte, fetch.last_byte),
        }
        for fetch in fetches
    ]
    return {"url": url_for(fetches), "ranges": ranges}


def _range(start: int, end: int) -> dict[str, int]:
    return {"start": start, "end": end}
