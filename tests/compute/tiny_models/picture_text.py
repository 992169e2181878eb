"""Small but whole models of pictures and texts, with random weights from a seed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.compute.tiny_models.words import make_tokenizer

SIDE = 32
_SIZES: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
}


def make_clip(folder: Path) -> Path:
    """Write a CLIP, which compares pictures with texts, and its processors to ``folder``."""
    import torch
    from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel

    tokenizer = make_tokenizer(folder)
    torch.manual_seed(5)
    text = {
        **_SIZES,
        "vocab_size": len(tokenizer),
        "max_position_embeddings": 48,
        "eos_token_id": tokenizer.sep_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    vision = {**_SIZES, "image_size": SIDE, "patch_size": 8}
    config = CLIPConfig(
        text_config=text, vision_config=vision, projection_dim=16, initializer_factor=8.0
    )
    CLIPModel(config).save_pretrained(folder)
    CLIPImageProcessorPil(
        size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE}
    ).save_pretrained(folder)
    return folder
