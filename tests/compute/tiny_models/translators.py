"""Small but whole models that read a text and write another, with random weights from a seed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.compute.tiny_models.bert import make_tokenizer

TASKS = {
    "summarization": {"prefix": "make it very long : ", "max_length": 7, "num_beams": 2},
    "translation_en_to_de": {"prefix": "in london : ", "max_length": 9},
    "translation_en_to_fr": {"prefix": "in paris : ", "max_length": 9},
}
_SIZES: dict[str, Any] = {
    "d_model": 32,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 64,
    "decoder_ffn_dim": 64,
    "max_position_embeddings": 64,
    "init_std": 0.5,
}
_SENTENCES = ["a good film", "the film was dull", "ada and bob made music in london", "not bright"]


def make_t5(folder: Path, tasks: dict[str, Any] | None = None, spread: float = 20.0) -> Path:
    """Write a T5 that is asked in words, as ``tasks`` say, to ``folder``.

    Little ``spread`` of its weights lets it learn, much lets it write different things as it is.
    """
    import torch
    from transformers import T5Config, T5ForConditionalGeneration

    tokenizer = make_tokenizer(folder)
    torch.manual_seed(4)
    config = T5Config(
        vocab_size=len(tokenizer),
        d_model=32,
        d_kv=16,
        d_ff=64,
        num_layers=2,
        num_heads=2,
        initializer_factor=spread,
        decoder_start_token_id=tokenizer.pad_token_id,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.sep_token_id,
    )
    T5ForConditionalGeneration(config).save_pretrained(folder)
    if tasks is not None:
        path = folder / "config.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "task_specific_params": tasks}))
    return folder


def make_nllb(folder: Path) -> Path:
    """Write a model of many languages, each with a token of its own, to ``folder``."""
    import torch
    from transformers import M2M100Config, M2M100ForConditionalGeneration, NllbTokenizer

    folder.mkdir(parents=True)
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "▁", *(chr(code) for code in range(97, 123))]
    tokenizer = NllbTokenizer(
        vocab={piece: index for index, piece in enumerate(pieces)},
        merges=[],
        src_lang="eng_Latn",
        additional_special_tokens=["eng_Latn", "deu_Latn", "fra_Latn"],
    )
    tokenizer.save_pretrained(folder)
    torch.manual_seed(6)
    config = M2M100Config(vocab_size=len(tokenizer), decoder_start_token_id=2, **_SIZES)
    M2M100ForConditionalGeneration(config).save_pretrained(folder)
    return folder


def make_marian(folder: Path) -> Path:
    """Write a Marian model, for one pair of languages, to ``folder``."""
    import sentencepiece
    import torch
    from transformers import MarianConfig, MarianMTModel, MarianTokenizer

    folder.mkdir(parents=True)
    for name in ("source", "target"):
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(_SENTENCES * 5),
            model_prefix=str(folder / name),
            vocab_size=28,
            minloglevel=2,
        )
        (folder / f"{name}.model").rename(folder / f"{name}.spm")
    reader = sentencepiece.SentencePieceProcessor(model_file=str(folder / "source.spm"))
    pieces = [reader.id_to_piece(index) for index in range(reader.get_piece_size())]
    words = ["</s>", "<unk>", *(piece for piece in pieces if not piece.startswith("<")), "<pad>"]
    (folder / "vocab.json").write_text(json.dumps({word: i for i, word in enumerate(words)}))
    marian: Any = MarianTokenizer
    tokenizer = marian(
        source_spm=str(folder / "source.spm"),
        target_spm=str(folder / "target.spm"),
        vocab=str(folder / "vocab.json"),
        source_lang="en",
        target_lang="de",
        model_max_length=64,
    )
    tokenizer.save_pretrained(folder)
    pad = tokenizer.pad_token_id
    torch.manual_seed(8)
    config = MarianConfig(
        vocab_size=len(words),
        pad_token_id=pad,
        decoder_start_token_id=pad,
        eos_token_id=0,
        forced_eos_token_id=0,
        **_SIZES,
    )
    MarianMTModel(config).save_pretrained(folder)
    return folder
