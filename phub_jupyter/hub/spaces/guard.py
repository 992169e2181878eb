"""A program that holds the processes of one Space together: they all end when it does.

It runs the command in its arguments and ends when the command does, when it is told to (SIGTERM),
or when its standard input is closed, which happens however the hub ends. It is run by its path,
needs nothing of this package, and prints nothing of its own.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from types import FrameType

import psutil

_SET_DEATH_SIGNAL = 1
_SET_CHILD_SUBREAPER = 36
_LINUX = sys.platform.startswith("linux")


class _ToldToStopError(Exception):
    """SIGTERM arrived."""


def main(command: list[str]) -> int:
    """Run the command and return its exit status."""
    signal.signal(signal.SIGTERM, _stop)
    if _LINUX:
        _process_control(_SET_CHILD_SUBREAPER, 1)  # orphans become our children, so we find them
    threading.Thread(target=_watch_parent, daemon=True).start()
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, preexec_fn=_die_with_guard if _LINUX else None
        )
        return process.wait()
    except _ToldToStopError:
        return 0
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        _kill_descendants()


def _stop(number: int, frame: FrameType | None) -> None:
    raise _ToldToStopError


def _watch_parent() -> None:
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _die_with_guard() -> None:
    _process_control(_SET_DEATH_SIGNAL, signal.SIGKILL)


def _process_control(option: int, value: int) -> None:
    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _kill_descendants() -> None:
    # They keep nothing, so there is nothing to finish. Killing one may hand us its children.
    ourselves = psutil.Process()
    for _ in range(100):
        found = ourselves.children(recursive=True)
        if not found:
            return
        for process in found:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(found, timeout=5)
        _reap()
        time.sleep(0.01)


def _reap() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
