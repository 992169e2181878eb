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


def _writing(tokenizer: Any) -> dict[str, Any]:
    """What every model that writes is told about its tokens."""
    return {
        "decoder_start_token_id": tokenizer.cls_token_id,
        "eos_token_id": tokenizer.sep_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }


def make_describer(folder: Path) -> Path:
    """Write a ViT with a BERT that writes, and their processors, to ``folder``."""
    import torch
    from transformers import (
        BertConfig,
        GenerationConfig,
        VisionEncoderDecoderConfig,
        VisionEncoderDecoderModel,
        ViTConfig,
        ViTImageProcessorPil,
    )

    tokenizer = make_tokenizer(folder)
    torch.manual_seed(9)
    sees = ViTConfig(**_SIZES, image_size=SIDE, patch_size=8, initializer_range=0.5)
    writes = BertConfig(
        **_SIZES,
        vocab_size=len(tokenizer),
        max_position_embeddings=48,
        is_decoder=True,
        add_cross_attention=True,
        initializer_range=0.5,
    )
    config = VisionEncoderDecoderConfig.from_encoder_decoder_configs(sees, writes)
    model = VisionEncoderDecoderModel(config=config)
    model.generation_config = GenerationConfig(**_writing(tokenizer), max_new_tokens=12)
    model.save_pretrained(folder)
    ViTImageProcessorPil(size={"height": SIDE, "width": SIDE}).save_pretrained(folder)
    return folder


ANSWERS = ("yes", "no", "two", "red")


def make_chooser(folder: Path) -> Path:
    """Write a ViLT, which chooses among answers, and its processors to ``folder``."""
    import torch
    from transformers import ViltConfig, ViltForQuestionAnswering, ViltImageProcessorPil

    tokenizer = make_tokenizer(folder)
    torch.manual_seed(9)
    config = ViltConfig(
        **_SIZES,
        vocab_size=len(tokenizer),
        max_position_embeddings=48,
        image_size=SIDE,
        patch_size=8,
        initializer_range=0.3,
        num_labels=len(ANSWERS),
        id2label=dict(enumerate(ANSWERS)),
        label2id={answer: index for index, answer in enumerate(ANSWERS)},
    )
    ViltForQuestionAnswering(config).save_pretrained(folder)
    ViltImageProcessorPil(size={"shortest_edge": SIDE}, size_divisor=8).save_pretrained(folder)
    return folder


def make_answerer(folder: Path) -> Path:
    """Write a BLIP, which writes answers, and its processors to ``folder``."""
    import torch
    from transformers import BlipConfig, BlipForQuestionAnswering, BlipImageProcessorPil

    tokenizer = make_tokenizer(folder)
    torch.manual_seed(9)
    text = {
        **_SIZES,
        "vocab_size": len(tokenizer),
        "max_position_embeddings": 48,
        "bos_token_id": tokenizer.cls_token_id,
        "sep_token_id": tokenizer.sep_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        "encoder_hidden_size": 32,
        "initializer_range": 0.5,
    }
    vision = {**_SIZES, "image_size": SIDE, "patch_size": 8, "initializer_range": 0.5}
    config = BlipConfig(text_config=text, vision_config=vision, image_text_hidden_size=16)
    BlipForQuestionAnswering(config).save_pretrained(folder)
    BlipImageProcessorPil(size={"height": SIDE, "width": SIDE}).save_pretrained(folder)
    return folder


def make_page_pointer(folder: Path) -> Path:
    """Write a LayoutLM, which points at words of a page, and its tokenizer to ``folder``."""
    import torch
    from transformers import LayoutLMConfig, LayoutLMForQuestionAnswering

    tokenizer = make_tokenizer(folder, 64)
    torch.manual_seed(9)
    config = LayoutLMConfig(
        **_SIZES,
        vocab_size=len(tokenizer),
        max_position_embeddings=64,
        max_2d_position_embeddings=1024,
        initializer_range=0.3,
    )
    LayoutLMForQuestionAnswering(config).save_pretrained(folder)
    return folder


def make_page_reader(folder: Path) -> Path:
    """Write a Donut, which reads pages itself, and its processors to ``folder``."""
    import torch
    from transformers import (
        DonutImageProcessorPil,
        DonutSwinConfig,
        GenerationConfig,
        MBartConfig,
        VisionEncoderDecoderConfig,
        VisionEncoderDecoderModel,
    )

    tokenizer = make_tokenizer(folder, 256)
    tags = ["<s_docvqa>", "<s_question>", "</s_question>", "<s_answer>", "</s_answer>"]
    tokenizer.add_tokens(tags, special_tokens=True)
    tokenizer.save_pretrained(folder)
    torch.manual_seed(9)
    sees = DonutSwinConfig(
        image_size=[64, 64], embed_dim=8, depths=[1, 1], num_heads=[1, 2], window_size=4
    )
    writes = MBartConfig(
        vocab_size=len(tokenizer),
        d_model=16,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=32,
        decoder_ffn_dim=32,
        max_position_embeddings=256,
        is_decoder=True,
        add_cross_attention=True,
        init_std=0.5,
    )
    config = VisionEncoderDecoderConfig.from_encoder_decoder_configs(sees, writes)
    model = VisionEncoderDecoderModel(config=config)
    model.generation_config = GenerationConfig(**_writing(tokenizer))
    model.save_pretrained(folder)
    DonutImageProcessorPil(size={"height": 64, "width": 64}).save_pretrained(folder)
    return folder
