"""Rows that a language model learns from: what is only read, and what is to be written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.training.columns import find_column, is_string, named_column
from phub_jupyter.errors import InvalidRequestError

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["Columns", "Example", "Message", "is_chat"]

Message = Mapping[str, str]

_CHATS = ("messages", "conversations")
_INSTRUCTIONS = ("instruction",)
_PROMPTS = ("prompt", "question")
_COMPLETIONS = ("completion", "response", "output", "answer")
_ANSWERS = ("output", "response", "completion", "answer")
_INPUTS = ("input", "context")
_TEXTS = ("text", "content", "document")
_ROLES = {"human": "user", "gpt": "assistant", "bot": "assistant", "model": "assistant"}
_MOST_CHARACTERS = 500_000


@dataclass(frozen=True, slots=True)
class Example:
    """A chat, or a prompt and what follows it; a plain text follows nothing."""

    messages: tuple[Message, ...] = ()
    prompt: str = ""
    completion: str = ""

    @property
    def length(self) -> int:
        """How many characters it has."""
        written = sum(len(message["content"]) for message in self.messages)
        return written or len(self.prompt) + len(self.completion)


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns play which role, and so of which kind the rows are.

    ``kind`` is ``chat``, ``instruction``, ``completion`` or ``text``.
    """

    kind: str
    roles: Mapping[str, str]

    @classmethod
    def of(cls, part: Dataset, wanted: Mapping[str, str]) -> Columns:
        """What a dataset has, or what the person named. Raises InvalidRequestError."""
        unknown = set(wanted) - {role for roles in _ROLES_OF.values() for role in roles}
        if unknown:
            known = ", ".join(dict.fromkeys(role for roles in _ROLES_OF.values() for role in roles))
            raise InvalidRequestError(
                f"column: {sorted(unknown)[0]} is no role of text-generation; use {known}."
            )
        for role, name in wanted.items():
            named_column(part, role, name)
        for kind, finder in _FINDERS.items():
            if set(wanted) <= set(_ROLES_OF[kind]):
                roles = finder(part, wanted)
                if roles is not None:
                    return cls(kind, roles)
        text = find_column(part, "text", _TEXTS, _is_text, wanted.get("text"))
        return cls("text", {"text": text})

    def examples(self, part: Dataset, split: str) -> list[Example]:
        """The rows of a split. Raises InvalidRequestError naming the first that cannot be used."""
        for name in self.roles.values():
            if name not in part.column_names:
                raise InvalidRequestError(f"dataset: split '{split}' lacks the column '{name}'.")
        columns = {role: part[name] for role, name in self.roles.items()}
        read = _READERS[self.kind]
        found = []
        for number, cells in enumerate(zip(*columns.values(), strict=True)):
            example = read(dict(zip(columns, cells, strict=True)))
            problem = example if isinstance(example, str) else _too_long(example)
            if isinstance(example, str) or problem:
                role = tuple(self.roles)[-1]
                raise InvalidRequestError(
                    f"{role}-column: row {number} of split '{split}' {problem}; correct or remove "
                    f"it, or name another column with --column {role}=NAME."
                )
            found.append(example)
        return found


def is_chat(kind: Any) -> bool:
    """Whether a feature is a list of messages."""
    inner = getattr(kind, "feature", None)
    return isinstance(inner, Mapping) and any(pair <= set(inner) for pair in _KEYS)


_KEYS = ({"role", "content"}, {"from", "value"})
_ROLES_OF = {
    "chat": ("messages",),
    "instruction": ("instruction", "input", "output"),
    "completion": ("prompt", "completion"),
    "text": ("text",),
}


def _is_text(name: str, kind: Any) -> bool:
    return is_string(kind)


def _chat(part: Dataset, wanted: Mapping[str, str]) -> dict[str, str] | None:
    name = wanted.get("messages") or _first(part, _CHATS, is_chat)
    if name is None:
        return None
    if not is_chat(part.features[name]):
        raise InvalidRequestError(
            f"messages-column: '{name}' holds no lists of messages with 'role' and 'content'; name "
            "another with --column messages=NAME."
        )
    return {"messages": name}


