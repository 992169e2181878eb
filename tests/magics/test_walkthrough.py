"""The walk-through, executed and checked as ``make demo`` does it, on a slice of the same data."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "notebooks" / "walkthrough.ipynb"
TUTORIALS = ("train.ipynb", "evaluate.ipynb", "infer.ipynb")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_walk_through_works_from_the_model_to_the_app(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "scripts" / "demo.py"), "--folder", str(tmp_path)]
    command += ["--rows", "320", "--candidates", "2", "--notebooks", *TUTORIALS]
    done = subprocess.run(command, capture_output=True, text=True, env=dict(os.environ))
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    findings = json.loads(done.stdout.strip().splitlines()[-1])
    assert set(findings) == {"candidates", "best", "baseline", "inference", "space", "seconds"}
    assert findings["candidates"] == 2
    assert findings["best"]["accuracy"] >= findings["baseline"]["accuracy"] + 0.03
    assert findings["inference"]["label"] == "positive"
    assert findings["space"] == {"status": 200}

    for name in ("walkthrough.ipynb", *TUTORIALS):
        executed = nbformat.read(tmp_path / name, as_version=4)
        assert all(cell.execution_count for cell in executed.cells if cell.cell_type == "code")
    evaluated = nbformat.read(tmp_path / "evaluate.ipynb", as_version=4)
    assert "text-classification/accuracy" in evaluated.cells[-1].outputs[0].text
    assert "verified" in evaluated.cells[-1].outputs[0].text
    first = min((tmp_path / "jupyter" / "phub" / "runs").glob("*/publish/README.md"))
    card = first.read_text()
    assert "Started from the notebook `walkthrough.ipynb`, which was saved" in card


@pytest.mark.parametrize(
    "path", sorted(NOTEBOOK.parent.glob("*.ipynb")), ids=lambda path: path.stem
)
def test_the_notebooks_are_kept_without_outputs(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert not any(cell.outputs for cell in notebook.cells if cell.cell_type == "code")


def test_calling_the_model_takes_at_most_twelve_lines() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    (call,) = [cell.source for cell in notebook.cells if "requests.post" in cell.source]
    assert len(call.splitlines()) <= 12
