"""The base model of text generation, and why one cannot be trained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.training.recipes.loading import load_base, load_tokenizer
from phub_jupyter.errors import InvalidRequestError

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = [
    "check_base",
    "check_vocabulary",
    "load_language_model",
    "load_language_tokenizer",
    "rows_length",
    "stop_tokens",
]

_MOST_TOKENS = 1024


def check_base(folder: Path) -> None:
    """Refuse what cannot be trained to write. Raises InvalidRequestError with the remedy."""
    if not any(folder.glob("*.safetensors")):
        raise InvalidRequestError(
            f"model: it has no weights as safetensors{_instead(folder)}, and no others can be "
            "trained; start from the repository that they were made from."
        )
    config = _config(folder)
    given = config.get("architectures") or []
    wanted = _architecture(str(config.get("model_type")))
    if wanted is None or (given and wanted not in given) or config.get("is_decoder") is False:
        named = given[0] if given else config.get("model_type", "model of no known kind")
        raise InvalidRequestError(
            f"model: a {named} does not write texts; start from a causal language model, whose "
            "architecture is called …ForCausalLM or …LMHeadModel."
        )


def load_language_tokenizer(folder: Path) -> Any:
    """The tokenizer, which must know where in a text its tokens are."""
    tokenizer = load_tokenizer(folder)
    if not tokenizer.is_fast:
        raise InvalidRequestError(
            "model: its tokenizer cannot tell where in a text a token is; start from a model with "
            "a tokenizer.json."
        )
    return tokenizer


def load_language_model(folder: Path) -> PreTrainedModel:
    """The model in full precision: steps as small as a fine-tune's get lost in bfloat16."""
    import torch

    model = load_base("AutoModelForCausalLM", folder, dtype=torch.float32)
    model.config.use_cache = False
    return model


def check_vocabulary(model: PreTrainedModel, tokenizer: Any) -> None:
    """Refuse a tokenizer that knows more tokens than the model. Raises InvalidRequestError."""
    known = int(model.get_input_embeddings().num_embeddings)  # type: ignore[arg-type]
    highest = max(tokenizer.get_vocab().values())
    if highest >= known:
        raise InvalidRequestError(
            f"model: its tokenizer has tokens up to number {highest:,}, its weights know {known:,}"
            "; save the tokenizer that belongs to the weights beside them."
        )


def stop_tokens(folder: Path) -> frozenset[int]:
    """The tokens at which the model stops when it is asked."""
    found: set[int] = set()
    tokenizer = load_tokenizer(folder)
    if tokenizer.eos_token_id is not None:
        found.add(int(tokenizer.eos_token_id))
    for name in ("generation_config.json", "config.json"):
        value = _json(folder / name).get("eos_token_id")
        found.update(value if isinstance(value, list) else [] if value is None else [value])
    return frozenset(found)


def rows_length(folder: Path) -> int:
    """How many tokens of a row are read: as many as the model can, and no more than memory."""
    config = _config(folder)
    known = config.get("max_position_embeddings") or config.get("n_positions") or _MOST_TOKENS
    return min(int(known), _MOST_TOKENS, int(load_tokenizer(folder).model_max_length))


def _instead(folder: Path) -> str:
    others = {".gguf": "GGUF", ".bin": "pickled", ".pt": "pickled", ".pth": "pickled"}
    there = sorted({others[path.suffix] for path in folder.iterdir() if path.suffix in others})
    return f" (only {' and '.join(there)} ones)" if there else " (GGUF and pickles do not count)"


def _architecture(model_type: str) -> str | None:
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

    name: str | None = MODEL_FOR_CAUSAL_LM_MAPPING_NAMES.get(model_type)
    return name


def _config(folder: Path) -> dict[str, Any]:
    return _json(folder / "config.json")


def _json(path: Path) -> dict[str, Any]:
    try:
        body = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return body if isinstance(body, dict) else {}
