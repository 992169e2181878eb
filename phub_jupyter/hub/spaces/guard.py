"""A program that holds the processes of one Space together: they all end when it does.

It runs the command in its arguments, within the limits before it (``--cpus`` of the machine's
processors, ``--memory`` bytes of all processes together), and ends when the command does, when it
is told to (SIGTERM), or when its standard input is closed, which happens however the hub ends. It
is run by its path, needs nothing of this package, and prints nothing of its own but that memory
ran out.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time
from types import FrameType

import psutil

_SET_DEATH_SIGNAL = 1
_SET_CHILD_SUBREAPER = 36
_WATCH_SECONDS = 1.0
_LINUX = sys.platform.startswith("linux")


class _ToldToStopError(Exception):
    """SIGTERM arrived."""


def main(arguments: list[str]) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cpus", type=int)
    parser.add_argument("--memory", type=int)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _stop)
    if _LINUX:
        _process_control(_SET_CHILD_SUBREAPER, 1)  # orphans become our children, so we find them
    if options.cpus and _LINUX:
        _keep_to_processors(options.cpus)
    threading.Thread(target=_watch_parent, daemon=True).start()
    try:
        process = subprocess.Popen(
            options.command,
            stdin=subprocess.DEVNULL,
            preexec_fn=(lambda: _begin(options.memory)) if _LINUX else None,
        )
        if options.memory:
            threading.Thread(target=_watch_memory, args=(options.memory,), daemon=True).start()
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


def _begin(memory: int | None) -> None:
    """In the new process: die with the guard, and be refused memory beyond the limit."""
    _process_control(_SET_DEATH_SIGNAL, signal.SIGKILL)
    if memory:
        # What a process may write to, not its address space: libraries reserve far more of that
        # than they use. Whoever asks for too much gets a MemoryError, and the app goes on.
        allowed = resource.getrlimit(resource.RLIMIT_DATA)[1]
        most = memory if allowed == resource.RLIM_INFINITY else min(memory, allowed)
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def _keep_to_processors(count: int) -> None:
    """Children inherit it; which ones is left to chance, so that Spaces do not all meet on one."""
    there = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, random.sample(there, min(count, len(there))))


def _watch_memory(limit: int) -> None:
    """End the app when all of its processes together use more, which no limit of one can tell."""
    ourselves = psutil.Process()
    while sum(map(_used, ourselves.children(recursive=True))) <= limit:
        time.sleep(_WATCH_SECONDS)
    print(f"The app used more than its {limit / (1 << 30):.3g} GB of memory and was ended.")
    sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGTERM)


def _used(process: psutil.Process) -> int:
    """Its memory; what it shares with others counts in parts, where the system can tell."""
    try:
        full = process.memory_full_info()
        return int(getattr(full, "pss", full.uss))
    except psutil.Error:  # it ended meanwhile
        return 0


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