def _instruction(part: Dataset, wanted: Mapping[str, str]) -> dict[str, str] | None:
    found = _pair(part, wanted, ("instruction", _INSTRUCTIONS), ("output", _ANSWERS))
    more = wanted.get("input") or _first(part, _INPUTS, is_string)
    if found is None or more is None:
        return found
    return {"instruction": found["instruction"], "input": more, "output": found["output"]}


def _completion(part: Dataset, wanted: Mapping[str, str]) -> dict[str, str] | None:
    return _pair(part, wanted, ("prompt", _PROMPTS), ("completion", _COMPLETIONS))


def _pair(
    part: Dataset,
    wanted: Mapping[str, str],
    first: tuple[str, Sequence[str]],
    second: tuple[str, Sequence[str]],
) -> dict[str, str] | None:
    """The columns of two roles; None when one is missing and the person named neither."""
    found = {}
    for role, names in (first, second):
        name = wanted.get(role) or _first(part, names, is_string)
        if name is not None:
            found[role] = name
    if len(found) == 2:
        return found
    missing = next((role for role, _ in (first, second) if role not in found), "")
    if wanted:
        raise InvalidRequestError(
            f"{missing}-column: there is none beside the one that was named; add --column "
            f"{missing}=NAME."
        )
    return None


def _first(part: Dataset, names: Sequence[str], fits: Callable[[Any], bool]) -> str | None:
    features = part.features
    return next((name for name in names if name in features and fits(features[name])), None)


_FINDERS: dict[str, Callable[[Dataset, Mapping[str, str]], dict[str, str] | None]] = {
    "chat": _chat,
    "instruction": _instruction,
    "completion": _completion,
}


def _read_chat(cells: Mapping[str, Any]) -> Example | str:
    messages = tuple(_messages(cells["messages"] or ()))
    for number, message in enumerate(messages):
        if not all(isinstance(value, str) for value in message.values()):
            return f"has no text in the role or content of message {number}"
    answers = [message["content"] for message in messages if message["role"] == "assistant"]
    if not answers:
        return "has no message of the role 'assistant', from which alone is learnt"
    if not all(answer.strip() for answer in answers):
        return "has an empty message of the role 'assistant'"
    return Example(messages)


def _messages(rows: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    for row in rows:
        role = row.get("role", row.get("from"))
        content = row.get("content", row.get("value"))
        yield {"role": _ROLES.get(str(role), role), "content": content}


def _read_instruction(cells: Mapping[str, Any]) -> Example | str:
    found: Iterator[str] = (cells.get(role) or "" for role in _ROLES_OF["instruction"])
    instruction, more, output = found
    if not output.strip():
        return "has an empty output"
    if not instruction.strip():
        return "has an empty instruction"
    asked = f"{instruction}\n\n{more}" if more.strip() else instruction
    messages = ({"role": "user", "content": asked}, {"role": "assistant", "content": output})
    return Example(messages, f"### Instruction:\n{asked}\n\n### Response:\n", output)


def _read_completion(cells: Mapping[str, Any]) -> Example | str:
    prompt, completion = cells["prompt"] or "", cells["completion"] or ""
    if not completion.strip():
        return "has an empty completion"
    return Example(prompt=prompt, completion=completion)


def _read_text(cells: Mapping[str, Any]) -> Example | str:
    text = cells["text"]
    if not isinstance(text, str) or not text.strip():
        return "has an empty text"
    return Example(completion=text)


_READERS: dict[str, Callable[[Mapping[str, Any]], Example | str]] = {
    "chat": _read_chat,
    "instruction": _read_instruction,
    "completion": _read_completion,
    "text": _read_text,
}


def _too_long(example: Example) -> str:
    if example.length <= _MOST_CHARACTERS:
        return ""
    return f"has {example.length:,} characters, and {_MOST_CHARACTERS:,} are the most"
