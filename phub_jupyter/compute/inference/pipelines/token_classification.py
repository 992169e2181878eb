"""Token classification: a text in, the entities in it out, with where they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phub_jupyter.compute.inference.model_folder import load_parts
from phub_jupyter.compute.inference.pipelines.call import (
    choice,
    read_call,
    texts,
    whole_number,
    words,
)
from phub_jupyter.compute.inference.pipelines.entities import (
    STRATEGIES,
    Token,
    aggregate,
    without_overlaps,
)
from phub_jupyter.compute.inference.pipelines.label_scores import labels_of
from phub_jupyter.compute.inference.pipelines.tensors import finite
from phub_jupyter.compute.inference.pipelines.text_model import (
    TextModel,
    probabilities,
    require_offsets,
)
from phub_jupyter.compute.inference.pipelines.tokens import TokenisedText
from phub_jupyter.errors import InvalidRequestError

__all__ = ["TokenClassification", "TokenClassificationRequest", "load", "parse"]

_PARAMETERS = ("aggregation_strategy", "ignore_labels", "stride")
_MAX_WINDOWS = 512


@dataclass(frozen=True, slots=True)
class TokenClassificationRequest:
    """Checked texts and parameters. Without a ``stride`` long texts are cut, not looped over."""

    texts: tuple[str, ...]
    single: bool
    strategy: str
    ignored: tuple[str, ...]
    stride: int | None


@dataclass(frozen=True, slots=True)
class _Window:
    """A part of a text: which one, what is asked, and where its tokens are."""

    text: int
    request: TokenClassificationRequest
    pieces: list[str]
    offsets: list[tuple[int, int]]
    words: list[int | None]
    special: list[int]


def parse(body: Mapping[str, Any]) -> TokenClassificationRequest:
    """Check a call. Raises InvalidRequestError naming the field and the remedy."""
    call = read_call(body, parameters=_PARAMETERS)
    sent = call.parameters
    stride = sent.get("stride")
    return TokenClassificationRequest(
        texts("inputs", call.inputs),
        isinstance(call.inputs, str),
        choice(
            "parameters.aggregation_strategy",
            sent.get("aggregation_strategy", "simple"),
            STRATEGIES,
        ),
        words("parameters.ignore_labels", sent.get("ignore_labels", ["O"])),
        None if stride is None else whole_number("parameters.stride", stride, low=0),
    )


class TokenClassification:
    """A loaded tagger."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        require_offsets(tokenizer)
        self._labels = labels_of(model.config)
        self._text_model = TextModel(model, tokenizer, probabilities, decides=False)

    def describe(self) -> dict[str, Any]:
        """How the model runs here."""
        return {**self._text_model.describe(), "labels": self._labels}

    def tokenise(self, request: TokenClassificationRequest) -> list[TokenisedText]:
        """Cut the texts into tokens, and with a stride into windows that overlap by so many."""
        encoding = self._text_model.encode(
            request.texts,
            return_offsets_mapping=True,
            return_special_tokens_mask=True,
            **self._windows(request.stride),
        )
        sources = encoding.get("overflow_to_sample_mapping") or range(len(request.texts))
        if len(sources) > max(_MAX_WINDOWS, len(request.texts)):
            raise InvalidRequestError(
                f"inputs: the texts make {len(sources)} windows, more than {_MAX_WINDOWS}; send "
                "less text at a time, or a smaller parameters.stride."
            )
        abouts = [
            _Window(
                text,
                request,
                self._pieces(request.texts[text], encoding, index),
                encoding["offset_mapping"][index],
                encoding.word_ids(index),
                encoding["special_tokens_mask"][index],
            )
            for index, text in enumerate(sources)
        ]
        return self._text_model.items(encoding, abouts)

    def _pieces(self, text: str, encoding: Any, index: int) -> list[str]:
        """The tokens in writing; what the model has no token for as it stands in the text."""
        unknown = self._text_model.tokenizer.unk_token
        rows = zip(encoding.tokens(index), encoding["offset_mapping"][index], strict=True)
        return [text[slice(*place)] if piece == unknown else piece for piece, place in rows]

    def _windows(self, stride: int | None) -> dict[str, Any]:
        if stride is None:
            return {}
        room = self._text_model.room()
        if stride >= room:
            raise InvalidRequestError(
                f"parameters.stride: the model sees {room} tokens at a time, so use less than that."
            )
        return {"stride": stride, "return_overflowing_tokens": True}

    def run(self, items: Sequence[TokenisedText]) -> list[Any]:
        """Run one batch; for each window its text's number and the entities in it."""
        logits = self._text_model.forward(items).logits.float()
        rows = finite(probabilities(logits)).cpu().tolist()
        left = self._text_model.tokenizer.padding_side == "left"
        outputs = []
        for item, row in zip(items, rows, strict=True):
            real = row[-item.length :] if left else row[: item.length]
            outputs.append((item.about.text, self._entities(item.about, real)))
        return outputs

    def _entities(self, window: _Window, rows: list[list[float]]) -> list[dict[str, Any]]:
        tokens = [
            Token(index, window.pieces[index], *window.offsets[index], window.words[index], scores)
            for index, scores in enumerate(rows)
            if not window.special[index]
        ]
        join = self._text_model.tokenizer.convert_tokens_to_string
        entities = aggregate(tokens, self._labels, window.request.strategy, join)
        ignored = window.request.ignored
        return [
            entity
            for entity in entities
            if entity.get("entity", entity.get("entity_group")) not in ignored
        ]

    def shape(self, request: TokenClassificationRequest, outputs: Sequence[Any]) -> list[Any]:
        """``[{entity_group, score, word, start, end}, …]``; for a list of texts a list of those."""
        found: list[list[dict[str, Any]]] = [[] for _ in request.texts]
        windows = [0] * len(found)
        for text, entities in outputs:
            found[text] += entities
            windows[text] += 1
        answers = [
            without_overlaps(entities) if count > 1 else entities
            for entities, count in zip(found, windows, strict=True)
        ]
        return answers[0] if request.single else answers


def load(folder: Path) -> TokenClassification:
    """Load the tagger in ``folder``. Raises InvalidRequestError, NotSupportedError."""
    return TokenClassification(*load_parts(folder, "AutoModelForTokenClassification"))
