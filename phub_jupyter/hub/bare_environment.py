"""The environment of programs that run models: nothing of the person who runs the hub."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

__all__ = ["bare_environment"]

_INHERITED = (
    *("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR"),
    *("LD_LIBRARY_PATH", "PYTHONPATH", "VIRTUAL_ENV"),
    *("CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES"),
)


def bare_environment(inherited: Mapping[str, str], folder: Path) -> dict[str, str]:
    """What such a program is given: no tokens, no proxies, and ``folder`` as its home."""
    kept = {name: inherited[name] for name in _INHERITED if name in inherited}
    return {
        **kept,
        "HOME": str(folder),
        "HF_HOME": str(folder),
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "DISABLE_SAFETENSORS_CONVERSION": "1",
        "TRANSFORMERS_VERBOSITY": "error",
        "TOKENIZERS_PARALLELISM": "false",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
    }
