"""What is tried after running out of memory, and which errors mean that."""

from __future__ import annotations

import pytest

from phub_jupyter.compute.training.memory import Smaller, is_out_of_memory, smaller


def test_batches_are_halved_to_one_row_and_then_activations_are_computed_twice() -> None:
    tried, now = [], smaller(Smaller(), 4)
    while now is not None:
        tried.append(now)
        now = smaller(now, 4)
    assert tried == [Smaller(2), Smaller(4), Smaller(4, checkpointing=True)]


@pytest.mark.parametrize(
    ("error", "meant"),
    [
        (MemoryError(), True),
        (RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), True),
        (RuntimeError("sizes do not match"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_only_a_lack_of_memory_is_tried_again(error: Exception, meant: bool) -> None:
    assert is_out_of_memory(error) is meant
