"""What a run used: on which machine, how much processor time, and how much energy that may be."""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["WATTS_PER_CORE", "Meter", "energy_of", "hardware"]

WATTS_PER_CORE = 10.0
"""What one busy core is taken to draw where the processor does not count: an assumption."""
_RAPL = Path("/sys/class/powercap")
_PER_JOULE = 1_000_000  # the counters are in microjoules


class Meter:
    """Counts from when it is made until `read`.

    The processor's own counters (RAPL) are read where the system lets us; they count everything
    that the machine does. Processor seconds are those of this process.
    """

    def __init__(self) -> None:
        self._cpu = time.process_time()
        self._packages = _counters()

    def read(self) -> dict[str, Any]:
        """Hardware, processor seconds, and joules or None, for the record."""
        return {
            "hardware": hardware(),
            "cpu_seconds": round(time.process_time() - self._cpu, 2),
            "package_joules": _joules(self._packages, _counters()),
        }


def hardware() -> dict[str, Any]:
    """The machine of this process. GPUs are those that torch sees, if it is loaded."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cpu": _cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(memory / 2**30, 1),
        "gpus": _gpus(),
    }


def energy_of(usages: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The energy of a run from what each of its parts used; None if nothing was counted."""
    if not usages:
        return None
    joules = [part["package_joules"] for part in usages]
    cpu = sum(part["cpu_seconds"] for part in usages)
    if None not in joules:
        return {
            "watt_hours": round(sum(joules) / 3600, 4),
            "cpu_seconds": round(cpu, 2),
            "method": "RAPL counters of the processor packages, which count all programs of the "
            "machine; GPUs are not counted.",
        }
    return {
        "watt_hours": round(cpu * WATTS_PER_CORE / 3600, 4),
        "cpu_seconds": round(cpu, 2),
        "watts_per_core": WATTS_PER_CORE,
        "method": f"Estimate: processor seconds of the training process x {WATTS_PER_CORE:g} watts "
        "for a busy core. The watts are an assumption, not a measurement; memory, disks, GPUs and "
        "cooling are not counted.",
    }


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or platform.machine()


def _gpus() -> list[str]:
    torch = sys.modules.get("torch")  # a run without torch need not load it for this
    if torch is None or not torch.cuda.is_available():
        return []
    return [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]


def _counters() -> dict[str, tuple[int, int]]:
    """For each processor package, its count and where that begins again; empty if not readable."""
    found = {}
    for folder in sorted(_RAPL.glob("intel-rapl:*")):
        try:
            if not (folder / "name").read_text().startswith("package"):
                continue
            count, most = (
                int((folder / name).read_text()) for name in ("energy_uj", "max_energy_range_uj")
            )
        except (OSError, ValueError):
            return {}  # usually only root may read them
        found[folder.name] = (count, most)
    return found


def _joules(
    before: Mapping[str, tuple[int, int]], after: Mapping[str, tuple[int, int]]
) -> float | None:
    if not before or before.keys() != after.keys():
        return None
    # A counter that began again once is put right; of more than once nothing can be known.
    spent = sum((after[name][0] - before[name][0]) % (after[name][1] + 1) for name in before)
    return round(spent / _PER_JOULE, 2)
