"""Runs the walk-through on a hub of its own, checks each step over HTTP, and says what it found.

The last line is one JSON object. Everything is written below ``--folder``.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from pathlib import Path

from demo_checks import Checks
from demo_data import fetch_snippets
from demo_hub import DemoHub
from demo_notebook import execute
from memory import PeakMemory

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Fetch, serve, execute, check, report; any failed check ends with its sentence."""
    options = _options()
    folder = options.folder.resolve()
    begin = time.monotonic()
    with PeakMemory() as memory:
        data = folder / "data"
        fetch_snippets(data)
        for stale in ("hub", "hf-home", "jupyter", "ipython"):  # client caches belong to one hub
            shutil.rmtree(folder / stale, ignore_errors=True)
        hub = DemoHub(folder / "hub", folder / "hub.log")
        token = hub.add_user("demo")
        with hub:
            _say(begin, f"hub: {hub.endpoint}")
            environment = _environment(folder, data, hub.endpoint, token, options)
            execute(
                ROOT / "notebooks/walkthrough.ipynb",
                folder / "walkthrough.ipynb",
                environment,
                lambda text: _say(begin, text),
            )
            for name in options.notebooks:
                execute(
                    ROOT / "notebooks" / name,
                    folder / name,
                    environment,
                    lambda text: _say(begin, text),
                )
            findings = Checks(hub.endpoint, token, data / "snippets", options.rows).run(
                lambda text: _say(begin, f"checked: {text}")
            )
        hub.check()
        _say(begin, "checked: every repository and object of the stopped hub is whole")
    findings["seconds"] = round(time.monotonic() - begin, 1)
    _report(folder, hub.endpoint, findings, memory.peak)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=ROOT / ".demo")
    parser.add_argument("--rows", type=int, help="use only so many rows of each split")
    parser.add_argument("--candidates", type=int, default=25)
    parser.add_argument(
        "--notebooks", nargs="*", default=[], help="execute these of notebooks/ too"
    )
    return parser.parse_args()


def _environment(
    folder: Path, data: Path, endpoint: str, token: str, options: argparse.Namespace
) -> dict[str, str]:
    environment = {
        "HF_ENDPOINT": endpoint,
        "HF_TOKEN": token,
        "PHUB_ENDPOINT": endpoint,
        "PHUB_TOKEN": token,
        "DISABLE_SAFETENSORS_CONVERSION": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HOME": str(folder / "hf-home"),
        "JUPYTER_DATA_DIR": str(folder / "jupyter"),
        "IPYTHONDIR": str(folder / "ipython"),
        "PHUB_DEMO_DATA": str(data),
        "PHUB_DEMO_CANDIDATES": str(options.candidates),
    }
    if options.rows:
        environment["PHUB_DEMO_ROWS"] = str(options.rows)
        environment["PHUB_TUTORIAL_ROWS"] = str(max(50, options.rows // 5))
        environment["PHUB_TUTORIAL_CANDIDATES"] = str(options.candidates)
    return environment


def _say(begin: float, text: str) -> None:
    print(f"[{time.monotonic() - begin:5.0f} s] {text}", flush=True)


def _report(folder: Path, endpoint: str, findings: dict[str, object], peak: int) -> None:
    print(f"\nPeak memory of all processes together: {peak / 2**30:.1f} GiB")
    print(f"Executed notebook: {folder / 'walkthrough.ipynb'}")
    print(f"The hub was at {endpoint}; `make lab` opens JupyterLab on what it holds.")
    for path in ("models/demo/snippet-sentiment-minilm", "spaces/demo/snippet-demo/app"):
        print(f"  {endpoint}/{path}")
    print()
    print(json.dumps(findings), flush=True)


if __name__ == "__main__":
    os.environ.setdefault("PIP_DISABLE_PIP_VERSION_CHECK", "1")
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
