"""Which class of a dataset a label of a model stands for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from phub_jupyter.errors import InvalidRequestError

__all__ = ["LabelMap"]

_SHOWN = 10
_NUMBERED = re.compile(r"(?:LABEL_)?(\d+)")


@dataclass(frozen=True, slots=True)
class LabelMap:
    """The classes of a dataset, then labels that only the model has, and where each label stands.

    ``place`` gives the index in ``classes`` for each label of the model.
    """

    classes: tuple[str, ...]
    place: Mapping[str, int]

    @classmethod
    def of(
        cls, labels: Sequence[str], classes: Sequence[str], given: Mapping[str, str]
    ) -> LabelMap:
        """Match by what the person said, by name, or by number where one side has only numbers.

        Raises InvalidRequestError when a class of the dataset is left without a label.
        """
        _check_given(labels, classes, given)
        place = {label: classes.index(given[label]) for label in labels if label in given}
        by_name = {_plain(name): index for index, name in enumerate(classes)}
        for label in labels:
            if label not in place and _plain(label) in by_name:
                place[label] = by_name[_plain(label)]
        if not place and _only_numbered(labels, classes):
            place = {label: index for index, label in enumerate(labels) if index < len(classes)}
        missing = [name for index, name in enumerate(classes) if index not in place.values()]
        if missing:
            raise InvalidRequestError(
                f"labels: the model says {_listed(labels)} and the dataset has {_listed(classes)}; "
                f"say which label is '{missing[0]}' with --label LABEL={missing[0]}."
            )
        more = [label for label in labels if label not in place]
        place |= {label: len(classes) + index for index, label in enumerate(more)}
        return cls((*classes, *more), place)


def _only_numbered(labels: Sequence[str], classes: Sequence[str]) -> bool:
    """Whether the order is all there is to go by: one side has nothing but numbers for names."""
    numbered = [all(_NUMBERED.fullmatch(name) for name in names) for names in (labels, classes)]
    if numbered[1]:
        return len(labels) >= len(classes)
    return numbered[0] and len(labels) == len(classes)


def _check_given(labels: Sequence[str], classes: Sequence[str], given: Mapping[str, str]) -> None:
    for label, name in given.items():
        if label in labels and name not in classes:
            raise InvalidRequestError(
                f"label: the dataset has no class '{name}'; it has {_listed(classes)}."
            )


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", " ", name).strip().casefold()


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(f"'{name}'" for name in names[:_SHOWN]) + more
