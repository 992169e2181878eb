"""Which weights of a model a candidate trains: all, the upper layers', or low-rank additions."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch.nn import Module
    from transformers import PreTrainedModel

__all__ = ["add_adapters", "freeze", "load_adapters", "merge_adapters"]


def freeze(model: PreTrainedModel, parameters: Mapping[str, Any]) -> None:
    """Keep the embeddings and the lower ``frozen_share`` of the layers as they are.

    ``freeze_embeddings`` alone spares the optimizer; frozen layers spare the way back through
    them as well.
    """
    share = float(parameters.get("frozen_share", 0.0))
    table = _input_embeddings(model)
    if share or parameters.get("freeze_embeddings"):
        table.requires_grad_(False)
    if share:
        base = model.base_model
        for child in base.children():
            if any(module is table for module in child.modules()) and not _layers(child):
                child.requires_grad_(False)
        layers = _layers(base)
        for layer in layers[: round(share * len(layers))]:
            layer.requires_grad_(False)


def add_adapters(model: PreTrainedModel, parameters: Mapping[str, Any]) -> Any:
    """The model with LoRA in its linear layers; of its own weights only the head learns.

    In a model of convolutions without any linear layer it is in those.
    """
    from peft import LoraConfig, get_peft_model

    rank = int(parameters["rank"])
    config = LoraConfig(
        r=rank,
        lora_alpha=int(parameters.get("alpha", 2 * rank)),
        lora_dropout=float(parameters.get("lora_dropout", 0.0)),
        target_modules=_adapted(model),
        modules_to_save=_heads(model) or None,
    )
    with _without_notices():
        return get_peft_model(model, config)


def _adapted(model: PreTrainedModel) -> str | list[str]:
    from torch.nn import Conv2d, Linear

    modules = list(model.base_model.modules())
    if any(isinstance(module, Linear) for module in modules):
        return "all-linear"
    named = model.named_modules()
    return [name for name, module in named if isinstance(module, Conv2d) and module.groups == 1]


def load_adapters(model: PreTrainedModel, folder: Path) -> Any:
    """The base model with the additions of a checkpoint."""
    from peft import PeftModel

    with _without_notices():
        return PeftModel.from_pretrained(model, str(folder))


def merge_adapters(model: Any) -> PreTrainedModel:
    """The model with its additions added in: a plain one, as it will be published."""
    merged: PreTrainedModel = model.merge_and_unload()
    return merged


@contextmanager
def _without_notices() -> Iterator[None]:
    """peft reads a property that transformers is about to rename, and people need not hear it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        yield


def _input_embeddings(model: PreTrainedModel) -> Module:
    """What a model reads its input with; of convolutions, all that stands before the layers."""
    try:
        table: Module = model.get_input_embeddings()
    except NotImplementedError:
        return next(iter(model.base_model.children()))
    return table


def _layers(module: Module) -> list[Module]:
    """The layers of the first stack in a model, lowest first."""
    from torch.nn import ModuleList

    stacks = (part for part in module.modules() if isinstance(part, ModuleList))
    return list(next(stacks, ()))


def _heads(model: PreTrainedModel) -> list[str]:
    """The parts on top of the base that have weights of their own, which may be new."""
    if model.base_model is model:
        return []
    tied: Any = model.get_output_embeddings()  # type: ignore[no-untyped-call]
    return [
        name
        for name, child in model.named_children()
        if child is not model.base_model and child is not tied and list(child.parameters())
    ]
