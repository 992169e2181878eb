"""What is tried when a candidate runs out of memory: the same sums in smaller parts."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Smaller", "fitting", "is_out_of_memory", "smaller"]


@dataclass(frozen=True, slots=True)
class Smaller:
    """In how many parts a batch is computed, and whether activations are computed twice."""

    slices: int = 1
    checkpointing: bool = False

    def sentence(self) -> str:
        """What the table says of it."""
        again = ", activations computed twice" if self.checkpointing else ""
        return f"out of memory: batches in {self.slices} parts{again}"


def smaller(now: Smaller, batch_size: int) -> Smaller | None:
    """The next thing to try after running out of memory, or None when nothing is left.

    A batch is halved until it is one row, because that costs little time; then activations are
    computed twice.
    """
    if now.slices * 2 <= batch_size:
        return Smaller(now.slices * 2, now.checkpointing)
    return None if now.checkpointing else Smaller(now.slices, checkpointing=True)


def fitting(now: Smaller, batch_size: int, rows: int) -> Smaller:
    """Parts of at most so many rows, or of one if not even one fits as it is."""
    slices = now.slices
    while batch_size // slices > max(1, rows) and slices * 2 <= batch_size:
        slices *= 2
    return Smaller(slices, now.checkpointing)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory was short, on the processor or on a GPU.

    On the processor torch raises a plain RuntimeError, which only its words tell from others.
    """
    if isinstance(error, MemoryError):
        return True
    words = str(error).lower()
    return isinstance(error, RuntimeError) and (
        "out of memory" in words or "can't allocate memory" in words
    )
