"""Makes one vector of the vectors of a text's tokens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from phub_jupyter.errors import NotSupportedError

__all__ = ["Pooling"]


@dataclass(frozen=True, slots=True)
class Pooling:
    """The ways to pool, whose results stand side by side; with or without the prompt's tokens."""

    modes: tuple[str, ...] = ("mean",)
    include_prompt: bool = True

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Pooling:
        """As sentence-transformers writes it down. Raises NotSupportedError for unknown ways."""
        sent = config.get("pooling_mode")
        if sent is None:
            modes = [name for flag, name in _FLAGS.items() if config.get(flag) is True] or ["mean"]
        else:
            modes = [sent] if isinstance(sent, str) else list(sent)
        for mode in modes:
            if mode not in _WAYS:
                raise NotSupportedError(
                    f"model: it pools by '{mode}'; this hub knows {', '.join(_WAYS)}."
                )
        return cls(tuple(modes), config.get("include_prompt") is not False)

    def __call__(self, hidden: Any, mask: Any) -> Any:
        """From (texts, tokens, numbers) and a mask (texts, tokens) to (texts, numbers)."""
        import torch

        weights = mask.unsqueeze(-1).to(hidden.dtype)
        return torch.cat([_WAYS[mode](hidden, weights) for mode in self.modes], -1)


def _mean(hidden: Any, weights: Any) -> Any:
    return (hidden * weights).sum(1) / weights.sum(1).clamp(min=1e-9)


def _mean_sqrt(hidden: Any, weights: Any) -> Any:
    return (hidden * weights).sum(1) / weights.sum(1).clamp(min=1e-9).sqrt()


def _weighted_mean(hidden: Any, weights: Any) -> Any:
    rising = weights * weights.cumsum(1)  # later tokens count more
    return _mean(hidden, rising)


def _max(hidden: Any, weights: Any) -> Any:
    return hidden.masked_fill(weights == 0, -1e9).amax(1)


def _first(hidden: Any, weights: Any) -> Any:
    return _picked(hidden, weights.squeeze(-1).argmax(1))


def _last(hidden: Any, weights: Any) -> Any:
    return _picked(hidden, hidden.shape[1] - 1 - weights.squeeze(-1).flip(1).argmax(1))


def _picked(hidden: Any, places: Any) -> Any:
    import torch

    return hidden[torch.arange(len(hidden), device=hidden.device), places]


_WAYS: dict[str, Callable[[Any, Any], Any]] = {
    "mean": _mean,
    "cls": _first,
    "max": _max,
    "lasttoken": _last,
    "mean_sqrt_len_tokens": _mean_sqrt,
    "weightedmean": _weighted_mean,
}
_FLAGS = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}
