"""The parameters that each task takes, by name."""

from __future__ import annotations

from phub_jupyter.calls.fields import Schema, choice, flag, number, text, texts, whole

__all__ = ["PARAMETERS", "REQUIRED"]

Parameters = dict[str, Schema]

_TOKENS = 1024
_SEEDS = 2**63 - 1


def _labels(top_k: int | None) -> Parameters:
    return {
        "function_to_apply": choice(
            ("sigmoid", "softmax", "none"), "How scores are made; by default as it was trained."
        ),
        "top_k": whole("How many labels, best first.", default=top_k),
    }


_GENERATE: Parameters = {
    "max_length": whole(high=_TOKENS),
    "max_new_tokens": whole("The most tokens to write.", high=_TOKENS),
    "min_length": whole(high=_TOKENS),
    "min_new_tokens": whole(high=_TOKENS),
    "no_repeat_ngram_size": whole(high=100),
    "num_beams": whole("Texts that are tried side by side.", high=8),
    "top_k": whole("Tokens to draw from.", high=100_000),
    "epsilon_cutoff": number(),
    "eta_cutoff": number(),
    "top_p": number("Share of probability to draw from."),
    "typical_p": number(),
    "do_sample": flag("Draw tokens, rather than take the likeliest."),
    "early_stopping": flag(),
    "use_cache": flag(),
    "length_penalty": number(high=100, above=True),
    "repetition_penalty": number(high=10, above=True),
    "temperature": number("How daring it is.", high=100, above=True),
}
"""What models that write by ``generate`` are told."""

_GENERATION: Schema = {
    "type": "object",
    "description": "How the model writes.",
    "properties": _GENERATE,
    "additionalProperties": False,
}

_SEQUENCE: Parameters = {
    "generate_parameters": _GENERATION,
    "clean_up_tokenization_spaces": flag(),
    "truncation": choice(
        ("do_not_truncate", "longest_first", "only_first", "only_second"), default="longest_first"
    ),
    **_GENERATE,
}

_TEXT_GENERATION: Parameters = {
    "max_new_tokens": whole("The most tokens to write.", high=32_768, default=100),
    "temperature": number("How daring it is; 0 takes the likeliest token.", high=100),
    "top_k": whole("Tokens to draw from."),
    "top_p": number("Share of probability to draw from.", above=True),
    "do_sample": flag("Draw tokens, rather than take the likeliest."),
    "seed": whole("The same seed draws the same text.", low=0, high=_SEEDS),
    "repetition_penalty": number(high=100, above=True, default=1.0),
    "frequency_penalty": number(low=-100, high=100, default=0.0),
    "presence_penalty": number(low=-100, high=100, default=0.0),
    "stop": texts("Texts that end the answer.", least=0, most=16),
    "stop_sequences": texts("Another name of stop.", least=0, most=16),
    "return_full_text": flag("Begin the answer with the input.", default=False),
    "details": flag("Tell every token with its probability.", default=False),
    "top_n_tokens": whole("Tell so many likely tokens at every place.", low=0, high=20),
    "truncate": whole("Keep so many tokens of the input, from its end."),
    "best_of": choice((1,)),
    "decoder_input_details": choice((False,)),
    "watermark": choice((False,)),
    "typical_p": choice((1,)),
}


def _candidates(template: str, least: int) -> Parameters:
    return {
        "candidate_labels": texts("The labels to choose from.", least=least, most=512),
        "hypothesis_template": {
            **text("A sentence with {} where the label belongs.", default=template),
            "pattern": r"\{\}",
        },
    }


_QUESTION: Parameters = {
    "max_answer_len": whole("The longest answer, in tokens.", high=512, default=15),
    "max_question_len": whole(default=64),
    "max_seq_len": whole("The longest part of the text that is read at once.", default=384),
    "top_k": whole("How many answers, best first.", high=100, default=1),
    "align_to_words": flag("Answer in whole words.", default=True),
    "handle_impossible_answer": flag(
        "The answer may be nothing; if left out, only where the model has learnt that."
    ),
    "doc_stride": whole("By how many tokens the parts overlap.", low=0),
}

