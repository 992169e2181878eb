"""The keys and values of texts of different lengths, each in a row of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from transformers.cache_utils import Cache, CacheLayerMixin

__all__ = ["RowCache"]

_GROWTH = 256


@dataclass(frozen=True, slots=True)
class _Window:
    """Which rows a pass of the model writes, where in each, and how far it looks."""

    start: int
    stop: int
    span: int
    offset: int = 0
    positions: torch.Tensor | None = None  # one for each row; without them all begin at ``offset``


class _RowLayer(CacheLayerMixin):  # type: ignore[no-untyped-call]
    """One layer of the model: ``[row, head, position, dimension]``."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._window = _Window(0, 0, 0)
        self._keys = self._values = torch.empty(0)

    def aim(self, window: _Window) -> None:
        """Say where the next states belong, and make room for them."""
        self._window = window
        if self.is_initialized:
            self._make_room(window.stop, window.span)

    def move(self, source: int, target: int, length: int) -> None:
        """Copy the first positions of a row over another one."""
        self._make_room(target + 1, length)
        self._keys[target, :, :length] = self._keys[source, :, :length]
        self._values[target, :, :length] = self._values[source, :, :length]

    def _make_room(self, rows: int, span: int) -> None:
        had_rows, _, had_span, _ = self._keys.shape
        if rows > had_rows or span > had_span:
            rows, span = _room(max(rows, had_rows), max(span, had_span))
            more = (0, 0, 0, span - had_span, 0, 0, 0, rows - had_rows)
            self._keys = torch.nn.functional.pad(self._keys, more)
            self._values = torch.nn.functional.pad(self._values, more)

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        """Make the first room, now that the sizes are known."""
        rows, span = _room(self._window.stop, self._window.span)
        _, heads, _, size = key_states.shape
        self._keys = key_states.new_zeros(rows, heads, span, size)
        _, heads, _, size = value_states.shape
        self._values = value_states.new_zeros(rows, heads, span, size)
        self.is_initialized = True

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *_: Any, **__: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Keep new states; all that the pass may look at."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        window = self._window
        keys = self._keys[window.start : window.stop]
        values = self._values[window.start : window.stop]
        if window.positions is None:
            end = window.offset + key_states.shape[2]
            keys[:, :, window.offset : end] = key_states
            values[:, :, window.offset : end] = value_states
        else:
            each = torch.arange(window.stop - window.start, device=keys.device)
            keys[each, :, window.positions] = key_states[:, :, 0]
            values[each, :, window.positions] = value_states[:, :, 0]
        return keys[:, :, : window.span], values[:, :, : window.span]

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        """How much a mask would have to cover; ours is made already."""
        return self._window.span, 0

    def get_seq_length(self) -> int:
        """The length of the longest text."""
        return self._window.span

    def get_max_length(self) -> int:
        """No limit."""
        return -1


class RowCache(Cache):
    """Texts in rows; those in use are the first ones, with no gap between."""

    def __init__(self, layers: int) -> None:
        self._row_layers = [_RowLayer() for _ in range(layers)]
        super().__init__(layers=list(self._row_layers))

    def aim_at_row(self, row: int, offset: int, length: int) -> None:
        """The next pass adds ``length`` positions to one row, from ``offset`` on."""
        self._aim(_Window(row, row + 1, offset + length, offset))

    def aim_at_all(self, positions: torch.Tensor, span: int) -> None:
        """The next pass adds one position to each of the first rows, at ``positions``."""
        self._aim(_Window(0, len(positions), span, 0, positions))

    def move(self, source: int, target: int, length: int) -> None:
        """Copy the first ``length`` positions of a row over another one."""
        for layer in self._row_layers:
            layer.move(source, target, length)

    def _aim(self, window: _Window) -> None:
        for layer in self._row_layers:
            layer.aim(window)


def _room(rows: int, span: int) -> tuple[int, int]:
    """What to make room for, so that not every new row and position moves all others."""
    return 1 << (rows - 1).bit_length(), -(-span // _GROWTH) * _GROWTH
