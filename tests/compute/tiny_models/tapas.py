"""A small but whole model that reads tables, with random weights from a seed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.compute.tiny_models.bert import make_tokenizer


def make_tapas(folder: Path, actions: tuple[str, ...] = ("NONE", "SUM", "COUNT")) -> Path:
    """Write a TAPAS that can do ``actions`` with the cells it chooses to ``folder``."""
    import torch
    from transformers import TapasConfig, TapasForQuestionAnswering, TapasTokenizer

    make_tokenizer(folder)
    tapas: Any = TapasTokenizer
    tokenizer = tapas(vocab_file=str(folder / "vocab.txt"), model_max_length=64)
    for path in folder.glob("tokenizer*"):
        path.unlink()
    tokenizer.save_pretrained(folder)
    torch.manual_seed(5)
    config = TapasConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
        initializer_range=0.7,
        num_aggregation_labels=len(actions),
        aggregation_labels=dict(enumerate(actions)),
        no_aggregation_label_index=0 if actions else None,
    )
    TapasForQuestionAnswering(config).save_pretrained(folder)
    return folder
