"""How models that translate are told the languages: by codes, by words before the text, or not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from phub_jupyter.compute.inference.pipelines.sequence_model import SequenceModel
from phub_jupyter.errors import InvalidRequestError

__all__ = ["Languages", "Told", "code_ids", "languages_of"]

_CODE = re.compile(r"[a-z]{2,3}_[A-Z][A-Za-z]{1,3}")
_TASK = re.compile(r"translation_(\w+)_to_(\w+)")


@dataclass(frozen=True, slots=True)
class Told:
    """What a pair of languages means for one model: words before the text, settings, and so on."""

    prefix: str = ""
    known_prefixes: tuple[str, ...] = ()
    own: dict[str, Any] = field(default_factory=dict)
    forced: dict[str, Any] = field(default_factory=dict)

    def prefixed(self, text: str) -> str:
        """The text as the model wants it; whoever wrote the words before it is not corrected."""
        return text if text.startswith(self.known_prefixes) else self.prefix + text


class Languages(Protocol):
    """One model's way of being told."""

    def tell(self, source: str | None, target: str | None) -> Told:
        """Prepare the model. Raises InvalidRequestError for a language it does not know."""
        ...


def languages_of(model: SequenceModel) -> Languages:
    """The way of a loaded model."""
    if hasattr(model.tokenizer, "src_lang"):
        return _Codes(model)
    tasks = getattr(model.config, "task_specific_params", None)
    pairs = {
        (match[1], match[2]): model.own_settings(name)
        for name in (tasks if isinstance(tasks, dict) else ())
        if (match := _TASK.fullmatch(name))
    }
    return _Prefixes(pairs) if pairs else _Fixed(model)


class _Codes:
    """Models such as NLLB, M2M100 and mBART, whose tokenizer has a token for every language."""

    def __init__(self, model: SequenceModel) -> None:
        self._tokenizer = model.tokenizer
        self._forced = model.generation_config.forced_bos_token_id
        self._own = (model.tokenizer.src_lang, getattr(model.tokenizer, "tgt_lang", None))
        self._ids = code_ids(model.tokenizer)

    def tell(self, source: str | None, target: str | None) -> Told:
        """Set the tokenizer to the source, and have the model begin with the target."""
        source = source or self._own[0]
        target = target or self._own[1]
        if source is None or (target is None and self._forced is None):
            raise InvalidRequestError(
                "parameters.src_lang: this model translates between many languages; say src_lang "
                f"and tgt_lang, as {self._some()}."
            )
        for name, code in (("src_lang", source), ("tgt_lang", target)):
            if code is not None and code not in self._ids:
                raise InvalidRequestError(
                    f"parameters.{name}: the model has no '{code:.40}'; use one as {self._some()}."
                )
        self._tokenizer.src_lang = source
        first = self._forced if target is None else self._ids[target]
        return Told(forced={"forced_bos_token_id": first})

    def _some(self) -> str:
        return ", ".join(sorted(self._ids)[:5]) + ", …"


def code_ids(tokenizer: Any) -> dict[str, int]:
    """The languages that a tokenizer has tokens for."""
    if hasattr(tokenizer, "lang_code_to_token"):
        return {code: tokenizer.get_lang_id(code) for code in tokenizer.lang_code_to_token}
    ids: dict[str, int] = dict(getattr(tokenizer, "lang_code_to_id", None) or {})
    for token in tokenizer.all_special_tokens:
        if _CODE.fullmatch(token):
            ids[token] = tokenizer.convert_tokens_to_ids(token)
    return ids


class _Prefixes:
    """Models such as T5, which are asked in words, for the pairs that they were trained on."""

    def __init__(self, pairs: dict[tuple[str, str], dict[str, Any]]) -> None:
        self._pairs = pairs
        prefixes = (settings.get("prefix") for settings in pairs.values())
        self._prefixes = tuple(text for text in prefixes if isinstance(text, str) and text)

    def tell(self, source: str | None, target: str | None) -> Told:
        """Look the words up; without languages the first pair is meant."""
        pair = next(iter(self._pairs)) if source is target is None else (source, target)
        settings = self._pairs.get((str(pair[0]), str(pair[1])))
        if settings is None:
            known = ", ".join(f"{first} to {second}" for first, second in self._pairs)
            raise InvalidRequestError(f"parameters.tgt_lang: the model translates only {known}.")
        prefix = settings.get("prefix")
        return Told(prefix if isinstance(prefix, str) else "", self._prefixes, settings)


class _Fixed:
    """Models for one pair of languages, such as Marian's, and those that need no telling."""

    def __init__(self, model: SequenceModel) -> None:
        tokenizer = model.tokenizer
        self._own = tuple(getattr(tokenizer, name, None) for name in ("source_lang", "target_lang"))

    def tell(self, source: str | None, target: str | None) -> Told:
        """Check that nothing else is asked for than what the model does."""
        asked: Sequence[str | None] = (source, target)
        for name, code, own in zip(("src_lang", "tgt_lang"), asked, self._own, strict=True):
            if code is not None and code != own:
                does = f", '{own}'" if own else ""
                raise InvalidRequestError(
                    f"parameters.{name}: this model translates from one language into another"
                    f"{does}; leave it out, or use another model."
                )
        return Told()
