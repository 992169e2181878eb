"""Loads a base model or its tokenizer for a task, and says in one sentence why it cannot."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phub_jupyter.errors import InvalidRequestError

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["load_base", "load_tokenizer"]


def load_base(auto_class: str, folder: Path, **options: Any) -> PreTrainedModel:
    """The model in a folder as transformers' ``auto_class``; a head that it lacks is new.

    Only safetensors are read, and no code of the folder runs. Raises InvalidRequestError.
    """
    import transformers

    try:
        model: PreTrainedModel = getattr(transformers, auto_class).from_pretrained(
            folder,
            ignore_mismatched_sizes=True,
            use_safetensors=True,
            local_files_only=True,
            trust_remote_code=False,
            **options,
        )
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        logging.getLogger(__name__).debug("cannot load %s", folder, exc_info=True)
        reason = str(error).split("\n", 1)[0].replace(str(folder), "the repository")
        raise InvalidRequestError(f"model: it cannot be loaded ({reason[:200]}).") from None
    return model


def load_tokenizer(folder: Path, **options: Any) -> Any:
    """The tokenizer in a folder. Raises InvalidRequestError."""
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False, **options
        )
    except (OSError, ValueError, KeyError, TypeError):
        logging.getLogger(__name__).debug("no tokenizer in %s", folder, exc_info=True)
        raise _no_tokenizer() from None
    # Of a folder without any files of it, transformers makes one that knows no word at all.
    if len(tokenizer) <= len(tokenizer.all_special_ids):
        raise _no_tokenizer()
    return tokenizer


def _no_tokenizer() -> InvalidRequestError:
    return InvalidRequestError(
        "model: it has no tokenizer that can be loaded; upload one beside it with "
        "save_pretrained, or start from another model."
    )
