"""The tokens of rows for a language model, and which of them are learnt."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from phub_jupyter.compute.inference.generation.template import ChatTemplate
from phub_jupyter.compute.training.recipes.language_rows import Example, Message
from phub_jupyter.errors import InvalidRequestError

__all__ = ["IGNORED", "TokenRows", "tokenized"]

IGNORED = -100  # the label of tokens that no loss is counted for
_GENERATION = re.compile(r"\{%-?\s*generation\s*-?%\}")

_Row = tuple[list[int], list[bool]]  # tokens, and which of them are to be written


@dataclass(frozen=True, slots=True)
class TokenRows:
    """The rows of a split: tokens, and labels, which are the tokens or `IGNORED`.

    ``cut`` of them were longer than may be.
    """

    ids: list[list[int]]
    labels: list[list[int]]
    cut: int

    def counts(self) -> list[int]:
        """How many tokens of each row a model is asked for; nothing stands before the first."""
        return [sum(label != IGNORED for label in labels[1:]) for labels in self.labels]

    def learnable(self) -> TokenRows:
        """Only the rows of which something is learnt."""
        kept = [number for number, count in enumerate(self.counts()) if count]
        return TokenRows(
            [self.ids[number] for number in kept],
            [self.labels[number] for number in kept],
            self.cut,
        )


def tokenized(
    tokenizer: Any, ends: frozenset[int], examples: Sequence[Example], split: str, length: int
) -> TokenRows:
    """Tokenize the rows of a split; each ends as the model's own answers do (``ends``).

    Raises InvalidRequestError when the tokenizer's chat template refuses a row.
    """
    if not examples:
        return TokenRows([], [], 0)
    if examples[0].messages and (tokenizer.chat_template or not examples[0].completion):
        rows = _chats(tokenizer, examples, split)
    else:
        rows = _pairs(tokenizer, examples)
    ids, labels, cut = [], [], 0
    for tokens, written in rows:
        _end(tokens, written, tokenizer.eos_token_id, ends)
        cut += len(tokens) > length
        ids.append(tokens[:length])
        pairs = zip(tokens[:length], written, strict=False)
        labels.append([token if is_written else IGNORED for token, is_written in pairs])
    return TokenRows(ids, labels, cut)


def _end(tokens: list[int], written: list[bool], eos: int | None, ends: frozenset[int]) -> None:
    """Let the model learn where to stop, unless the row says so already."""
    last = next((at for at in reversed(range(len(tokens))) if written[at]), None)
    # What follows an end in a chat template is white space, a token or two.
    there = last is not None and any(token in ends for token in tokens[max(0, last - 2) : last + 1])
    if eos is not None and last == len(tokens) - 1 and not there:
        tokens.append(eos)
        written.append(True)


def _pairs(tokenizer: Any, examples: Sequence[Example]) -> list[_Row]:
    """Prompts are tokenized by themselves, as they will be when the model is asked."""
    prompts = tokenizer([example.prompt for example in examples])["input_ids"]
    texts = [example.completion for example in examples]
    completions = tokenizer(texts, add_special_tokens=False)["input_ids"]
    rows = []
    for prompt, completion in zip(prompts, completions, strict=True):
        before = list(prompt)
        while before and before[-1] == tokenizer.eos_token_id != tokenizer.bos_token_id:
            before.pop()  # of tokenizers that end everything
        tokens = [*before, *completion]
        rows.append((tokens, [False] * len(before) + [True] * len(completion)))
    return rows


def _chats(tokenizer: Any, examples: Sequence[Example], split: str) -> list[_Row]:
    if not tokenizer.chat_template:
        raise InvalidRequestError(
            "model: its tokenizer has no chat template, which messages need; start from a chat "
            "model, or give the rows as columns 'prompt' and 'completion'."
        )
    source = tokenizer.get_chat_template()
    words = {name: str(value) for name, value in tokenizer.special_tokens_map.items()}
    rows = []
    with closing(ChatTemplate(source, words)) as template:
        for number, example in enumerate(examples):
            try:
                rows.append(_chat(tokenizer, template, example.messages, source))
            except InvalidRequestError as error:
                problem = error.message.removeprefix("messages: ").rstrip(".")
                raise InvalidRequestError(
                    f"messages-column: row {number} of split '{split}': {problem}; correct or "
                    "remove the row, or start from a model with another template."
                ) from None
    return rows


def _chat(tokenizer: Any, template: ChatTemplate, messages: Sequence[Message], source: str) -> _Row:
    # Rendered where it can do no harm first: a template may be endless.
    whole = template.render(messages)
    if _GENERATION.search(source):
        found = tokenizer.apply_chat_template(
            list(messages), return_dict=True, return_assistant_tokens_mask=True
        )
        return list(found["input_ids"]), [bool(mask) for mask in found["assistant_masks"]]
    spans = _answers(template, messages, whole)
    encoded = tokenizer(whole, add_special_tokens=False, return_offsets_mapping=True)
    at = [start for start, _ in encoded["offset_mapping"]]
    written = [any(begin <= place < end for begin, end in spans) for place in at]
    return list(encoded["input_ids"]), written


def _answers(
    template: ChatTemplate, messages: Sequence[Message], whole: str
) -> list[tuple[int, int]]:
    """Where in a chat the model's answers stand: behind what it is asked with, to their end.

    Templates may show earlier answers in another way than the last; then only that one counts.
    """
    spans = []
    for number, message in enumerate(messages):
        if message["role"] != "assistant":
            continue
        asked = template.render(messages[:number], add_generation_prompt=True)
        if not whole.startswith(asked):
            asked = template.render(messages[:number]) if number else ""
        answered = template.render(messages[: number + 1])
        if whole.startswith(asked) and whole.startswith(answered):
            spans.append((len(asked), len(answered)))
    if not spans:
        raise InvalidRequestError(
            "messages: the model's chat template does not show where its answer begins"
        )
    return spans
