"""Loads a base model for a task, and says in one sentence why it cannot."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phub_jupyter.errors import InvalidRequestError

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["load_base"]


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
