"""Cuts a question and its text into windows that a model can read, for serving and training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from phub_jupyter.compute.inference.pipelines.answer_spans import Place
from phub_jupyter.compute.inference.pipelines.tokens import cut, own
from phub_jupyter.errors import InvalidRequestError

__all__ = ["QUESTION_TOKENS", "WINDOW_TOKENS", "Window", "answer_windows", "shortened"]

QUESTION_TOKENS = 64
WINDOW_TOKENS = 384


@dataclass(frozen=True, slots=True)
class Window:
    """Which tokens may be in an answer, and the characters that each would take along.

    The token ``nothing`` stands for there being no answer, where the tokenizer has one for that.
    """

    places: list[Place | None]
    nothing: int | None


def shortened(tokenizer: Any, question: str, longest: int) -> str:
    """The question, cut behind so many tokens. Raises InvalidRequestError if it has none."""
    encoding = own(tokenizer)(
        question,
        add_special_tokens=False,
        return_offsets_mapping=True,
        truncation=True,
        max_length=longest,
    )
    offsets = encoding["offset_mapping"]
    if not offsets:
        raise InvalidRequestError("inputs.question: the model's tokenizer finds nothing in it.")
    return question[: offsets[-1][1]]


def answer_windows(
    tokenizer: Any,
    question: str,
    context: str,
    longest: int,
    *,
    stride: int | None = None,
    whole_words: bool = True,
) -> tuple[Any, list[Window]]:
    """The tokenizer's answer in windows of ``longest`` tokens, and what is where in each.

    ``stride`` is by how many tokens they overlap, by up to 128 if it is None. Raises
    InvalidRequestError naming the field of a call.
    """
    # Models that are filled up on the left were trained with the text before the question.
    side = 1 if tokenizer.padding_side == "right" else 0
    room = _room(tokenizer, question, longest)
    if stride is not None and stride >= room:
        raise InvalidRequestError(
            f"parameters.doc_stride: the model sees {room} tokens of the text at a time, so "
            "use less than that."
        )
    encoding = cut(
        tokenizer,
        [(question, context) if side else (context, question)],
        longest,
        truncation="only_second" if side else "only_first",
        stride=min(128, room // 2) if stride is None else stride,
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
    )
    windows = [
        Window(
            _places(encoding, index, side, whole_words),
            _position(encoding["input_ids"][index], tokenizer.cls_token_id),
        )
        for index in range(len(encoding["input_ids"]))
    ]
    return encoding, windows


def _room(tokenizer: Any, question: str, longest: int) -> int:
    asked = len(own(tokenizer)(question, add_special_tokens=False)["input_ids"])
    room: int = longest - tokenizer.num_special_tokens_to_add(pair=True) - asked
    if room < 1:
        raise InvalidRequestError(
            f"inputs.question: its {asked} tokens leave no room for the text, as the model "
            f"sees {longest} at a time; ask in fewer words, or raise parameters.max_seq_len."
        )
    return room


def _places(encoding: Any, index: int, side: int, whole_words: bool) -> list[Place | None]:
    """The characters of each token of the text, or of its whole word; None for all others."""
    offsets = encoding["offset_mapping"][index]
    words = encoding.word_ids(index) if whole_words else range(len(offsets))
    rows = [
        (place, word if which == side else None)
        for place, word, which in zip(offsets, words, encoding.sequence_ids(index), strict=True)
    ]
    reach: dict[int, Place] = {}
    for place, word in rows:
        if word is not None:
            low, high = reach.get(word, place)
            reach[word] = (min(low, place[0]), max(high, place[1]))
    return [None if word is None else reach[word] for _, word in rows]


def _position(ids: Sequence[int], token: int | None) -> int | None:
    return ids.index(token) if token is not None and token in ids else None
