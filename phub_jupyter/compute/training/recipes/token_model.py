"""A transformers model that gives every token a tag, and so every word that begins with one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.training.plan import Candidate
from phub_jupyter.compute.training.recipes.loading import load_base, load_tokenizer
from phub_jupyter.compute.training.recipes.recipe import Work
from phub_jupyter.compute.training.recipes.text_encoding import Encoded, run_batches
from phub_jupyter.errors import InvalidRequestError

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

__all__ = ["TokenModel", "Tokens", "load_tagger", "load_tagging_tokenizer"]

_IGNORED = -100  # the label of tokens that no loss is counted for


def load_tagger(folder: Path, labels: tuple[str, ...]) -> PreTrainedModel:
    """The model in a folder with an output for each tag. Raises InvalidRequestError."""
    names = dict(enumerate(labels))
    return load_base(
        "AutoModelForTokenClassification",
        folder,
        id2label=names,
        label2id={name: number for number, name in names.items()},
    )


def load_tagging_tokenizer(folder: Path) -> Any:
    """The tokenizer of a folder, which must know where in a text its tokens are.

    It fills batches up at the end, so that the place of a token in a row stays.
    """
    tokenizer = load_tokenizer(folder)
    if not tokenizer.is_fast:
        raise InvalidRequestError(
            "model: its tokenizer cannot tell where in a text a token is; start from a model with "
            "a tokenizer.json."
        )
    tokenizer.padding_side = "right"
    return tokenizer


@dataclass(frozen=True, slots=True)
class Tokens:
    """A split's tokens by row: their ids, and the word that each belongs to (None for none)."""

    ids: list[list[int]]
    words: list[list[int | None]]


class TokenModel:
    """A tagger over the words of the data.

    Words are joined by spaces, as texts are when the model is asked later. All tokens of a word
    learn its tag (``B-`` only the first, the rest ``I-``), and its first token answers for it.
    """

    def __init__(self, candidate: Candidate, work: Work) -> None:
        self._wanted_length = int(candidate.parameters["max_length"])
        self._work = work
        self._labels = work.data.labels
        self._index = {name: number for number, name in enumerate(self._labels)}

    @cached_property
    def processor(self) -> Any:
        tokenizer = load_tagging_tokenizer(self._work.model_folder)
        # What is published sees as much of a text as what was scored.
        tokenizer.model_max_length = min(self._wanted_length, int(tokenizer.model_max_length))
        return tokenizer

    def load(self, folder: Path) -> PreTrainedModel:
        return load_tagger(folder, self._labels)

    def examples(self, split: str) -> Any:
        tokens, targets = self.tokens(split), self._work.data.split(split).targets
        pairs = zip(tokens.words, targets, strict=True)
        return Encoded(tokens.ids, [self._token_labels(words, tags) for words, tags in pairs])

    def collator(self) -> Any:
        from transformers import DataCollatorForTokenClassification

        return DataCollatorForTokenClassification(self.processor, label_pad_token_id=_IGNORED)

    def predict(self, model: PreTrainedModel, split: str) -> Sequence[Any]:
        rows = Encoded(self.tokens(split).ids)
        best = run_batches(model, self.processor, rows, self._best, self._work)
        return self.tags(split, best)

    def tags(self, split: str, best: Any) -> list[list[str]]:
        """A tag for each word of each row, of the index of the best tag for each token."""
        targets = self._work.data.split(split).targets
        rows = zip(self.tokens(split).words, best, targets, strict=True)
        return [self._word_tags(words, found, len(tags)) for words, found, tags in rows]

    def filled_up(self, values: torch.Tensor) -> torch.Tensor:
        """Values of the tokens of a batch, as many for each row as the longest row has tokens."""
        import torch

        missing = self.max_length - values.shape[1]
        return torch.nn.functional.pad(values, (0, 0) * (values.ndim - 2) + (0, missing))

    def _best(self, output: Any, mask: torch.Tensor) -> torch.Tensor:
        return self.filled_up(output.logits.float().argmax(-1).float())

    def _word_tags(self, words: Sequence[int | None], found: Any, count: int) -> list[str]:
        tags = ["O"] * count  # for words that were cut off
        for place in reversed(range(len(words))):
            word = words[place]
            if word is not None:
                tags[word] = self._labels[int(found[place])]
        return tags

    def _token_labels(self, words: Sequence[int | None], tags: Sequence[str]) -> list[int]:
        labels, before = [], None
        for word in words:
            if word is None:
                labels.append(_IGNORED)
            elif word == before:
                labels.append(self._inside(tags[word]))
            else:
                labels.append(self._index[tags[word]])
            before = word
        return labels

    def _inside(self, tag: str) -> int:
        """The tag of a word's further tokens."""
        inside = f"I-{tag[2:]}" if tag.startswith("B-") else tag
        return self._index.get(inside, self._index[tag])

    @property
    def max_length(self) -> int:
        """How many tokens of a row are read."""
        return int(self.processor.model_max_length)

    def tokens(self, split: str) -> Tokens:
        """The tokens of a split."""

        def make() -> Tokens:
            rows = self._work.data.split(split).inputs["words"]
            return _tokenized(self.processor, rows, self.max_length)

        tokens: Tokens = self._work.once(("tokens", split, self.max_length), make)
        return tokens


def _tokenized(tokenizer: Any, rows: Sequence[Sequence[str]], max_length: int) -> Tokens:
    texts = [" ".join(words) for words in rows]
    encoded = tokenizer(texts, truncation=True, max_length=max_length, return_offsets_mapping=True)
    places = zip(rows, texts, encoded["offset_mapping"], strict=True)
    return Tokens(encoded["input_ids"], [_words_of(*place) for place in places])


def _words_of(
    words: Sequence[str], text: str, offsets: Sequence[tuple[int, int]]
) -> list[int | None]:
    """For each token the word in which it begins; some tokenizers count the space before it in."""
    at: list[int | None] = []
    for number, word in enumerate(words):
        at += [number] * len(word) + [None]
    found = []
    for start, end in offsets:
        while start < end and text[start].isspace():
            start += 1
        found.append(at[start] if start < end else None)
    return found
