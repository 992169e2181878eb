"""Runs the benchmarks of transfers and lists, and writes what they found to docs/performance.md.

``python benchmarks/report.py`` takes about a quarter of an hour on a quiet machine. Name programs
to run only those; the other rows of the page stay as they are.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent
_PAGE = _HERE.parent / "docs/performance.md"
_PROGRAMS = (
    *("download", "transfer", "clone", "commit", "model_info", "listing", "memory"),
    *("training", "models"),
)
_FOUND = _HERE / "results.json"

_HEAD = """# Performance

Made by `make benchmark` from `benchmarks/`, where each row is explained. Every comparison is of
the same run on the same machine, medians of 5 unless the row says otherwise; trust ratios more than
absolute figures. A ratio says how many times as good as the reference the hub is; where the bar is
"at most", it is ours divided by the reference.
"""


def measure(program: str) -> dict[str, Any]:
    """Run one benchmark; its rows, and where and when it ran."""
    with tempfile.TemporaryDirectory() as folder:
        rows = Path(folder) / "rows.json"
        subprocess.run(
            [sys.executable, str(_HERE / f"{program}.py"), "--json", str(rows)], check=True
        )
        return {
            "rows": json.loads(rows.read_text()),
            "when": f"{datetime.now(UTC):%Y-%m-%d}",
            "where": f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}",
        }


def page(found: dict[str, Any]) -> str:
    """The page, from what was found by program."""
    lines = [_HEAD]
    for program in _PROGRAMS:
        if program not in found:
            continue
        part = found[program]
        lines += [
            f"## `benchmarks/{program}.py`",
            "",
            f"{part['when']}, {part['where']}.",
            "",
            "| Work | Against | Ours | Reference | Ratio | Bar |",
            "|---|---|---|---|---|---|",
            *(_line(row) for row in part["rows"]),
            "",
        ]
    return "\n".join(lines)


def _line(row: dict[str, Any]) -> str:
    sign = "at most" if row["at_most"] else "at least"
    bar = "" if row["bar"] is None else f"{sign} {row['bar']:g}"
    if not row["passes"]:
        bar += " **missed**"
    ours, reference = (f"{row[key]:.3g} {row['unit']}" for key in ("ours", "reference"))
    return (
        f"| {row['work']} | {row['against']} | {ours} | {reference} | {row['ratio']:.2f} | {bar} |"
    )


def main() -> None:
    """Measure what was asked for, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("programs", nargs="*", metavar="PROGRAM", help=", ".join(_PROGRAMS))
    programs = parser.parse_args().programs or _PROGRAMS
    unknown = set(programs) - set(_PROGRAMS)
    if unknown:
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    found = json.loads(_FOUND.read_text()) if _FOUND.exists() else {}
    for program in programs:
        found[program] = measure(program)
        _FOUND.write_text(json.dumps(found, indent=1) + "\n")
        _PAGE.write_text(page(found))


if __name__ == "__main__":
    main()
