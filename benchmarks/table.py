"""What a benchmark found, as a table for people and as JSON for `docs/performance.md`."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

__all__ = ["Row", "finish", "json_option"]


@dataclass(frozen=True)
class Row:
    """One comparison in the same run; of seconds and bytes less is better, of rates more.

    ``ratio`` says how many times as good as the reference we are; ``bar`` is the least that it
    should be, or the most if ``at_most``: then the ratio is ours divided by the reference.
    """

    work: str
    against: str
    ours: float
    reference: float
    bar: float | None
    unit: str
    at_most: bool = False

    @property
    def ratio(self) -> float:
        """How good we are, as the bar counts it."""
        return self.ours / self.reference if self.at_most else self.reference / self.ours

    @property
    def passes(self) -> bool:
        """Whether the bar is met; without one there is nothing to miss."""
        if self.bar is None:
            return True
        return self.ratio <= self.bar if self.at_most else self.ratio >= self.bar

    def as_json(self) -> dict[str, Any]:
        """The row as the performance page wants it."""
        return {**asdict(self), "ratio": round(self.ratio, 3), "passes": self.passes}


def json_option(parser: argparse.ArgumentParser) -> None:
    """Let a benchmark write its rows to a file."""
    parser.add_argument("--json", type=Path, help="also write the rows to this file")


def finish(rows: list[Row], options: argparse.Namespace) -> None:
    """Print the rows, and write them where `--json` says."""
    print(f"\n{'work':<58} {'ours':>10} {'reference':>10} {'ratio':>7}  bar")
    for row in rows:
        sign = "<=" if row.at_most else ">="
        bar = "" if row.bar is None else f"{sign} {row.bar:g}{'' if row.passes else '  MISSED'}"
        print(
            f"{row.work:<58} {row.ours:>10.3g} {row.reference:>10.3g} {row.ratio:>7.2f}  {bar}"
            f"\n    {row.unit}; against {row.against}"
        )
    if options.json is not None:
        options.json.write_text(json.dumps([row.as_json() for row in rows], indent=1) + "\n")
