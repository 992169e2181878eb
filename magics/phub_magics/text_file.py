"""Reads the texts that a person keeps in a file: one a line, or a column of a table."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from phub_jupyter.errors import InvalidRequestError

__all__ = ["read_texts"]

_DELIMITERS = {".csv": ",", ".tsv": "\t"}


def read_texts(path: Path, column: str) -> list[str]:
    """The texts in ``path``; ``column`` is for tables and JSON lines.

    Raises InvalidRequestError naming the file, the line or the column.
    """
    try:
        content = path.read_text("utf-8-sig")
    except OSError as error:
        raise InvalidRequestError(f"--file: {path} cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise InvalidRequestError(f"--file: {path} is not UTF-8 text.") from None
    suffix = path.suffix.lower()
    if suffix in _DELIMITERS:
        texts = _from_table(content, _DELIMITERS[suffix], column)
    elif suffix in (".jsonl", ".ndjson"):
        texts = _from_json_lines(content, column)
    elif suffix in (".txt", ""):
        texts = [line for line in content.splitlines() if line.strip()]
    else:
        raise InvalidRequestError(f"--file: '{suffix}' is unknown; use .txt, .csv, .tsv or .jsonl.")
    if not texts:
        raise InvalidRequestError(f"--file: {path} has no texts in it.")
    return texts


def _from_table(content: str, delimiter: str, column: str) -> list[str]:
    reader = csv.DictReader(content.splitlines(keepends=True), delimiter=delimiter)
    names = reader.fieldnames or []
    if column not in names:
        raise InvalidRequestError(
            f"--column: the table has no column '{column}'; it has {', '.join(names)}."
        )
    return [row[column] or "" for row in reader]


def _from_json_lines(content: str, column: str) -> list[str]:
    texts = []
    for number, line in enumerate(content.splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError:
            raise InvalidRequestError(f"--file: line {number} is not valid JSON.") from None
        if not isinstance(row, dict) or not isinstance(row.get(column), str):
            raise InvalidRequestError(f"--column: line {number} has no text under '{column}'.")
        texts.append(row[column])
    return texts