_DOCUMENT: Parameters = {
    "max_answer_len": whole("The longest answer, in words.", default=15),
    "max_question_len": whole(default=64),
    "max_seq_len": whole(),
    "doc_stride": whole(),
    "top_k": whole("How many answers, best first.", default=1),
    "handle_impossible_answer": flag("The answer may be nothing.", default=False),
    "lang": text("Taken for compatibility, and without effect."),
    "word_boxes": {
        "type": "array",
        "description": "The words of the page with their boxes, each from 0 to 1000.",
        "minItems": 1,
        "maxItems": 10_000,
        "items": {
            "type": "array",
            "prefixItems": [
                {"type": "string"},
                {
                    "type": "array",
                    "items": number(high=1000),
                    "minItems": 4,
                    "maxItems": 4,
                },
            ],
            "minItems": 2,
            "maxItems": 2,
        },
    },
}

_SHARES = {"threshold": 0.9, "mask_threshold": 0.5, "overlap_mask_area_threshold": 0.5}


def _side() -> Schema:
    return {**whole("In pixels, a multiple of 8.", low=16, high=2048), "multipleOf": 8}


PARAMETERS: dict[str, Parameters] = {
    "text-classification": _labels(None),
    "token-classification": {
        "aggregation_strategy": choice(
            ("none", "simple", "first", "average", "max"),
            "How tokens become words; none leaves them.",
            default="simple",
        ),
        "ignore_labels": texts("Labels to leave out.", least=0),
        "stride": whole("By how many tokens the parts of a long text overlap.", low=0),
    },
    "fill-mask": {
        "targets": texts("Words to choose from.", most=512),
        "top_k": whole("How many words, best first.", high=100, default=5),
    },
    "question-answering": _QUESTION,
    "zero-shot-classification": {
        **_candidates("This example is {}.", 1),
        "multi_label": flag("Several labels may be right.", default=False),
    },
    "sentence-similarity": {},
    "feature-extraction": {
        "normalize": flag("Make every vector as long as one.", default=False),
        "prompt_name": text("Which of the model's own prompts to put before the text."),
        "truncate": flag("Cut texts that are too long.", default=True),
        "truncation_direction": choice(("left", "right"), default="right"),
        "dimensions": whole("The first numbers of every vector alone."),
        "encoding_format": choice(("float",), default="float"),
    },
    "summarization": _SEQUENCE,
    "translation": {
        "src_lang": text("The language of the text, as the model calls it."),
        "tgt_lang": text("The language of the answer, as the model calls it."),
        **_SEQUENCE,
    },
    "text-generation": _TEXT_GENERATION,
    "table-question-answering": {
        "padding": choice(("do_not_pad", "longest", "max_length"), default="do_not_pad"),
        "sequential": flag(default=False),
        "truncation": flag("Leave rows out that do not fit.", default=True),
        "model": text("Taken for compatibility, and without effect."),
    },
    "tabular-classification": {},
    "tabular-regression": {},
    "image-classification": _labels(5),
    "zero-shot-image-classification": _candidates("This is a photo of {}.", 2),
    "object-detection": {
        "threshold": number("The score from which an object counts.", default=0.5)
    },
    "image-segmentation": {
        "subtask": choice(("panoptic", "instance", "semantic")),
        **{name: number(default=default) for name, default in _SHARES.items()},
    },
    "image-to-text": {
        "generation_parameters": _GENERATION,
        "max_new_tokens": _GENERATE["max_new_tokens"],
    },
    "visual-question-answering": {"top_k": whole("How many answers, best first.", default=5)},
    "document-question-answering": _DOCUMENT,
    "audio-classification": _labels(5),
    "automatic-speech-recognition": {
        "return_timestamps": choice((True, False, "word", "char"), default=False),
        "generation_parameters": _GENERATION,
    },
    "text-to-image": {
        "guidance_scale": number("How closely it keeps to the text.", high=100),
        "height": _side(),
        "width": _side(),
        "negative_prompt": text("What the picture should not show.", longest=5_000),
        "num_inference_steps": whole("More steps take longer.", high=150),
        "seed": whole("The same seed makes the same picture.", low=0, high=_SEEDS),
    },
    "text-to-speech": {"generation_parameters": _GENERATION, **_GENERATE},
    "text-to-audio": {"generation_parameters": _GENERATION, **_GENERATE},
    "audio-to-audio": {},
}

REQUIRED: dict[str, tuple[str, ...]] = {
    "zero-shot-classification": ("candidate_labels",),
    "zero-shot-image-classification": ("candidate_labels",),
}
"""Parameters without which a call is refused."""
