"""An encoder whose pooled vectors of two texts lie as near to each other as people said."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.inference.pipelines.pooling import Pooling
from phub_jupyter.compute.training.plan import Candidate
from phub_jupyter.compute.training.recipes.recipe import Work
from phub_jupyter.compute.training.recipes.sentence_folder import SentenceFolder
from phub_jupyter.compute.training.recipes.text_encoding import Encoded, encode, run_batches
from phub_jupyter.compute.training.stepwise import StepwiseTrial

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, Trainer

__all__ = ["SentenceEncoder", "SentenceTrial"]

_SIDES = ("sentence1", "sentence2")


class SentenceEncoder:
    """The encoder of the base model for pairs of texts; scores are learnt as from 0 to 1."""

    def __init__(self, max_length: int, work: Work) -> None:
        self._wanted_length = max_length
        self._work = work
        self.folder = SentenceFolder.of(work.model_folder)

    @cached_property
    def processor(self) -> Any:
        return self.folder.tokenizer()

    def load(self, folder: Path) -> PreTrainedModel:
        return self.folder.load(folder)

    def examples(self, split: str) -> Any:
        targets = self._work.data.split(split).targets
        low, high = self._range
        near = [(value - low) / (high - low) for value in targets]
        first, second = (self._tokens(split, side) for side in _SIDES)
        return _Pairs(first, second, near)

    def collator(self) -> Any:
        return _PairCollator(self.processor)

    def predict(self, model: PreTrainedModel, split: str) -> Sequence[Any]:
        first, second = (self._vectors(model, split, side) for side in _SIDES)
        return [float(value) for value in (first * second).sum(axis=1)]

    def _vectors(self, model: PreTrainedModel, split: str, side: str) -> Any:
        def pick(output: Any, mask: torch.Tensor) -> torch.Tensor:
            return pooled(self.folder.pooling, output, mask)

        rows = Encoded(self._tokens(split, side))
        return run_batches(model, self.processor, rows, pick, self._work)

    @cached_property
    def _range(self) -> tuple[float, float]:
        targets = self._work.data.train.targets
        return min(targets), max(targets)

    def _tokens(self, split: str, side: str) -> list[list[int]]:
        limits = (self._wanted_length, self.processor.model_max_length, self.folder.modules.longest)
        max_length = min(int(limit) for limit in limits if limit)

        def make() -> list[list[int]]:
            texts = [self.folder.text(text) for text in self._work.data.split(split).inputs[side]]
            return encode(self.processor, texts, None, max_length).token_ids

        tokens: list[list[int]] = self._work.once(("tokens", split, side, max_length), make)
        return tokens


class SentenceTrial(StepwiseTrial):
    """Trains by the distance of the cosine from the score, and publishes how vectors are made."""

    def __init__(self, candidate: Candidate, model: SentenceEncoder, work: Work) -> None:
        super().__init__(candidate, model, work)
        self._sentences = model.folder

    def save(self, folder: Path, step: int) -> None:
        """Write the encoder, and the steps from its tokens to a vector."""
        super().save(folder, step)
        pooling = self._sentences.pooling
        numbers = int(self._at(step).config.hidden_size) * len(pooling.modes)
        self._sentences.write(folder, numbers)

    def _trainer_class(self) -> type[Trainer]:
        """A trainer for pairs, made here because the base class takes seconds to import."""
        import torch
        from transformers import Trainer

        pooling = self._sentences.pooling

        class PairTrainer(Trainer):
            loss_is_scaled_for_ga = False

            def compute_loss(
                self,
                model: Any,
                inputs: dict[str, Any],
                return_outputs: bool = False,
                num_items_in_batch: Any = None,
            ) -> Any:
                scores = inputs.pop("label")
                output = model(**inputs)
                first, second = pooled(pooling, output, inputs["attention_mask"]).chunk(2)
                loss = torch.nn.functional.mse_loss((first * second).sum(-1), scores)
                return (loss, output) if return_outputs else loss

        return PairTrainer


class _Pairs:
    """Tokenized pairs in the shape that the Trainer takes: a sequence of rows."""

    def __init__(
        self, first: list[list[int]], second: list[list[int]], scores: Sequence[float]
    ) -> None:
        self._first, self._second, self._scores = first, second, scores

    def __len__(self) -> int:
        return len(self._scores)

    def __getitem__(self, index: int) -> dict[str, Any]:
        pair = _Pair(self._first[index], self._second[index])
        return {"input_ids": pair, "label": self._scores[index]}


class _Pair(tuple[list[int], list[int]]):
    """Two texts' tokens; as long as the longer one, by which the Trainer groups rows."""

    __slots__ = ()

    def __new__(cls, first: list[int], second: list[int]) -> _Pair:
        return super().__new__(cls, (first, second))

    def __len__(self) -> int:
        return max(len(side) for side in self)


class _PairCollator:
    """Makes a batch: all first texts, then all second ones."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer

    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
        import torch

        sides = zip(*(tuple(row["input_ids"]) for row in rows), strict=True)
        texts = [{"input_ids": ids} for side in sides for ids in side]
        batch = dict(self._tokenizer.pad(texts, return_tensors="pt"))
        batch["label"] = torch.tensor([row["label"] for row in rows], dtype=torch.float32)
        return batch


def pooled(pooling: Pooling, output: Any, mask: torch.Tensor) -> torch.Tensor:
    """One vector of length 1 a text."""
    import torch

    vectors: torch.Tensor = pooling(output.last_hidden_state.float(), mask)
    return torch.nn.functional.normalize(vectors, dim=-1)
