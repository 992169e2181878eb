"""Small but whole models of texts for every task that one pass through an encoder answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from transformers import BertTokenizerFast

LONGEST = 64
_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_WORDS = (
    "a film the good bad dull bright was is not very long who made it ada bob in london paris "
    "this example about sport music , . ! ? ##s ##ed ##ing"
).split()


def make_tokenizer(folder: Path, longest: int = LONGEST) -> BertTokenizerFast:
    """Write a word-piece tokenizer of some words and all small letters to ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    pieces = [*_SPECIAL, *_WORDS, *letters, *(f"##{letter}" for letter in letters)]
    vocabulary = folder / "vocab.txt"
    vocabulary.write_text("\n".join(dict.fromkeys(pieces)) + "\n", "utf-8")
    tokenizer = BertTokenizerFast(vocab=str(vocabulary), model_max_length=longest)
    tokenizer.save_pretrained(folder)
    return tokenizer


def make_bert(
    folder: Path, head: str, labels: tuple[str, ...] = (), seed: int = 5, spread: float = 0.5
) -> Path:
    """Write a BERT with random weights from ``seed`` and the given head of transformers.

    ``head`` is such as ``ForMaskedLM``, or ``Model`` for none at all. The usual ``spread`` of the
    weights is so large that texts get clearly different scores; a smaller one can be trained.
    """
    import torch
    import transformers

    tokenizer = make_tokenizer(folder)
    options: dict[str, Any] = {}
    if labels:
        options = {
            "num_labels": len(labels),
            "id2label": dict(enumerate(labels)),
            "label2id": {label: index for index, label in enumerate(labels)},
        }
    config = transformers.BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=LONGEST,
        initializer_range=spread,
        **options,
    )
    torch.manual_seed(seed)
    model = getattr(transformers, f"Bert{head}")(config)
    model.save_pretrained(folder)
    return folder
