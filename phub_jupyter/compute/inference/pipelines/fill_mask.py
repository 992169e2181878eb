"""Fill-mask: a text with gaps in, what fits into them out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phub_jupyter.compute.inference.model_folder import load_parts
from phub_jupyter.compute.inference.pipelines.call import read_call, texts, whole_number
from phub_jupyter.compute.inference.pipelines.tensors import finite
from phub_jupyter.compute.inference.pipelines.text_model import TextModel, probabilities
from phub_jupyter.compute.inference.pipelines.tokens import TokenisedText, own
from phub_jupyter.errors import InvalidRequestError

__all__ = ["FillMask", "FillMaskRequest", "load", "parse"]

_MAX_ANSWERS = 100
_MAX_GAPS = 16


@dataclass(frozen=True, slots=True)
class FillMaskRequest:
    """Checked texts, how many answers are wanted, and of which words if not of all."""

    texts: tuple[str, ...]
    single: bool
    top_k: int
    targets: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class _Question:
    gaps: list[int]
    top_k: int
    targets: list[int] | None


def parse(body: Mapping[str, Any]) -> FillMaskRequest:
    """Check a call. Raises InvalidRequestError naming the field and the remedy."""
    call = read_call(body, parameters=("targets", "top_k"))
    targets = call.parameters.get("targets")
    top_k = call.parameters.get("top_k", 5)
    return FillMaskRequest(
        texts("inputs", call.inputs),
        isinstance(call.inputs, str),
        whole_number("parameters.top_k", top_k, high=_MAX_ANSWERS),
        None if targets is None else texts("parameters.targets", targets),
    )


class FillMask:
    """A loaded masked language model."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        if tokenizer.mask_token_id is None:
            raise InvalidRequestError(
                "model: its tokenizer has no mask token, so it cannot fill gaps; upload the "
                "tokenizer that the model was trained with."
            )
        self._text_model = TextModel(model, tokenizer, probabilities, decides=False)
        self._vocabulary: dict[str, int] = tokenizer.get_vocab()

    def describe(self) -> dict[str, Any]:
        """How the model runs here."""
        return {**self._text_model.describe(), "mask": self._text_model.tokenizer.mask_token}

    def tokenise(self, request: FillMaskRequest) -> list[TokenisedText]:
        """Cut every text into tokens and find the gaps."""
        encoding = self._text_model.encode(request.texts)
        targets = None if request.targets is None else self._ids(request.targets)
        questions = [
            _Question(self._gaps(ids, index), request.top_k, targets)
            for index, ids in enumerate(encoding["input_ids"])
        ]
        return self._text_model.items(encoding, questions)

    def _gaps(self, ids: list[int], index: int) -> list[int]:
        tokenizer = self._text_model.tokenizer
        gaps = [place for place, token in enumerate(ids) if token == tokenizer.mask_token_id]
        if not gaps:
            raise InvalidRequestError(
                f"inputs: text {index + 1} has no gap in its first {self._text_model.max_length} "
                f"tokens; write {tokenizer.mask_token} where a word is missing."
            )
        if len(gaps) > _MAX_GAPS:
            raise InvalidRequestError(
                f"inputs: text {index + 1} has {len(gaps)} gaps; send at most {_MAX_GAPS}."
            )
        return gaps

    def _ids(self, targets: Sequence[str]) -> list[int]:
        """The tokens of words; of a word that is several tokens the first."""
        found: dict[int, None] = {}
        for index, target in enumerate(targets):
            token = self._vocabulary.get(target)
            if token is None:
                ids = own(self._text_model.tokenizer)(target, add_special_tokens=False)["input_ids"]
                if not ids:
                    raise InvalidRequestError(
                        f"parameters.targets[{index}]: the model knows no such word; use another."
                    )
                token = ids[0]
            found[token] = None
        return list(found)

    def run(self, items: Sequence[TokenisedText]) -> list[Any]:
        """Run one batch; for each text one list of answers a gap."""
        logits = self._text_model.forward(items).logits
        left = self._text_model.tokenizer.padding_side == "left"
        outputs = []
        for item, row in zip(items, logits, strict=True):
            shift = len(row) - item.length if left else 0
            gaps = row[[gap + shift for gap in item.about.gaps]]
            scores = finite(probabilities(gaps.float())).cpu()
            outputs.append(self._answers(item, scores))
        return outputs

    def _answers(self, item: TokenisedText, scores: Any) -> list[list[dict[str, Any]]]:
        question: _Question = item.about
        targets = question.targets
        if targets is not None:
            scores = scores[:, targets]
        best = scores.topk(min(question.top_k, scores.shape[-1]))
        rows = zip(question.gaps, best.values.tolist(), best.indices.tolist(), strict=True)
        return [
            [
                self._answer(item, gap, place if targets is None else targets[place], score)
                for score, place in zip(scores_of_gap, places, strict=True)
            ]
            for gap, scores_of_gap, places in rows
        ]

    def _answer(self, item: TokenisedText, gap: int, token: int, score: float) -> dict[str, Any]:
        tokenizer = self._text_model.tokenizer
        ids = list(item.columns["input_ids"])
        ids[gap] = token
        # Without special tokens the text reads best, but other gaps would vanish with them.
        readable = len(item.about.gaps) == 1
        return {
            "score": score,
            "token": token,
            "token_str": tokenizer.decode([token]),
            "sequence": tokenizer.decode(ids, skip_special_tokens=readable),
        }

    def shape(self, request: FillMaskRequest, outputs: Sequence[Any]) -> list[Any]:
        """``[{score, token, token_str, sequence}, …]`` of a gap, best first.

        Several gaps make a list of those, and a list of texts one more.
        """
        answers = [gaps[0] if len(gaps) == 1 else gaps for gaps in outputs]
        return list(answers[0]) if request.single else answers


def load(folder: Path) -> FillMask:
    """Load the model in ``folder``. Raises InvalidRequestError, NotSupportedError."""
    return FillMask(*load_parts(folder, "AutoModelForMaskedLM"))
