"""What the tests of models share."""

from __future__ import annotations

import pytest

from phub_jupyter.compute.inference import local, precision


@pytest.fixture
def full_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    """Models stay in fp32 on every machine, so that their numbers can be compared."""
    monkeypatch.setattr(precision, "_TOLERANCE", -1.0)
    local._load.cache_clear()
