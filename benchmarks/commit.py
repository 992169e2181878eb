"""One commit of 1,000 small files through the API, against git doing the same on this machine.

The reference is ``git add``, ``git commit`` and ``git push`` of the same files to a local bare
repository, told to bring everything onto the disk before it is done, as the hub does. The hub is
``phub serve``, its client one HTTP request with all files in it. The two take turns.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import random
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import requests
from hub_process import HubProcess, hub_process
from table import Row, finish, json_option

_WORDS = "light house keeper storm lamp sea rock night ship captain".split()
_FLUSHED = (("core.fsync", "all"), ("core.fsyncMethod", "fsync"))
_AS_IT_COMES = (("core.fsync", "default"),)


def make_files(number: int, seed: int) -> dict[str, bytes]:
    """Small texts in some folders, new in every round."""
    chance = random.Random(seed)
    return {
        f"data/{place % 20:02}/{place:05}.txt": " ".join(
            chance.choice(_WORDS) for _ in range(chance.randint(20, 200))
        ).encode()
        for place in range(number)
    }


def by_hub(hub: HubProcess, files: dict[str, bytes], repo: str) -> float:
    """Seconds of one commit to a new repository; the body is made before."""
    hub.api.create_repo(repo)
    lines = [json.dumps({"key": "header", "value": {"summary": "files"}})]
    for path, content in files.items():
        value = {"path": path, "content": base64.b64encode(content).decode(), "encoding": "base64"}
        lines.append(json.dumps({"key": "file", "value": value}))
    body = "\n".join(lines).encode()
    url = f"{hub.endpoint}/api/models/{repo}/commit/main"
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {hub.token}"
    session.get(f"{hub.endpoint}/api/models/{repo}", timeout=60).raise_for_status()
    started = time.perf_counter()
    session.post(url, data=body, timeout=600).raise_for_status()
    return time.perf_counter() - started


def by_git(folder: Path, files: dict[str, bytes], settings: tuple[tuple[str, str], ...]) -> float:
    """Seconds of add, commit and push; the files are in the folder before."""
    bare, work = folder / "bare.git", folder / "work"
    for command in (["init", "-q", "--bare", str(bare)], ["clone", "-q", str(bare), str(work)]):
        subprocess.run(["git", *command], check=True, capture_output=True)
    for key, value in (*settings, ("gc.auto", "0")):
        for repo in (bare, work):
            subprocess.run(["git", "config", key, value], cwd=repo, check=True)
    for path, content in files.items():
        (work / path).parent.mkdir(parents=True, exist_ok=True)
        (work / path).write_bytes(content)
    person = {"GIT_AUTHOR_NAME": "ada", "GIT_AUTHOR_EMAIL": "ada@example.invalid"}
    person |= {key.replace("AUTHOR", "COMMITTER"): value for key, value in person.items()}
    os.sync()
    started = time.perf_counter()
    for words in (["add", "."], ["commit", "-q", "-m", "files"], ["push", "-q", "origin", "HEAD"]):
        subprocess.run(
            ["git", *words], cwd=work, check=True, capture_output=True, env=os.environ | person
        )
    return time.perf_counter() - started


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5, help="medians of so many")
    json_option(parser)
    options = parser.parse_args()
    ours: list[float] = []
    flushed: list[float] = []
    plain: list[float] = []
    with tempfile.TemporaryDirectory() as name, hub_process(Path(name, "hub")) as hub:
        for number in range(options.rounds + 1):
            files = make_files(options.files, seed=number)
            folders = [Path(name, f"{way}-{number}") for way in ("flushed", "plain")]
            for folder in folders:
                folder.mkdir()
            os.sync()
            took = by_hub(hub, files, f"ada/round-{number}")
            references = [
                by_git(folder, files, settings)
                for folder, settings in zip(folders, (_FLUSHED, _AS_IT_COMES), strict=True)
            ]
            if number:  # the first one warms all of them up
                ours.append(took)
                flushed.append(references[0])
                plain.append(references[1])
    work, median = f"one API commit of {options.files:,} small files", statistics.median
    against = "`git add`, `commit`, `push` of them to a local bare repo"
    rows = [
        Row(work, f"{against}, flushed alike", median(ours), median(flushed), 1.0, "s"),
        Row(work, f"{against}, with git's own settings", median(ours), median(plain), None, "s"),
    ]
    finish(rows, options)


if __name__ == "__main__":
    main()
