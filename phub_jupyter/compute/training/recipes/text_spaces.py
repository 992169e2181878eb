"""What can be tried on texts: cheap heads, and encoders with low-rank additions or as a whole."""

from __future__ import annotations

from phub_jupyter.compute.training.plan import BATCH_SIZE
from phub_jupyter.compute.training.recipes.text_estimators import HEADS
from phub_jupyter.compute.training.space import Choice, FamilySpace, LogRange

__all__ = ["encoder_families", "head_families"]

_C = LogRange(0.3, 100.0)

_DEFAULT = {
    "epochs": 1,
    "batch_size": BATCH_SIZE,
    "scheduler": "linear",
    "weight_decay": 0.01,
    "warmup": 0.1,
}
_SCHEDULERS = Choice(("linear", "cosine"))


def head_families(problem: str) -> tuple[FamilySpace, ...]:
    """Cheap heads for a kind of label. Not publishable: they are what a model has to beat."""
    heads = HEADS[problem]
    strength = 1.0 if problem == "regression" else 10.0
    return (
        FamilySpace("words", {"C": strength}, {"C": _C}),
        # A head has learnt what it can from a few thousand rows; more take minutes to embed.
        FamilySpace(
            "embeddings",
            {"head": heads[0], "C": strength, "max_rows": 4000},
            {"head": Choice(heads), "C": _C},
        ),
        FamilySpace("characters", {"C": strength}, {"C": _C}),
    )


def encoder_families(
    train_rows: int, max_lengths: tuple[int, ...] = (64, 128)
) -> tuple[FamilySpace, ...]:
    """LoRA and full fine-tunes of an encoder, for so many rows to learn from.

    ``max_lengths`` are of tokens; the last is tried first.
    """
    epochs = _epochs(train_rows)
    default = {**_DEFAULT, "epochs": epochs.values[0], "max_length": max_lengths[-1]}
    shared = {
        "epochs": epochs,
        "batch_size": Choice((BATCH_SIZE, BATCH_SIZE // 2)),
        "max_length": Choice(max_lengths),
        "scheduler": _SCHEDULERS,
        "weight_decay": Choice((0.0, 0.01, 0.1)),
        "warmup": Choice((0.05, 0.1, 0.2)),
    }
    return (
        FamilySpace(
            "lora",
            {"learning_rate": 2e-3, "rank": 8, **default},
            {"learning_rate": LogRange(5e-4, 5e-3), "rank": Choice((4, 8, 16)), **shared},
        ),
        FamilySpace(
            "full",
            {"learning_rate": 1e-4, "frozen_share": 0.0, **default},
            {
                "learning_rate": LogRange(6e-5, 3e-4),
                "frozen_share": Choice((0.0, 0.34, 0.5)),
                **shared,
            },
            weight=2,
        ),
    )


def _epochs(train_rows: int) -> Choice:
    """Few rows are worth reading several times, many are not."""
    steps = max(1, train_rows // BATCH_SIZE)
    if steps >= 200:
        return Choice((1, 1.5))
    usual = min(5, -(-250 // steps))
    return Choice((usual, 2 * usual))
