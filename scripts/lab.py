"""Opens JupyterLab on the demo hub, on copies of the notebooks so that they may be changed."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Replace this process by JupyterLab; everything it writes stays in ``--folder``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=ROOT / ".demo")
    parser.add_argument("--port", type=int, default=8888)
    parser.add_argument("rest", nargs="*", help="further options for jupyter lab, after --")
    options = parser.parse_args()
    folder = options.folder.resolve()
    work = folder / "notebooks"
    work.mkdir(parents=True, exist_ok=True)
    for notebook in (ROOT / "notebooks").glob("*.ipynb"):
        if not (work / notebook.name).exists():
            shutil.copy(notebook, work)
    if not (folder / "hub").exists():
        print("The demo hub is empty: run `make demo` first to see it filled.")
    command = [
        str(Path(sys.executable).with_name("jupyter-lab")),
        f"--ServerApp.root_dir={work}",
        f"--ServerApp.port={options.port}",
        f"--PrivateHubApp.data={folder / 'hub'}",
        "--PrivateHubApp.owner=demo",
        *(["--allow-root"] if os.geteuid() == 0 else []),
        *options.rest,
    ]
    os.environ["HF_HOME"] = str(folder / "hf-home")
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
