"""The base model of summarization and translation: how it is asked, and its limits."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from phub_jupyter.compute.inference.pipelines.languages import code_ids
from phub_jupyter.compute.training.recipes.loading import load_base, load_tokenizer
from phub_jupyter.errors import InvalidRequestError

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["MOST_WRITTEN", "Wording", "check_writer", "load_writer", "longest_source"]

MOST_WRITTEN = 512
"""Tokens of a target that are learnt at most."""

_UNTOLD = 512  # tokens that are read of a text, where the model does not say how many it can
_KEPT = (
    *("decoder_start_token_id", "bos_token_id", "eos_token_id", "pad_token_id"),
    *("forced_bos_token_id", "forced_eos_token_id", "bad_words_ids", "suppress_tokens"),
)


@dataclass(frozen=True, slots=True)
class Wording:
    """How a base model is asked: with words before the text, by codes of languages, or neither.

    ``key`` is where its configuration keeps the words, None where it has no such place.
    """

    key: str | None = None
    prefix: str = ""
    languages: tuple[str, str] | None = None

    @classmethod
    def of(cls, task: str, folder: Path, columns: Mapping[str, str]) -> Self:
        """As the inference pipeline asks; ``columns`` name texts and languages by their role.

        Raises InvalidRequestError for languages that the model has no code for.
        """
        config = _config(folder)
        tasks = config.get("task_specific_params") or {}
        if task == "summarization":
            told = tasks.get(task, {}).get("prefix", config.get("prefix"))
            return cls(task, told if isinstance(told, str) else "")
        tokenizer = load_tokenizer(folder)
        if hasattr(tokenizer, "src_lang"):
            return cls(languages=_codes(tokenizer, columns))
        if not any(str(name).startswith("translation_") for name in tasks):
            return cls()
        key = f"translation_{columns['source']}_to_{columns['target']}"
        return cls(key, str(tasks.get(key, {}).get("prefix") or ""))

    def tokenizer(self, folder: Path) -> Any:
        """The tokenizer of a folder, told the languages."""
        if self.languages is None:
            return load_tokenizer(folder)
        source, target = self.languages
        return load_tokenizer(folder, src_lang=source, tgt_lang=target)

    def settle(self, model: PreTrainedModel, tokenizer: Any, most: int) -> None:
        """Have the model write as it is trained to: plainly, and ``most`` tokens at the most.

        What a base was published with (beams, least lengths) was for other texts.
        """
        import transformers

        plain: Any = transformers.GenerationConfig
        before: Any = model.generation_config
        kept = {name: getattr(before, name, None) for name in _KEPT}
        if self.languages is not None:
            kept["forced_bos_token_id"] = code_ids(tokenizer)[self.languages[1]]
        model.generation_config = plain(**kept, max_new_tokens=most)
        config: Any = model.config
        config.task_specific_params = {self.key: {"prefix": self.prefix}} if self.key else None


def _codes(tokenizer: Any, columns: Mapping[str, str]) -> tuple[str, str]:
    known = code_ids(tokenizer)
    found = []
    for role in ("source", "target"):
        code = columns.get(f"{role}-language", columns[role])
        if code not in known:
            some = ", ".join(sorted(known)[:5])
            raise InvalidRequestError(
                f"{role}-language: the model translates between many languages, and '{code}' is "
                f"none of them; name one as --column {role}-language=CODE ({some}, …)."
            )
        found.append(code)
    return found[0], found[1]


def check_writer(folder: Path) -> None:
    """Refuse what does not read one text and write another. Raises InvalidRequestError."""
    from transformers.models.auto.modeling_auto import (
        MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES,
    )

    config = _config(folder)
    if config.get("model_type") not in MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES:
        given = config.get("architectures") or [config.get("model_type", "model of no known kind")]
        raise InvalidRequestError(
            f"model: a {given[0]} does not read one text and write another; start from an "
            "encoder with a decoder, such as T5, BART, Marian or NLLB."
        )


def load_writer(folder: Path) -> PreTrainedModel:
    """The model in full precision: steps as small as a fine-tune's get lost in bfloat16."""
    import torch

    return load_base("AutoModelForSeq2SeqLM", folder, dtype=torch.float32)


def longest_source(folder: Path, wanted: int) -> int:
    """How many tokens of a text are read, if ``wanted`` are."""
    known = _config(folder).get("max_position_embeddings") or _UNTOLD
    return min(wanted, int(known), int(load_tokenizer(folder).model_max_length))


def _config(folder: Path) -> dict[str, Any]:
    try:
        body = json.loads((folder / "config.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return body if isinstance(body, dict) else {}
