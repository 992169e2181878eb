"""Chooses how a model runs here: which device, and whether half precision pays.

bf16 is fast only where the hardware has it, and harmless only where decisions stay the same; both
are measured once when the model is loaded, because no table knows every machine and model.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from typing import Any

__all__ = ["place"]

_SPEED_UP = 1.15
_TOLERANCE = 0.02
_PROBES = ((1, 24), (8, 24), (8, 96))  # (texts, tokens each)


def place(model: Any, longest: int, scores: Callable[[Any], Any]) -> Any:
    """Put the model on the best device and return it, in bf16 if that is faster and as good.

    ``longest`` is the longest input in tokens. ``scores`` makes the final scores from the model's
    output; they must not move by more than 0.02, and the best-scored label of no probe may change.
    """
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = model.to(device)
    probes = _probes(model.get_input_embeddings().num_embeddings, longest, device)
    reduced = copy.deepcopy(model).to(torch.bfloat16)
    with torch.inference_mode():
        if not all(_agree(scores, model, reduced, probe) for probe in probes):
            return model
        full_time = sum(_seconds(model, probe) for probe in probes[:2])
        reduced_time = sum(_seconds(reduced, probe) for probe in probes[:2])
    return reduced if reduced_time * _SPEED_UP < full_time else model


def _probes(vocabulary: int, longest: int, device: str) -> list[dict[str, Any]]:
    import torch

    generator = torch.Generator().manual_seed(0)
    probes = []
    for texts, tokens in _PROBES:
        shape = (texts, min(tokens, longest))
        ids = torch.randint(0, vocabulary, shape, generator=generator).to(device)
        probes.append({"input_ids": ids, "attention_mask": torch.ones_like(ids)})
    return probes


def _agree(scores: Callable[[Any], Any], full: Any, reduced: Any, probe: dict[str, Any]) -> bool:
    before = scores(full(**probe).logits.float())
    after = scores(reduced(**probe).logits.float())
    same = bool((before.argmax(-1) == after.argmax(-1)).all())
    return same and float((before - after).abs().max()) <= _TOLERANCE


def _seconds(model: Any, probe: dict[str, Any]) -> float:
    times = []
    for _ in range(4):
        started = time.perf_counter()
        model(**probe).logits.float().cpu()  # cpu() waits for a GPU to finish
        times.append(time.perf_counter() - started)
    return min(times)
