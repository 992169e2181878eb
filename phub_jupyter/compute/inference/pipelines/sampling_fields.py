"""The fields that say how the next token is chosen, which three kinds of calls share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from phub_jupyter.compute.inference.generation.sampling import Sampling
from phub_jupyter.compute.inference.pipelines.call import flag, number, whole_number

__all__ = ["read_sampling"]

MAX_NEW_TOKENS = 32_768
MAX_ALTERNATIVES = 20
_SEEDS = 2**63 - 1


def read_sampling(
    given: Mapping[str, Any],
    prefix: str,
    *,
    length: str,
    tokens: int = 100,
) -> Sampling:
    """Check the fields in ``given``; ``length`` is the name of the one that limits the tokens.

    Raises InvalidRequestError, whose message has ``prefix`` before the field's name.
    """

    def real(name: str, default: Any, **limits: Any) -> Any:
        value = given.get(name)
        return default if value is None else number(prefix + name, value, **limits)

    def whole(name: str, default: Any, **limits: Any) -> Any:
        value = given.get(name)
        return default if value is None else whole_number(prefix + name, value, **limits)

    temperature = real("temperature", None, low=0, high=100)
    top_k = whole("top_k", None)
    top_p = real("top_p", None, low=0, high=1, above=True)
    draws = given.get("do_sample")
    if draws is not None and not flag(prefix + "do_sample", draws):
        temperature = 0.0
    elif temperature is None and (draws or top_k is not None or top_p is not None):
        temperature = 1.0
    return Sampling(
        max_new_tokens=whole(length, tokens, high=MAX_NEW_TOKENS),
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
        seed=whole("seed", None, low=0, high=_SEEDS),
        repetition_penalty=real("repetition_penalty", 1.0, low=0, high=100, above=True),
        frequency_penalty=real("frequency_penalty", 0.0, low=-100, high=100),
        presence_penalty=real("presence_penalty", 0.0, low=-100, high=100),
        alternatives=whole("top_n_tokens", 0, low=0, high=MAX_ALTERNATIVES),
    )
