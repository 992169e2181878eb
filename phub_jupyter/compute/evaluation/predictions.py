"""The raw predictions of one model, kept line by line, so that nothing is asked twice."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

__all__ = ["Predictions"]


class Predictions:
    """A file of ``{"row", "reference", "prediction"}``, one a line, behind a line that heads it.

    The head says what was asked of which model; a file with another head is begun anew. A line
    torn by a crash is cut off.
    """

    def __init__(self, path: Path, head: dict[str, Any]) -> None:
        self.path = path
        self._head = json.dumps({"head": head}, sort_keys=True)
        self.done = self._cut()

    def append(self, rows: Sequence[int], right: Sequence[Any], said: Sequence[Any]) -> None:
        """Add lines and bring them to the disk."""
        lines = [
            json.dumps({"row": row, "reference": reference, "prediction": prediction})
            for row, reference, prediction in zip(rows, right, said, strict=True)
        ]
        with self.path.open("a", encoding="utf-8") as file:
            file.write("".join(f"{line}\n" for line in lines))
            file.flush()
            os.fsync(file.fileno())
        self.done += len(lines)

    def lines(self) -> Iterator[dict[str, Any]]:
        """All lines in the order of the rows."""
        with self.path.open(encoding="utf-8") as file:
            next(file)
            for line in file:
                yield json.loads(line)

    def _cut(self) -> int:
        """Leave the head and whole lines; how many lines there are."""
        try:
            with self.path.open("rb") as file:
                fits = file.readline().decode("utf-8", "replace").rstrip("\n") == self._head
                end, count = file.tell(), 0
                for line in file:
                    if not line.endswith(b"\n"):
                        break
                    end, count = end + len(line), count + 1
        except FileNotFoundError:
            fits = False
        if fits:
            os.truncate(self.path, end)
            return count
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(f"{self._head}\n", "utf-8")
        return 0
