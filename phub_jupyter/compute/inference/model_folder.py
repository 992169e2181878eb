"""Opens a folder that somebody uploaded as a model, and trusts nothing in it but numbers.

No code of the folder ever runs: its own Python is not imported, and weights that are pickles are
refused, because unpickling runs whatever the pickle says.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.model_files import check_transformers_files

__all__ = ["check_folder", "choose_class", "load_parts"]

_ONLY_TRAINED = ("masked_spec_embed", "mask_token")  # pre-training hides inputs with them
_OPTIONS: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}


def check_folder(folder: Path) -> None:
    """Refuse what can be told from file names and configuration alone.

    Raises InvalidRequestError or NotSupportedError with what to upload instead.
    """
    path = folder / "config.json"
    try:
        config = path.read_text("utf-8") if path.is_file() else None
    except ValueError as error:
        raise InvalidRequestError(f"model: config.json is not UTF-8 ({error}).") from None
    check_transformers_files({entry.name for entry in folder.glob("*")}, config)


def load_parts(
    folder: Path, auto_class: str, *processor_classes: str, left_out: tuple[str, ...] = ()
) -> tuple[Any, ...]:
    """Load ``(model, tokenizer)`` in full precision, the model as transformers' ``auto_class``.

    Models of pictures and sounds name other classes of processors in the tokenizer's place. Weights
    with a part of ``left_out`` in their name may be missing: the task makes nothing of them.

    Raises InvalidRequestError when weights that the task needs are missing: transformers would
    otherwise fill them with random numbers and answer with noise.
    """
    check_folder(folder)
    import torch
    import transformers

    try:
        with _no_progress_bar():
            processors = [
                getattr(transformers, name).from_pretrained(folder, **_OPTIONS)
                for name in processor_classes or ("AutoTokenizer",)
            ]
            model, loading = getattr(transformers, auto_class).from_pretrained(
                folder,
                use_safetensors=True,
                dtype=torch.float32,
                output_loading_info=True,
                **_OPTIONS,
            )
    except MemoryError:
        raise
    except Exception as error:  # the folder is a stranger's, and can be wrong in any way
        raise _unloadable(error) from error
    missing = [
        key
        for key in sorted(loading["missing_keys"])
        if not key.endswith(_ONLY_TRAINED) and not any(part in key for part in left_out)
    ]
    missing += sorted(str(k) for k in loading["mismatched_keys"])
    if missing:
        raise InvalidRequestError(
            f"model: its weights lack {', '.join(missing[:3])}, so it was not trained for this "
            "task; fine-tune it first, for example with %phub train."
        )
    return model.eval(), *processors


def choose_class(folder: Path, *auto_classes: str) -> str:
    """The one of transformers' ``auto_classes`` that knows the model in ``folder``.

    If several do, it is the one whose model the folder's configuration names. Raises
    InvalidRequestError when none does.
    """
    check_folder(folder)
    import transformers

    try:
        config = transformers.AutoConfig.from_pretrained(folder, **_OPTIONS)
    except Exception as error:  # the folder is a stranger's, and can be wrong in any way
        raise _unloadable(error) from error
    wanted = (config.architectures or [None])[0]
    known: list[str] = []
    for name in auto_classes:
        mapping = getattr(transformers, name)._model_mapping
        if type(config) in mapping:
            classes = mapping[type(config)]
            several = classes if isinstance(classes, tuple) else (classes,)
            if wanted in (model_class.__name__ for model_class in several):
                return name
            known.append(name)
    if not known:
        raise InvalidRequestError(
            f"model: a model of type {config.model_type} is not one for this task; see the "
            "pipeline_tag in its card."
        )
    return known[0]


def _unloadable(error: Exception) -> InvalidRequestError:
    return InvalidRequestError(f"model: transformers cannot load it: {_first(error)}")


@contextmanager
def _no_progress_bar() -> Iterator[None]:
    # The switch is global, and in a kernel it belongs to the person.
    from transformers.utils import logging

    switch: Any = logging
    shown = switch.is_progress_bar_enabled()
    switch.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            switch.enable_progress_bar()


def _first(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
