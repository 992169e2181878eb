"""A folder as sentence-transformers lays it out: read as a base, and written as a result."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from phub_jupyter.compute.inference.pipelines.pooling import Pooling
from phub_jupyter.compute.inference.pipelines.sentence_modules import SentenceModules, read_modules
from phub_jupyter.compute.training.recipes.loading import load_base, load_tokenizer
from phub_jupyter.errors import InvalidRequestError

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["SentenceFolder"]

_STEPS = ("Transformer", "Pooling", "Normalize")
_FLAGS = {
    "cls": "pooling_mode_cls_token",
    "max": "pooling_mode_max_tokens",
    "mean": "pooling_mode_mean_tokens",
    "mean_sqrt_len_tokens": "pooling_mode_mean_sqrt_len_tokens",
    "weightedmean": "pooling_mode_weightedmean_tokens",
    "lasttoken": "pooling_mode_lasttoken",
}


@dataclass(frozen=True, slots=True)
class SentenceFolder:
    """An encoder with its way to pool: its own, or the mean for a plain model."""

    folder: Path
    modules: SentenceModules
    pooling: Pooling

    @classmethod
    def of(cls, folder: Path) -> Self:
        """Read how the base model pools. Raises InvalidRequestError or NotSupportedError."""
        modules = read_modules(folder)
        if any(path.is_dir() for path in folder.glob("*_Dense")):
            raise InvalidRequestError(
                "model: it has a dense layer after pooling, which cannot be trained on; start from "
                "a model that only pools."
            )
        return cls(folder, modules, modules.pooling or Pooling())

    def load(self, folder: Path) -> PreTrainedModel:
        """The encoder of this base, or of a checkpoint. Raises InvalidRequestError."""
        return load_base("AutoModel", self.modules.folder if folder == self.folder else folder)

    def tokenizer(self) -> Any:
        """The encoder's tokenizer. Raises InvalidRequestError."""
        return load_tokenizer(self.modules.folder)

    def text(self, text: str) -> str:
        """A text as the encoder reads it: behind its usual prompt, in small letters if it must."""
        prefixed = self.modules.prompts.get(self.modules.default_prompt or "", "") + text
        return prefixed.lower() if self.modules.lower else prefixed

    def write(self, folder: Path, numbers: int) -> None:
        """Add to a saved encoder what says how ``numbers`` numbers are made of its tokens'."""
        steps = [
            {
                "idx": index,
                "name": str(index),
                "path": f"{index}_{kind}" if index else "",
                "type": f"sentence_transformers.models.{kind}",
            }
            for index, kind in enumerate(_STEPS)
        ]
        _write(folder / "modules.json", steps)
        modes = {flag: mode in self.pooling.modes for mode, flag in _FLAGS.items()}
        include = {"include_prompt": self.pooling.include_prompt}
        (folder / "1_Pooling").mkdir(exist_ok=True)
        _write(
            folder / "1_Pooling" / "config.json",
            {"word_embedding_dimension": numbers, **modes, **include},
        )
        _write(
            folder / "sentence_bert_config.json",
            {"max_seq_length": self.modules.longest, "do_lower_case": self.modules.lower},
        )
        _write(
            folder / "config_sentence_transformers.json",
            {
                "prompts": self.modules.prompts,
                "default_prompt_name": self.modules.default_prompt,
                "similarity_fn_name": "cosine",
            },
        )


def _write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", "utf-8")
