"""The guard of a Space's processes, without a hub."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from phub_jupyter.hub.spaces import app_process

GUARD = Path(app_process.__file__).with_name("guard.py")
FAMILY = """
import subprocess, sys, time
for detached in (False, True):
    subprocess.Popen(["sleep", "300"], start_new_session=detached)
open("ready", "w").close()
time.sleep(300)
"""


def start(folder: Path, code: str = FAMILY) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-I", str(GUARD), sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        cwd=folder,
        start_new_session=True,
    )


def family(guard: subprocess.Popen[bytes], folder: Path) -> list[psutil.Process]:
    deadline = time.monotonic() + 20
    while not (folder / "ready").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    found = psutil.Process(guard.pid).children(recursive=True)
    assert len(found) == 3
    return found


def assert_gone(processes: list[psutil.Process]) -> None:
    _, alive = psutil.wait_procs(processes, timeout=10)
    assert [one for one in alive if one.status() != psutil.STATUS_ZOMBIE] == []


@pytest.mark.parametrize("how", ["told", "parent gone"])
def test_all_processes_end_with_the_guard(tmp_path: Path, how: str) -> None:
    with start(tmp_path) as guard:
        processes = family(guard, tmp_path)
        assert guard.stdin is not None
        if how == "told":
            guard.terminate()
        else:
            guard.stdin.close()
        assert guard.wait(20) == 0
    assert_gone(processes)


def test_what_a_program_leaves_behind_ends_with_it(tmp_path: Path) -> None:
    code = FAMILY.replace("time.sleep(300)", "time.sleep(1); sys.exit(7)")
    with start(tmp_path, code) as guard:
        processes = family(guard, tmp_path)
        assert guard.wait(20) == 7
    assert_gone(processes)


def test_the_program_ends_even_when_the_guard_is_killed(tmp_path: Path) -> None:
    with start(tmp_path) as guard:
        server = family(guard, tmp_path)[0]
        os.kill(guard.pid, signal.SIGKILL)
    assert_gone([server])
    for left in psutil.process_iter(["name", "cwd"]):
        if (left.info["name"], left.info["cwd"]) == ("sleep", str(tmp_path)):
            left.kill()


def test_processes_that_together_use_too_much_memory_are_ended(tmp_path: Path) -> None:
    hold = "import time\nheld = b'x' * (150 << 20)\ntime.sleep(60)"
    code = (
        "import subprocess, sys\n"
        f"both = [subprocess.Popen([sys.executable, '-c', {hold!r}]) for _ in range(2)]\n"
        "for one in both: one.wait()"
    )
    with subprocess.Popen(
        [sys.executable, "-I", str(GUARD), "--memory", str(250 << 20), sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=tmp_path,
        start_new_session=True,
    ) as guard:
        assert guard.wait(20) == 0
        assert guard.stdout is not None
        assert b"more than its 0.244 GB" in guard.stdout.read()
