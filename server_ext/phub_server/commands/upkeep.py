"""``phub check`` and ``phub gc``: looking for damage, and giving space back."""

from __future__ import annotations

import argparse
import sys

from phub_server.commands.data_folder import existing_hub

__all__ = ["check_hub", "collect_garbage", "rotate_key"]


def check_hub(options: argparse.Namespace) -> int:
    """Print what is damaged or missing; 1 if anything is."""
    from phub_jupyter.hub.check import check

    problems = 0
    with existing_hub(options) as hub:
        for problem in check(hub):
            print(problem, flush=True)
            problems += 1
        repositories = sum(1 for _ in hub.repositories.all())
    if problems:
        print(f"phub: {problems} problems found in {options.data}.", file=sys.stderr)
        return 1
    print(f"Whole: {repositories} repositories and every object that they need.")
    return 0


def collect_garbage(options: argparse.Namespace) -> int:
    """Print what nobody can need, and remove it if told to."""
    with existing_hub(options) as hub:
        report = hub.garbage.collect(delete=options.delete)
    for freed in report.lines:
        print(f"{freed.size:>16,} bytes  {freed.count} {freed.kind}")
    for problem in report.skipped:
        print(f"phub: left alone: {problem}", file=sys.stderr)
    total = sum(freed.size for freed in report.lines)
    if options.delete:
        print(f"Removed {total:,} bytes.")
    else:
        print(f"{total:,} bytes can be removed: phub gc --delete")
    return 1 if report.skipped else 0


def rotate_key(options: argparse.Namespace) -> int:
    """Sign id tokens with a new key from now on; those of before stay valid."""
    with existing_hub(options) as hub:
        kid = hub.signing_keys.rotate()
    print(f"Id tokens are signed with the key {kid} from now on.")
    return 0
