"""Reads how a sentence-transformers repository makes one vector of a text.

``modules.json`` lists steps after the model itself: pooling, then possibly dense layers and a
normalisation. Only numbers and names are read from the folder, and only steps that are known here.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from phub_jupyter.compute.inference.pipelines.pooling import Pooling
from phub_jupyter.errors import InvalidRequestError, NotSupportedError

__all__ = ["SentenceModules", "read_modules"]

_Layer = Callable[[Any], Any]
_ACTIVATIONS = ("Identity", "Tanh", "ReLU", "GELU", "Sigmoid", "SiLU")
_KNOWN = "Transformer, Pooling, Dense and Normalize"


@dataclass(frozen=True, slots=True)
class SentenceModules:
    """The steps. Without ``pooling`` the model gives a vector for every token.

    ``layers`` take vectors as rows. ``folder`` holds the transformer.
    """

    folder: Path
    pooling: Pooling | None = None
    layers: tuple[_Layer, ...] = ()
    longest: int | None = None
    lower: bool = False
    prompts: dict[str, str] = field(default_factory=dict)
    default_prompt: str | None = None


def read_modules(folder: Path) -> SentenceModules:
    """The steps in ``folder``, none for a plain transformers model.

    Raises InvalidRequestError for damaged files, NotSupportedError for steps not known here.
    """
    if not (folder / "modules.json").is_file():
        return SentenceModules(folder)
    steps = [_step(folder, entry) for entry in _read(folder / "modules.json", list)]
    if not steps or steps[0][0] != "Transformer":
        raise NotSupportedError(f"model: modules.json begins with no transformer; known: {_KNOWN}.")
    return _assembled(folder, steps)


def _assembled(folder: Path, steps: list[tuple[str, Path]]) -> SentenceModules:
    pooling: Pooling | None = None
    layers: list[_Layer] = []
    for kind, path in steps[1:]:
        if kind == "Pooling" and pooling is None:
            pooling = Pooling.from_config(_optional(path / "config.json"))
        elif kind == "Dense" and pooling is not None:
            layers.append(_dense(path))
        elif kind == "Normalize" and pooling is not None:
            layers.append(_normalized)
        else:
            raise NotSupportedError(
                f"model: modules.json has a step '{kind}' that this hub cannot run there; it runs "
                f"{_KNOWN}, in that order."
            )
    own = _optional(steps[0][1] / "sentence_bert_config.json")
    extra = _optional(folder / "config_sentence_transformers.json")
    prompts = extra.get("prompts")
    longest = own.get("max_seq_length")
    return SentenceModules(
        steps[0][1],
        pooling,
        tuple(layers),
        longest if isinstance(longest, int) and longest > 0 else None,
        own.get("do_lower_case") is True,
        _texts(prompts) if isinstance(prompts, dict) else {},
        extra.get("default_prompt_name"),
    )


def _texts(values: dict[str, Any]) -> dict[str, str]:
    return {name: value for name, value in values.items() if isinstance(value, str)}


def _step(folder: Path, entry: Any) -> tuple[str, Path]:
    if not isinstance(entry, dict) or not isinstance(entry.get("type"), str):
        raise InvalidRequestError("model: modules.json must list objects with type and path.")
    path = (folder / str(entry.get("path") or "")).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise InvalidRequestError("model: modules.json leads out of the repository.")
    return entry["type"].rpartition(".")[2], path


def _optional(path: Path) -> dict[str, Any]:
    return dict(_read(path, dict)) if path.is_file() else {}


def _read(path: Path, kind: type[Any]) -> Any:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidRequestError(f"model: {path.name} is not valid JSON ({error}).") from None
    if not isinstance(found, kind):
        raise InvalidRequestError(f"model: {path.name} must hold a JSON {kind.__name__}.")
    return found


def _dense(path: Path) -> _Layer:
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    config = _optional(path / "config.json")
    name = str(config.get("activation_function", "torch.nn.Tanh")).rpartition(".")[2]
    if name not in _ACTIVATIONS:
        raise NotSupportedError(
            f"model: a dense layer uses {name}; this hub knows {', '.join(_ACTIVATIONS)}."
        )
    if not (path / "model.safetensors").is_file():
        raise InvalidRequestError(
            f"model: the dense layer in {path.name} has no model.safetensors; save the model again."
        )
    try:
        weights = load_file(path / "model.safetensors")
        matrix, bias = weights["linear.weight"].float(), weights.get("linear.bias")
    except (SafetensorError, KeyError, OSError) as error:
        raise InvalidRequestError(
            f"model: the dense layer in {path.name} cannot be read: {error}"
        ) from error
    activation = getattr(torch.nn, name)()
    shift = None if bias is None else bias.float()
    return lambda rows: activation(torch.nn.functional.linear(rows, matrix, shift))


def _normalized(rows: Any) -> Any:
    import torch

    return torch.nn.functional.normalize(rows, dim=-1)
