"""Small but whole classifiers of pictures, with random weights from a seed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

LABELS = ("cat", "dog", "owl", "fox", "hen", "bee", "ant")
SIDE = 32


def make_image_classifier(folder: Path, family: str = "vit", **options: Any) -> Path:
    """Write a ViT or a ResNet and its processor to ``folder``."""
    import torch
    from transformers import (
        ConvNextImageProcessorPil,
        ResNetConfig,
        ResNetForImageClassification,
        ViTConfig,
        ViTForImageClassification,
        ViTImageProcessorPil,
    )

    labels: dict[str, Any] = {
        "num_labels": len(LABELS),
        "id2label": dict(enumerate(LABELS)),
        "label2id": {label: index for index, label in enumerate(LABELS)},
        **options,
    }
    torch.manual_seed(3)
    if family == "vit":
        config = ViTConfig(
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=64,
            image_size=SIDE,
            patch_size=8,
            initializer_range=0.3,
            **labels,
        )
        ViTForImageClassification(config).save_pretrained(folder)
        ViTImageProcessorPil(size={"height": SIDE, "width": SIDE}).save_pretrained(folder)
    else:
        shape: dict[str, Any] = {"embedding_size": 8, "hidden_sizes": [8, 16], "depths": [1, 1]}
        ResNetForImageClassification(ResNetConfig(**shape, **labels)).save_pretrained(folder)
        ConvNextImageProcessorPil(size={"shortest_edge": 64}).save_pretrained(folder)
    return folder
