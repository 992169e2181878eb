"""A word-piece tokenizer of a few words and all letters, for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

_WORDS = "a an the this photo picture of what is in where how many cat dog owl total date . ?"


def make_tokenizer(folder: Path, max_length: int = 48) -> Any:
    """Write the tokenizer to ``folder`` and return it."""
    from transformers import BertTokenizerFast

    folder.mkdir(parents=True, exist_ok=True)
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *_WORDS.split(), *letters]
    pieces += [f"##{letter}" for letter in letters]
    vocabulary = folder / "vocab.txt"
    vocabulary.write_text("\n".join(dict.fromkeys(pieces)) + "\n", "utf-8")
    tokenizer = BertTokenizerFast(vocab=str(vocabulary), model_max_length=max_length)
    tokenizer.save_pretrained(folder)
    return tokenizer
