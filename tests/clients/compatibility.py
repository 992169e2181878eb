"""What every method of every client release does here, run for real and written down as a page.

``python -m tests.clients.compatibility`` makes ``docs/compatibility.md``; `test_methods` holds the
page to what is so.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .programs import GENERATIONS, Machine, generation

__all__ = ["PAGE", "Results", "read_page", "run_methods"]

Results = dict[str, dict[str, str]]
"""``{"result", "detail"}`` by method."""

_ROOT = Path(__file__).parents[2]
PAGE = _ROOT / "docs/compatibility.md"
_PROGRAM = Path(__file__).parent / "methods"

_HEAD = """# Which methods of the client work

Made by `make compatibility`, which calls every public method of `huggingface_hub.HfApi` once
against a real hub, with each release below, with and without `hf_xet`. A test holds this page to
what is so.

**works**: called, and the outcome checked. **501**: not built yet; the hub says so and changes
nothing. **needs hf_xet**: the client itself refuses without that wheel. **n/a**: cannot work
against any private hub, for the reason given. **-**: this release has no such method.

Two things that no hub can mend: below a path, as inside Jupyter, releases before 1.0 raise
ValueError after an upload that changes nothing; and `metadata_update` and `RepoCard.push_to_hub`
of releases before 2.0 ask the public hub whether the card is valid, which fails offline.
"""


def run_methods(server: Any, folder: Path, client: str) -> Results:
    """Call every method with one installation of the client, on a hub of its own."""
    server.add_user("ada")
    server.add_user("bob")
    server.hub.accounts.add_org("acme", "ada")
    tour = folder / "tour"
    tour.mkdir(parents=True)
    variables = {"BOB_TOKEN": server.token("bob"), "TOUR_FOLDER": str(tour)}
    machine = Machine(server, folder / "machine", variables=variables, **generation(client))
    answers = json.loads(machine.execute(str(_PROGRAM)).splitlines()[-1])["methods"]
    return {method: dict(answer) for method, answer in answers.items()}


def read_page() -> dict[str, dict[str, str]]:
    """What the page says: by release, the result of each method."""
    rows = [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in PAGE.read_text().splitlines()
        if line.startswith("|")
    ]
    head, body = rows[0], rows[2:]
    return {
        release: {row[0].strip("`"): row[number] for row in body}
        for number, release in enumerate(head)
        if number
    }


def cell(with_xet: Mapping[str, str] | None, without: Mapping[str, str] | None) -> str:
    """What the page says of a method, from the runs with and without hf_xet."""
    if with_xet is None or without is None:
        return "-"
    first, second = with_xet["result"], without["result"]
    if first == second:
        return f"n/a: {with_xet['detail']}" if first == "n/a" else first
    return second if first == "works" else f"{first} / {second}"


def _page(results: Mapping[str, Results]) -> str:
    releases = [client for client in results if not client.endswith("-plain")]
    methods = sorted({method for found in results.values() for method in found})
    lines = [_HEAD, "| Method | " + " | ".join(releases) + " |", "|---" * (len(releases) + 1) + "|"]
    for method in methods:
        cells = [
            cell(results[release].get(method), results[f"{release}-plain"].get(method))
            for release in releases
        ]
        lines.append(f"| `{method}` | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write the page; fail, naming them, if methods failed."""
    from ..conftest import HubServer

    results: dict[str, Results] = {}
    failed = 0
    for client in GENERATIONS:
        with tempfile.TemporaryDirectory() as text:
            server = HubServer(Path(text) / "hub")
            try:
                results[client] = run_methods(server, Path(text) / "client", client)
            finally:
                server.close()
        for method, answer in results[client].items():
            if answer["result"] == "failed":
                failed += 1
                print(f"{client} {method}: {answer['detail']}\n", file=sys.stderr)
        print(f"{client}: {len(results[client])} methods", file=sys.stderr)
    PAGE.write_text(_page(results))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
