"""Chooses how a model runs here: which device, and whether half precision pays.

bf16 is fast only where the hardware has it, and harmless only where decisions stay the same; both
are measured once when the model is loaded, because no table knows every machine and model.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from phub_jupyter.compute.inference.pipelines.tensors import blame_model

__all__ = ["describe", "fit", "on_device", "place", "place_media", "place_writer"]

_SPEED_UP = 1.15
_TOLERANCE = 0.02
_PROBES = ((1, 24), (8, 24), (8, 96))  # (texts, tokens each)


def _logits(output: Any) -> Any:
    return output.logits


def _largest_difference(before: Any, after: Any) -> float:
    return float((before - after).abs().max())


@dataclass(frozen=True, slots=True)
class _Measure:
    """What of a model's output counts, how far it moved, and whether its largest are decisions."""

    scores: Callable[[Any], Any]
    output: Callable[[Any], Any] = _logits
    decides: bool = True
    distance: Callable[[Any, Any], float] = _largest_difference


def place(
    model: Any,
    longest: int,
    scores: Callable[[Any], Any],
    *,
    output: Callable[[Any], Any] = _logits,
    decides: bool = True,
    distance: Callable[[Any, Any], float] = _largest_difference,
) -> Any:
    """Put the model on the best device and return it, in bf16 if that is faster and as good.

    ``longest`` is the longest input in tokens. ``scores`` makes the final scores from the model's
    ``output``; they must not move by more than 0.02, by ``distance``. If the model ``decides``
    between labels, the best-scored label of no probe may change either.
    """
    model = on_device(model)
    probes = _probes(model.get_input_embeddings().num_embeddings, longest, _device())
    return _better(model, probes, _Measure(scores, output, decides, distance))


def place_media(model: Any, probes: list[dict[str, Any]], scores: Callable[[Any], Any]) -> Any:
    """The same for a model of pictures or sounds, with ``probes`` as its processor makes them.

    The first two are timed.
    """
    with blame_model():
        return _better(on_device(model), probes, _Measure(scores))


def place_writer(model: Any) -> Any:
    """The same for a language model, by the shares of the next word.

    It is tried on few tokens, as when it writes: all that it does is repeat such small passes.
    """
    model = on_device(model)
    vocabulary = model.get_input_embeddings().num_embeddings
    probes = _probes(vocabulary, 8, _device())[1:2]
    last = _Measure(_softmax, _last_logits, decides=False)  # two words are often equally good
    return _better(model, probes, last)


def _softmax(logits: Any) -> Any:
    return logits.softmax(-1)


def _last_logits(output: Any) -> Any:
    return output.logits[:, -1]


def on_device(model: Any) -> Any:
    """Put a model on the best device as it is: nothing says what of its output may change."""
    return model.to(_device())


def fit(batch: dict[str, Any], model: Any) -> dict[str, Any]:
    """Tensors where the model is, and its real numbers in the precision that it computes with."""
    return {
        name: value.to(model.device, model.dtype if value.is_floating_point() else value.dtype)
        for name, value in batch.items()
    }


def describe(model: Any, **more: Any) -> dict[str, Any]:
    """How a placed model runs, for a person who looks at the hub's health."""
    precision = str(model.dtype).removeprefix("torch.")
    return {"device": str(model.device), "precision": precision, **more}


def _device() -> str:
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def _better(model: Any, probes: list[dict[str, Any]], measure: _Measure) -> Any:
    import torch

    reduced = copy.deepcopy(model).to(torch.bfloat16)
    with torch.inference_mode():
        if not all(_agree(measure, model, reduced, probe) for probe in probes):
            return model
        full_time = sum(_seconds(measure, model, probe) for probe in probes[:2])
        reduced_time = sum(_seconds(measure, reduced, probe) for probe in probes[:2])
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


def _agree(measure: _Measure, full: Any, reduced: Any, probe: dict[str, Any]) -> bool:
    before = measure.scores(measure.output(full(**fit(probe, full))).float())
    after = measure.scores(measure.output(reduced(**fit(probe, reduced))).float())
    same = bool((before.argmax(-1) == after.argmax(-1)).all()) or not measure.decides
    return same and measure.distance(before, after) <= _TOLERANCE


def _seconds(measure: _Measure, model: Any, probe: dict[str, Any]) -> float:
    probe = fit(probe, model)
    times = []
    for _ in range(4):
        started = time.perf_counter()
        measure.output(model(**probe)).float().cpu()  # cpu() waits for a GPU to finish
        times.append(time.perf_counter() - started)
    return min(times)
