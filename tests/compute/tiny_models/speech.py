"""Small but whole models that hear and speak, with random weights from a seed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

LABELS = ("yes", "no", "stop", "go", "left", "right")
_HEARING: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "conv_dim": (16, 16, 16),
    "conv_stride": (8, 8, 5),
    "conv_kernel": (16, 8, 5),
    "num_conv_pos_embeddings": 8,
    "num_conv_pos_embedding_groups": 2,
    "initializer_range": 0.2,
}


def make_sound_classifier(folder: Path) -> Path:
    """Write a Wav2Vec2 that gives labels, and its feature extractor, to ``folder``."""
    import torch
    from transformers import (
        Wav2Vec2Config,
        Wav2Vec2FeatureExtractor,
        Wav2Vec2ForSequenceClassification,
    )

    torch.manual_seed(2)
    config = Wav2Vec2Config(
        **_HEARING,
        num_labels=len(LABELS),
        id2label=dict(enumerate(LABELS)),
        label2id={label: index for index, label in enumerate(LABELS)},
    )
    Wav2Vec2ForSequenceClassification(config).save_pretrained(folder)
    Wav2Vec2FeatureExtractor().save_pretrained(folder)
    return folder


def make_letter_hearer(folder: Path) -> Path:
    """Write a Wav2Vec2 that names letters, and its processors, to ``folder``."""
    import torch
    from transformers import (
        Wav2Vec2Config,
        Wav2Vec2CTCTokenizer,
        Wav2Vec2FeatureExtractor,
        Wav2Vec2ForCTC,
    )

    folder.mkdir(parents=True)
    pieces = ["<pad>", "<s>", "</s>", "<unk>", "|", *"ETAOINSHR"]
    path = folder / "vocab.json"
    path.write_text(json.dumps({piece: index for index, piece in enumerate(pieces)}), "utf-8")
    Wav2Vec2CTCTokenizer(str(path)).save_pretrained(folder)
    Wav2Vec2FeatureExtractor(return_attention_mask=True).save_pretrained(folder)
    torch.manual_seed(8)
    model = Wav2Vec2ForCTC(Wav2Vec2Config(**_HEARING, vocab_size=len(pieces), pad_token_id=0))
    model.save_pretrained(folder)
    return folder


def make_writer(folder: Path) -> Path:
    """Write a Whisper and its processors to ``folder``."""
    import torch
    from transformers import (
        GenerationConfig,
        WhisperConfig,
        WhisperFeatureExtractor,
        WhisperForConditionalGeneration,
    )

    tokenizer = _writing_tokenizer(folder)
    identifier = tokenizer.convert_tokens_to_ids
    end, start = identifier("<|endoftext|>"), identifier("<|startoftranscript|>")
    torch.manual_seed(4)
    config = WhisperConfig(
        vocab_size=len(tokenizer),
        num_mel_bins=80,
        d_model=32,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=32,
        decoder_ffn_dim=32,
        max_target_positions=64,
        init_std=0.6,
        pad_token_id=end,
        bos_token_id=end,
        eos_token_id=end,
        decoder_start_token_id=start,
        suppress_tokens=[],
        begin_suppress_tokens=[],
    )
    model = WhisperForConditionalGeneration(config)
    model.generation_config = GenerationConfig(
        decoder_start_token_id=start,
        eos_token_id=end,
        pad_token_id=end,
        bos_token_id=end,
        no_timestamps_token_id=identifier("<|notimestamps|>"),
        max_length=40,
        max_initial_timestamp_index=50,
        is_multilingual=False,
        return_timestamps=False,
    )
    model.save_pretrained(folder)
    WhisperFeatureExtractor().save_pretrained(folder)
    return folder


def _writing_tokenizer(folder: Path) -> Any:
    from transformers import WhisperTokenizer

    folder.mkdir(parents=True)
    letters = [*"abcdefghijklmnopqrstuvwxyz", "\u0120"]  # the last is how BPE writes a space
    vocabulary = {letter: index for index, letter in enumerate(letters)}
    tokenizer = WhisperTokenizer(vocab={**vocabulary, "<|endoftext|>": len(letters)}, merges=[])
    special = ["<|endoftext|>", "<|startoftranscript|>", "<|notimestamps|>"]
    tokenizer.add_tokens(special, special_tokens=True)
    tokenizer.add_tokens([f"<|{step * 0.02:.2f}|>" for step in range(1501)])
    tokenizer.save_pretrained(folder)
    return tokenizer


def make_speaker(folder: Path) -> Path:
    """Write a VITS, which speaks letters, and its tokenizer to ``folder``."""
    import torch
    from transformers import VitsConfig, VitsModel, VitsTokenizer

    folder.mkdir(parents=True)
    path = folder / "vocab.json"
    path.write_text(json.dumps({letter: i for i, letter in enumerate("_ abcdefghijk")}), "utf-8")
    VitsTokenizer(str(path), phonemize=False, is_uroman=False, language="eng").save_pretrained(
        folder
    )
    torch.manual_seed(6)
    config = VitsConfig(
        vocab_size=13,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        ffn_dim=32,
        flow_size=16,
        spectrogram_bins=9,
        upsample_initial_channel=16,
        upsample_rates=[8, 8],
        upsample_kernel_sizes=[16, 16],
        resblock_kernel_sizes=[3],
        resblock_dilation_sizes=[[1, 3]],
        prior_encoder_num_flows=1,
        prior_encoder_num_wavenet_layers=1,
        posterior_encoder_num_wavenet_layers=1,
        duration_predictor_num_flows=1,
        wavenet_dilation_rate=1,
    )
    VitsModel(config).save_pretrained(folder)
    return folder


def make_codec(folder: Path, kind: str = "encodec") -> Path:
    """Write an EnCodec or a DAC and its feature extractor to ``folder``."""
    import torch
    from transformers import (
        DacConfig,
        DacFeatureExtractor,
        DacModel,
        EncodecConfig,
        EncodecFeatureExtractor,
        EncodecModel,
    )

    torch.manual_seed(2)
    model: EncodecModel | DacModel
    if kind == "encodec":
        config = EncodecConfig(
            num_filters=4,
            hidden_size=16,
            codebook_size=64,
            codebook_dim=16,
            upsampling_ratios=[4, 2],
            num_lstm_layers=1,
            sampling_rate=16_000,
            target_bandwidths=[24.0],
        )
        model = EncodecModel(config)
        EncodecFeatureExtractor(sampling_rate=16_000).save_pretrained(folder)
    else:
        layers = {"downsampling_ratios": [2, 2], "upsampling_ratios": [2, 2]}
        sizes = {"encoder_hidden_size": 8, "decoder_hidden_size": 16, "codebook_dim": 4}
        books = {"n_codebooks": 2, "codebook_size": 16, "sampling_rate": 16_000}
        model = DacModel(DacConfig(**layers, **sizes, **books))
        DacFeatureExtractor(sampling_rate=16_000, hop_length=4).save_pretrained(folder)
    model.save_pretrained(folder)
    return folder
