"""Evaluation results in the front matter of a model card: the ``model-index``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

from phub_jupyter.errors import HubError, InvalidRequestError
from phub_jupyter.eval_results import EvalResult
from phub_jupyter.metrics import metric_of

__all__ = ["card_with"]


def card_with(card: str, name: str, results: Sequence[EvalResult]) -> str:
    """A model card whose ``model-index`` has these results besides those it had.

    Raises InvalidRequestError if its front matter cannot be read.
    """
    from huggingface_hub import ModelCard

    try:
        read = ModelCard(card or "---\n{}\n---\n", ignore_metadata_errors=False)
        data: Any = read.data
        kept = list(data.eval_results or [])
    except (yaml.YAMLError, ValueError, TypeError, KeyError) as error:
        raise InvalidRequestError(
            f"README.md: its front matter cannot be read ({str(error).splitlines()[0]:.200}); "
            "correct it first."
        ) from None
    new = {_card_key(result): _for_card(result) for result in results}
    old = [each for each in kept if _old_key(each) not in new]
    data.model_name = data.model_name or name
    data.eval_results = [*old, *new.values()]
    return str(read)


def _for_card(result: EvalResult) -> Any:
    from huggingface_hub import EvalResult as CardResult

    return CardResult(
        task_type=result.task,
        dataset_type=result.dataset,
        dataset_name=result.dataset,
        dataset_split=result.split or None,
        dataset_revision=result.dataset_commit or None,
        metric_type=result.metric,
        metric_name=_label(result),
        metric_value=result.value,
        verified=True if result.verify_token else None,
        verify_token=result.verify_token or None,
    )


def _card_key(result: EvalResult) -> tuple[str, ...]:
    return result.task, result.dataset.lower(), result.split, result.metric


def _old_key(each: Any) -> tuple[str, ...]:
    return (
        str(each.task_type),
        str(each.dataset_type).lower(),
        str(each.dataset_split or ""),
        str(each.metric_type),
    )


def _label(result: EvalResult) -> str:
    """What a metric is called; the same name can mean another one where labels are sets."""
    for problem in ("", "multi_label", "regression"):
        try:
            return metric_of(result.task, result.metric, problem).label
        except HubError:
            continue
    return result.metric
