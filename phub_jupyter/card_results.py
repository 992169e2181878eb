"""Evaluation results in the front matter of a model card: the ``model-index``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from phub_jupyter.errors import HubError, InvalidRequestError
from phub_jupyter.eval_results import EvalResult
from phub_jupyter.metrics import any_metric_of
from phub_jupyter.plain_yaml import front_matter_of, read_yaml

__all__ = ["card_with"]


def card_with(card: str, name: str, results: Sequence[EvalResult]) -> str:
    """A model card whose ``model-index`` has these results besides those it had.

    Raises InvalidRequestError if its front matter cannot be read.
    """
    from huggingface_hub import ModelCardData

    front, body = front_matter_of(card)
    try:
        known = read_yaml(front, first_line=2) or {}
        data: Any = ModelCardData(**known, ignore_metadata_errors=False)
        kept = list(data.eval_results or [])
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InvalidRequestError(
            f"README.md: its front matter cannot be read ({str(error).splitlines()[0]:.200}); "
            "correct it first."
        ) from None
    new = {_card_key(result): _for_card(result) for result in results}
    old = [each for each in kept if _old_key(each) not in new]
    data.model_name = data.model_name or name
    data.eval_results = [*old, *new.values()]
    return f"---\n{data.to_yaml(original_order=list(known))}\n---\n{body}"


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
    try:
        return any_metric_of(result.task, result.metric).label
    except HubError:
        return result.metric
