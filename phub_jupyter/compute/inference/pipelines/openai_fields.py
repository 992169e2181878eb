"""What chats and completions share: the fields of a call, and the frame around an answer."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from phub_jupyter.compute.inference.generation.sampling import Sampling
from phub_jupyter.compute.inference.pipelines.call import flag, object_of, text, texts
from phub_jupyter.compute.inference.pipelines.sampling_fields import read_sampling
from phub_jupyter.errors import InvalidRequestError

__all__ = ["FINISH", "Common", "envelope", "read_common", "usage"]

FINISH = {"length": "length", "eos_token": "stop", "stop_sequence": "stop"}
MAX_STOPS = 16
_SAMPLING = (
    *("temperature", "top_p", "top_k", "seed", "max_tokens", "max_completion_tokens"),
    *("frequency_penalty", "presence_penalty", "repetition_penalty"),
)
_SHAPE = ("model", "stream", "stream_options", "stop", "n", "logprobs", "logit_bias")
_WITHOUT_EFFECT = ("user", "metadata", "store", "service_tier", "safety_identifier")


@dataclass(frozen=True, slots=True)
class Common:
    """The checked fields. ``model`` is what the hub calls the model, whatever the client said."""

    model: str
    sampling: Sampling
    stops: tuple[str, ...]
    stream: bool
    include_usage: bool


def read_common(
    body: Mapping[str, Any], own: Sequence[str], *, tokens: int, alternatives: int
) -> Common:
    """Check all fields but those in ``own``, which the caller checks.

    Raises InvalidRequestError naming the field and the remedy.
    """
    for name in body:
        if name not in (*own, *_SAMPLING, *_SHAPE, *_WITHOUT_EFFECT):
            raise InvalidRequestError(f"{name}: unknown field; leave it out.")
    if body.get("n") not in (None, 1):
        raise InvalidRequestError("n: this hub writes one text a call; call several times.")
    if body.get("logit_bias"):
        raise InvalidRequestError("logit_bias: this hub has no such thing; leave it out.")
    sent = {name: body[name] for name in _SAMPLING if body.get(name) is not None}
    if "max_completion_tokens" in sent:
        sent.setdefault("max_tokens", sent["max_completion_tokens"])
    options = object_of("stream_options", body.get("stream_options"))
    return Common(
        text("model", body.get("model") or "model"),
        read_sampling(
            {**sent, "top_n_tokens": alternatives}, "", length="max_tokens", tokens=tokens
        ),
        texts("stop", body["stop"], limit=MAX_STOPS, blank=True) if body.get("stop") else (),
        flag("stream", body.get("stream") or False),
        flag("stream_options.include_usage", options.get("include_usage") or False),
    )


def envelope(kind: str, common: Common) -> dict[str, Any]:
    """What every answer, and every event of a streamed one, begins with."""
    prefix = "chatcmpl" if kind.startswith("chat") else "cmpl"
    return {
        "id": f"{prefix}-{uuid.uuid4().hex}",
        "object": kind,
        "created": int(time.time()),
        "model": common.model,
        "system_fingerprint": "private-hub",
    }


def usage(prompt: int, written: int) -> dict[str, int]:
    """How many tokens a call has read and written."""
    return {
        "prompt_tokens": prompt,
        "completion_tokens": written,
        "total_tokens": prompt + written,
    }
