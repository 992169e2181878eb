"""How much memory the models of this process take, and how much they may."""

from __future__ import annotations

import contextlib
import ctypes
import gc
from pathlib import Path

import psutil

from phub_jupyter.errors import InvalidRequestError

__all__ = ["Memory", "default_limit"]

_SHARE = 0.5
_CGROUP = Path("/sys/fs/cgroup/memory.max")


class Memory:
    """The memory of this process, measured, against a ``limit`` in bytes.

    Weights on a GPU count there and not here; a GPU has its own limit, nine tenths of it.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._process = psutil.Process()
        self._bare = self.used

    @property
    def used(self) -> int:
        """The bytes in use now."""
        return int(self._process.memory_info().rss)

    def lacks(self, more: int = 0) -> bool:
        """Whether ``more`` bytes would be too many."""
        return self.used + more > self.limit or _gpu_lacks(more)

    def check(self, folder: Path) -> int:
        """The bytes that the model in ``folder`` will need at least: those of its weights.

        Raises InvalidRequestError if not even an empty process could hold them.
        """
        need = sum(path.stat().st_size for path in folder.glob("*.safetensors"))
        if self._bare + need > self.limit:
            raise InvalidRequestError(
                f"model: its weights take {need / 1e9:.1f} GB, more than the "
                f"{(self.limit - self._bare) / 1e9:.1f} GB that the hub's worker may use for "
                "models; use a smaller model, or one saved in half precision."
            )
        return need

    def give_back(self) -> None:
        """Return what is no longer used to the system, now."""
        gc.collect()  # models hold cycles
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


def default_limit() -> int:
    """Half of what this machine or container has."""
    total = psutil.virtual_memory().total
    with contextlib.suppress(OSError, ValueError):  # no such file, or it says "max"
        total = min(total, int(_CGROUP.read_text("ascii")))
    return int(total * _SHARE)


def _gpu_lacks(more: int) -> bool:
    import torch

    if not torch.cuda.is_available():
        return False
    free, total = torch.cuda.mem_get_info()
    return int(free) - more < total // 10
