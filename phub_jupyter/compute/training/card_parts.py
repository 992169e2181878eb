"""A model card in parts: what the machine wrote stays apart from what people wrote."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import yaml

__all__ = ["Card", "Written"]

_FRONT = re.compile(r"\A---\n(.*?)\n?---(?:\n|\Z)", re.DOTALL)
_PART = re.compile(r"<!-- phub:([a-z-]+) -->\n(.*?)\n<!-- /phub:\1 -->", re.DOTALL)
_INDEX = "model-index"


@dataclass(frozen=True, slots=True)
class Written:
    """What the machine wrote the last time; the way to tell a person's changes from it.

    ``parts`` holds the hash of each part by its name.
    """

    metadata: Mapping[str, Any]
    parts: Mapping[str, str]

    @classmethod
    def from_json(cls, body: Any) -> Written:
        """What `as_json` gave; what cannot be read counts as nothing."""
        found = body if isinstance(body, dict) else {}
        metadata, parts = found.get("metadata"), found.get("parts")
        return cls(
            metadata if isinstance(metadata, dict) else {}, parts if isinstance(parts, dict) else {}
        )

    def as_json(self) -> dict[str, Any]:
        """For a file beside the card."""
        return {"metadata": dict(self.metadata), "parts": dict(self.parts)}


@dataclass(frozen=True, slots=True)
class Card:
    """What the machine has to say: fields of the front matter, and parts of the text in order."""

    metadata: Mapping[str, Any]
    parts: Mapping[str, str]

    @property
    def written(self) -> Written:
        """What to remember until the next push."""
        return Written(self.metadata, {name: _hash(text) for name, text in self.parts.items()})

    def text(self) -> str:
        """The README.md of a repository that has none yet."""
        return self.merged_into("", Written({}, {}))

    def merged_into(self, theirs: str, before: Written) -> str:
        """The README.md as it is, with the machine's part of it renewed.

        What people wrote, changed or took away stays so. A card whose front matter cannot be
        read is left alone.
        """
        theirs = theirs.replace("\r\n", "\n")
        front = _FRONT.match(theirs)
        try:
            metadata = yaml.safe_load(front[1]) if front else {}
        except yaml.YAMLError:
            return theirs
        metadata = {} if metadata is None else metadata
        if not isinstance(metadata, dict):
            return theirs
        merged = _fields(metadata, before.metadata, self.metadata)
        body = self._body(theirs[front.end() :] if front else theirs, before.parts)
        if front and merged == metadata:
            return f"{front[0]}{body}"  # with the comments that people wrote into it
        kept = yaml.safe_dump(merged, sort_keys=False, allow_unicode=True).strip()
        return f"---\n{kept}\n---\n\n{body.lstrip()}"

    def _body(self, theirs: str, before: Mapping[str, str]) -> str:
        found: set[str] = set()

        def renewed(match: re.Match[str]) -> str:
            name, text = match.groups()
            found.add(name)
            if before.get(name) != _hash(text):
                return match[0]
            return _marked(name, self.parts[name]) if name in self.parts else ""

        body = _PART.sub(renewed, theirs)
        last = ""
        for name, text in self.parts.items():
            if name not in found and name not in before:
                body = _after(body, last, _marked(name, text))
                found.add(name)
            last = name if name in found else last
        return f"{body.rstrip()}\n"


def _marked(name: str, text: str) -> str:
    return f"<!-- phub:{name} -->\n{text.strip()}\n<!-- /phub:{name} -->"


def _after(body: str, name: str, text: str) -> str:
    """The text with a part put behind another one, or at the end."""
    end = f"<!-- /phub:{name} -->"
    if name and end in body:
        head, tail = body.rsplit(end, 1)
        return f"{head}{end}\n\n{text}{tail}"
    return f"{body.rstrip()}\n\n{text}\n".lstrip()


def _hash(text: str) -> str:
    return hashlib.sha256(text.strip().encode()).hexdigest()


def _fields(theirs: dict[str, Any], before: Mapping[str, Any], new: Mapping[str, Any]) -> Any:
    """The fields of the front matter: a person's word stands, in lists entry by entry."""
    merged = {}
    for name, value in theirs.items():
        kept = _index if name == _INDEX else _value
        value = kept(value, before.get(name), new.get(name))
        if value is not None:
            merged[name] = value
    added = {name: new[name] for name in new if name not in theirs and name not in before}
    return {**merged, **added}


def _value(theirs: Any, before: Any, new: Any) -> Any:
    if theirs == before:
        return new
    if isinstance(theirs, list) and isinstance(new, list):
        return _entries(theirs, before if isinstance(before, list) else [], new)
    return theirs


def _entries(theirs: list[Any], before: list[Any], new: list[Any]) -> list[Any]:
    kept = [entry for entry in theirs if entry not in before or entry in new]
    return kept + [entry for entry in new if entry not in before and entry not in theirs]


def _index(theirs: Any, before: Any, new: Any) -> Any:
    """The ``model-index``: results one by one; those of others and of people stay."""
    try:
        kept, old, fresh = (_results(part) for part in (theirs, before, new))
    except (AttributeError, KeyError, TypeError, IndexError):
        return theirs  # a shape that we do not know is a person's
    results = _fields(kept, old, fresh)
    if not results:
        return None
    name = (theirs or new)[0].get("name", "")
    return [{"name": name, "results": _grouped(results.values())}, *(theirs or [])[1:]]


def _grouped(results: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Metrics of one task on the same rows together again, as cards are written."""
    groups: list[dict[str, Any]] = []
    for result in results:
        about = {**result, "metrics": []}
        group = next((each for each in groups if {**each, "metrics": []} == about), None)
        if group is None:
            groups.append({**deepcopy(about), "metrics": list(result["metrics"])})
        else:
            group["metrics"] += result["metrics"]
    return groups


def _results(index: Any) -> dict[str, Any]:
    """Single results by what they are about: task, dataset, split and metric."""
    found = {}
    for result in index[0]["results"] if index else []:
        dataset = result["dataset"]
        for metric in result["metrics"]:
            about = (
                result["task"]["type"],
                str(dataset["type"]).lower(),
                str(dataset.get("split") or ""),
                metric["type"],
            )
            found[repr(about)] = {**result, "metrics": [metric]}
    return found
