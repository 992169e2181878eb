"""8-bit weights for models whose card asks for them, and how often they say the same.

Weights are rounded to 8 bits and what goes into each layer as it comes (dynamic quantization of
PyTorch, on the CPU only). That moves scores more than bf16 does, so nobody gets it unasked, and
whoever asks is told the agreement, measured on the sentences of the model's own card.
"""

from __future__ import annotations

import copy
import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from phub_jupyter.plain_yaml import front_matter_of, read_yaml

__all__ = ["Agreement", "agreement", "is_wanted", "quantized", "sentences_of"]

_MOST = 64
_FEWEST = 8
_LONGEST_CARD = 256 * 1024
_BATCH = 16
_CODE = re.compile(r"```.*?```|`[^`]*`|<[^>]*>|https?://\S+|^[#|>][^\n]*$", re.S | re.M)
_SENTENCE = re.compile(r"[^.!?\n]{20,300}[.!?]")
_OWN = (
    "The train was late again and nobody said why.",
    "A warm, funny film with a cast that clearly enjoyed itself.",
    "Please send the signed contract back before Friday.",
    "Two hours that I will never get back.",
    "The museum opens at nine and is closed on Mondays.",
    "Turn left at the bridge and follow the river for a mile.",
    "Nothing about this soup is worth the price.",
    "She moved from Oslo to Vienna last spring.",
)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How 8 bits compare with full precision on ``texts`` sentences.

    ``same_decision`` is the share of them with the same best score (None where nothing is
    decided), ``largest_difference`` that of any score, ``speedup`` how many times as fast.
    """

    texts: int
    same_decision: float | None
    largest_difference: float
    speedup: float

    def as_json(self) -> dict[str, Any]:
        """The agreement as pages tell it."""
        return asdict(self)


def is_wanted(folder: Path) -> bool:
    """Whether the card says ``inference: {precision: int8}``; one that cannot be read does not."""
    try:
        card = read_yaml(front_matter_of(_card(folder))[0])
    except ValueError:
        return False
    inference = card.get("inference") if isinstance(card, dict) else None
    return isinstance(inference, dict) and inference.get("precision") == "int8"


def sentences_of(folder: Path) -> list[str]:
    """Sentences of the model's card, and ours where it has too few."""
    prose = _CODE.sub(" ", front_matter_of(_card(folder))[1])
    found = [" ".join(each.split()) for each in _SENTENCE.findall(prose)[:_MOST]]
    return found if len(found) >= _FEWEST else [*found, *_OWN]


def quantized(model: Any) -> Any:
    """A copy of a model in full precision with 8-bit weights in its linear layers."""
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that there is a newer library for the same
        quantize: Any = torch.ao.quantization.quantize_dynamic
        return quantize(copy.deepcopy(model), {torch.nn.Linear}, dtype=torch.qint8)


def agreement(
    texts: Sequence[str],
    full: Callable[[Sequence[str]], Any],
    reduced: Callable[[Sequence[str]], Any],
    *,
    decides: bool,
    speedup: float,
) -> Agreement:
    """Compare the scores that two ways of running a model give for each text, a row a text."""
    same, largest = 0, 0.0
    for first in range(0, len(texts), _BATCH):
        batch = texts[first : first + _BATCH]
        before, after = full(batch), reduced(batch)
        largest = max(largest, float((before - after).abs().max()))
        matches = (before.argmax(-1) == after.argmax(-1)).reshape(len(batch), -1)
        same += int(matches.all(-1).sum())
    share = same / len(texts) if decides else None
    return Agreement(len(texts), share, round(largest, 4), round(speedup, 2))


def _card(folder: Path) -> str:
    try:
        with (folder / "README.md").open(encoding="utf-8", errors="replace") as file:
            return file.read(_LONGEST_CARD)
    except OSError:
        return ""
