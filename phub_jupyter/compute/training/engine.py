"""Where the arithmetic runs: which device, how many threads, and in which number format."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["Engine", "prepare_threads"]


def prepare_threads() -> None:
    """Let threads sleep while they wait, if torch is not loaded yet.

    Threads that spin instead make small matrix products many times slower as soon as another
    program wants the processor. The OpenMP runtime reads this once, when torch loads it.
    """
    if "torch" not in sys.modules:
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


@dataclass(frozen=True, slots=True)
class Engine:
    """The same engine gives the same numbers for the same seed, so a run keeps its own."""

    device: str
    threads: int
    bf16: bool

    @classmethod
    def choose(cls, model: PreTrainedModel, batch: Mapping[str, Any]) -> Self:
        """Take the GPU if there is one, else all threads that may sleep; measure bf16.

        ``batch`` is something typical that the model can be called with.
        """
        import torch

        if torch.cuda.is_available():
            return cls("cuda", 1, torch.cuda.is_bf16_supported())
        threads = _threads()
        torch.set_num_threads(threads)
        return cls("cpu", threads, _bf16_is_faster(model, batch))

    @classmethod
    def without_torch(cls) -> Self:
        """For tasks whose models need no torch."""
        return cls("cpu", _threads(), bf16=False)

    @classmethod
    def from_json(cls, body: dict[str, Any]) -> Self:
        """The engine that a record kept."""
        return cls(body["device"], body["threads"], body["bf16"])

    def as_json(self) -> dict[str, Any]:
        """The engine as the record and the card keep it."""
        return asdict(self)

    def apply(self) -> None:
        """Set the number of threads, which torch keeps for each calling thread."""
        if "torch" in sys.modules:
            sys.modules["torch"].set_num_threads(self.threads)

    def autocast(self) -> AbstractContextManager[Any]:
        """The number format in which a model is called."""
        import torch

        return torch.autocast(self.device, torch.bfloat16) if self.bf16 else nullcontext()


def _threads() -> int:
    given = os.environ.get("OMP_NUM_THREADS", "")
    if given.isdigit() and int(given) > 0:
        return int(given)
    if os.environ.get("OMP_WAIT_POLICY", "").upper() != "PASSIVE":
        return 1
    return min(8, len(os.sched_getaffinity(0)))


def _bf16_is_faster(model: PreTrainedModel, batch: Mapping[str, Any]) -> bool:
    import torch

    def call() -> None:
        model(**batch)

    with torch.inference_mode():
        plain = _best_time(call)
        with torch.autocast("cpu", torch.bfloat16):
            short = _best_time(call)
    return short < 0.9 * plain


def _best_time(call: Callable[[], None]) -> float:
    times = []
    for _ in range(
        4
    ):  # the first call pays for warming up; the best of the rest is the least noisy
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return min(times[1:])
