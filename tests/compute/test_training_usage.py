"""What a run used: the processor's counters where they can be read, else a stated estimate."""

from __future__ import annotations

from pathlib import Path

import pytest

from phub_jupyter.compute.training import usage
from phub_jupyter.compute.training.usage import Meter, energy_of


def count(folder: Path, name: str, microjoules: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "name").write_text(f"{name}\n")
    (folder / "energy_uj").write_text(f"{microjoules}\n")
    (folder / "max_energy_range_uj").write_text("99999999\n")


def test_the_counters_of_all_packages_are_added(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage, "_RAPL", tmp_path)
    count(tmp_path / "intel-rapl:0", "package-0", 1_000_000)
    count(tmp_path / "intel-rapl:1", "package-1", 98_000_000)
    count(tmp_path / "intel-rapl:0:0", "core", 5)  # a part of its package
    meter = Meter()
    count(tmp_path / "intel-rapl:0", "package-0", 4_000_000)
    count(tmp_path / "intel-rapl:1", "package-1", 1_000_000)  # began again at 100 joules
    count(tmp_path / "intel-rapl:0:0", "core", 2_000_000)
    used = meter.read()
    assert used["package_joules"] == 6.0
    energy = energy_of([used])
    assert energy is not None
    assert energy["watt_hours"] == round(6 / 3600, 4)
    assert "watts_per_core" not in energy


def test_without_counters_the_assumption_is_stated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage, "_RAPL", tmp_path)
    assert Meter().read()["package_joules"] is None
    parts = [
        {"cpu_seconds": 3600.0, "package_joules": None},
        {"cpu_seconds": 1800.0, "package_joules": 50.0},  # resumed where the counters are open
    ]
    energy = energy_of(parts)
    assert energy is not None
    assert (energy["cpu_seconds"], energy["watt_hours"]) == (5400.0, 15.0)
    assert energy["watts_per_core"] == 10.0
    assert "assumption" in energy["method"]
    assert energy_of([]) is None
