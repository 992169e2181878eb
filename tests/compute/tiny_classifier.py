"""A small but whole text classifier in a folder, for tests that need a real model quickly."""

from __future__ import annotations

from pathlib import Path

LABELS = ("negative", "neutral", "positive")
_WORDS = ("a", "film", "the", "good", "bad", "dull", "bright", "was", "is", "not", "very", "long")


def make_classifier(folder: Path, labels: tuple[str, ...] = LABELS, seed: int = 5) -> Path:
    """Write a BERT with random weights from ``seed`` and a word-piece tokenizer to ``folder``."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    folder.mkdir(parents=True)
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *_WORDS, *letters]
    pieces += [f"##{letter}" for letter in letters]
    vocabulary = folder / "vocab.txt"
    vocabulary.write_text("\n".join(dict.fromkeys(pieces)) + "\n", "utf-8")
    tokenizer = BertTokenizerFast(vocab=str(vocabulary), model_max_length=64)
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
        initializer_range=0.5,  # large enough that texts get clearly different scores
        num_labels=len(labels),
        id2label=dict(enumerate(labels)),
        label2id={label: index for index, label in enumerate(labels)},
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
