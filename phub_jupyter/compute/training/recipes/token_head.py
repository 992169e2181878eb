"""Tags from the frozen base model: a linear model over the vector of each word's first token."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.training.data import drawn
from phub_jupyter.compute.training.plan import Candidate
from phub_jupyter.compute.training.recipes.loading import load_base
from phub_jupyter.compute.training.recipes.recipe import Work
from phub_jupyter.compute.training.recipes.text_encoding import Encoded, run_batches
from phub_jupyter.compute.training.recipes.token_model import TokenModel

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

__all__ = ["TagHead"]


class TagHead:
    """Logistic regression over the words of ``max_rows`` training rows."""

    def __init__(self, candidate: Candidate, work: Work) -> None:
        self._parameters = candidate.parameters
        self._tagger = TokenModel(candidate, work)
        self._work = work

    def fit(self, start: int, on_step: Callable[[int], bool]) -> int:
        """Fit it, which is one step."""
        self._work.check()
        _ = self._layer
        return 1

    def predict(self, split: str, step: int) -> Sequence[Any]:
        """A tag for each word."""
        import torch

        weight, bias, tags = self._layer

        def best(output: Any, mask: torch.Tensor) -> torch.Tensor:
            hidden = output.last_hidden_state.float().cpu()
            scores = torch.nn.functional.linear(hidden, weight, bias)
            return self._tagger.filled_up(tags[scores.argmax(-1)])

        return self._tagger.tags(split, self._run(self._tagger.tokens(split).ids, best))

    def save(self, folder: Path, step: int) -> None:
        """Refuse: other programs could not load it."""
        raise NotImplementedError("embeddings is not a publishable family")

    def release(self) -> None:
        """Forget what was fitted, and the base model."""
        vars(self).pop("_layer", None)
        vars(self).pop("_encoder", None)

    def discard(self) -> None:
        """Nothing of it is on disk."""
        self.release()

    @cached_property
    def _encoder(self) -> PreTrainedModel:
        return load_base("AutoModel", self._work.model_folder)

    @cached_property
    def _layer(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Weights and biases by output, and the index of the tag that each output stands for."""
        import numpy as np
        import torch
        from sklearn.linear_model import LogisticRegression

        model = LogisticRegression(C=self._parameters["C"], max_iter=300)
        model.fit(*self._examples())
        weight, bias = model.coef_, model.intercept_
        if len(weight) == 1:  # two tags have one output, whose sign decides
            weight, bias = np.vstack([-weight, weight]), np.hstack([-bias, bias])
        tags = torch.tensor(model.classes_, dtype=torch.float32)
        return torch.tensor(weight).float(), torch.tensor(bias).float(), tags

    def _examples(self) -> tuple[Any, list[int]]:
        """The vector of each word's first token, and the index of its tag."""
        import numpy as np

        def hidden(output: Any, mask: torch.Tensor) -> torch.Tensor:
            return self._tagger.filled_up(output.last_hidden_state.float())

        tokens, data = self._tagger.tokens("train"), self._work.data
        rows = drawn(len(tokens.ids), self._parameters["max_rows"], self._work.seed)
        vectors, chosen, tags = self._run([tokens.ids[row] for row in rows], hidden), [], []
        for row, found in zip(rows, vectors, strict=True):
            words = tokens.words[row]
            for place, word in enumerate(words):
                if word is not None and word not in words[:place]:
                    chosen.append(found[place])
                    tags.append(data.labels.index(data.train.targets[row][word]))
        return np.stack(chosen), tags

    def _run(self, ids: list[list[int]], pick: Callable[..., torch.Tensor]) -> Any:
        return run_batches(self._encoder, self._tagger.processor, Encoded(ids), pick, self._work)
