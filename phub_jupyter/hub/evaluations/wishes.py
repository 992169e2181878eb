"""What a person asks the hub to evaluate, read from a JSON body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.metrics import family_of, metric_of
from phub_jupyter.tasks import task_named

__all__ = ["Wish"]

_FIELDS = (
    *("models", "dataset", "task", "metrics", "split", "columns", "labels", "rows", "slice"),
    *("seed", "push"),
)
_MOST_MODELS = 10
_LONGEST = 500
_MOST_PAIRS = 100
_LARGEST_SEED = 2**31


@dataclass(frozen=True, slots=True)
class Wish:
    """Which models on which dataset, each as ``namespace/name`` or with ``@revision``.

    ``settings`` are those of the evaluation; its ``task`` may be empty, for that of the models.
    With ``push`` the results are committed to the models, or proposed.
    """

    models: tuple[str, ...]
    dataset: str
    settings: Mapping[str, Any]
    push: bool

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> Self:
        """Check a body. Raises InvalidRequestError naming the field."""
        unknown = sorted(set(body) - set(_FIELDS))
        if unknown:
            raise InvalidRequestError(f"{unknown[0]:.80}: unknown; use {', '.join(_FIELDS)}.")
        models = _texts(body, "models")
        if not 1 <= len(models) <= _MOST_MODELS:
            raise InvalidRequestError(f"models: name 1 to {_MOST_MODELS} models.")
        push = body.get("push", False)
        if not isinstance(push, bool):
            raise InvalidRequestError("push: send true or false.")
        dataset = _text(body, "dataset")
        if not dataset:
            raise InvalidRequestError("dataset: name a dataset as namespace/name.")
        settings = {
            "task": _text(body, "task"),
            "metrics": list(_texts(body, "metrics")),
            "split": _text(body, "split"),
            "columns": _pairs(body, "columns"),
            "labels": _pairs(body, "labels"),
            "rows": _number(body, "rows", 1, None),
            "slice_by": _text(body, "slice"),
            "seed": _number(body, "seed", 0, 0),
        }
        return cls(tuple(dict.fromkeys(models)), dataset, settings, push)

    def for_task(self, task: str) -> dict[str, Any]:
        """The settings for a task.

        Raises InvalidRequestError for a task or metrics that there are not, NotSupportedError for
        a task whose answers nothing can judge.
        """
        family_of(task_named(task).name)
        for name in self.settings["metrics"]:
            _require_metric(task, name)
        return {**self.settings, "task": task}


def _require_metric(task: str, name: str) -> None:
    problem: InvalidRequestError | None = None
    for kind in ("", "multi_label", "regression"):
        try:
            metric_of(task, name, kind)
        except InvalidRequestError as error:
            problem = problem or error
        else:
            return
    assert problem is not None
    raise problem


def _text(body: Mapping[str, Any], field: str) -> str:
    value = body.get(field)
    return "" if value is None else _checked(field, value)


def _checked(field: str, value: Any) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST or not value.isprintable():
        raise InvalidRequestError(f"{field}: send a text of at most {_LONGEST} characters.")
    return value


def _texts(body: Mapping[str, Any], field: str) -> tuple[str, ...]:
    value = body.get(field) or []
    if not isinstance(value, list) or len(value) > _MOST_PAIRS:
        raise InvalidRequestError(f"{field}: send a list of texts.")
    return tuple(_checked(field, item) for item in value)


def _pairs(body: Mapping[str, Any], field: str) -> dict[str, str]:
    value = body.get(field) or {}
    if not isinstance(value, dict) or len(value) > _MOST_PAIRS:
        raise InvalidRequestError(f"{field}: send an object of texts.")
    return {_checked(field, key): _checked(field, text) for key, text in value.items()}


def _number(body: Mapping[str, Any], field: str, least: int, default: int | None) -> int | None:
    value = body.get(field)
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value < _LARGEST_SEED:
        raise InvalidRequestError(f"{field}: send a whole number from {least} up.")
    return value
