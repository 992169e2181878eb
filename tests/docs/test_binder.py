"""Binder's recipe names things that exist."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_binder_installs_this_project_with_extras_that_it_has() -> None:
    lines = (ROOT / "binder/requirements.txt").read_text().splitlines()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    found = next(match for line in lines if (match := re.fullmatch(r"\.\[(.+)\]", line)))
    assert set(found[1].split(",")) <= set(project["optional-dependencies"])


def test_binder_takes_the_pinned_versions() -> None:
    lines = (ROOT / "binder/requirements.txt").read_text().splitlines()
    named = next(line.split()[1] for line in lines if line.startswith("--constraint"))
    # pip takes this path from where the file that names it lies
    pins = (ROOT / "binder" / named).resolve().read_text()
    assert (ROOT / "binder" / named).resolve() == ROOT / "constraints.txt"
    assert re.search(r"^torch==\d", pins, re.MULTILINE)
