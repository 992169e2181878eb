"""How hard property-based tests try: a little in every run, as long as asked with a setting."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

__all__ = ["tries"]

_CHECKS = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]


def tries(examples: int, steps: int = 50) -> settings:
    """``examples``, or ``PHUB_FUZZ_EXAMPLES`` of them; each run of ours takes others."""
    asked = int(os.environ.get("PHUB_FUZZ_EXAMPLES", "0"))
    return settings(
        max_examples=asked or examples,
        stateful_step_count=steps,
        deadline=None,
        derandomize=not asked,
        database=None,
        suppress_health_check=_CHECKS,
    )
