"""Frames between the hub and its worker processes: a length, then that many bytes of JSON.

The hub and the workers are different rooms, and this is the door between them: how a message is
cut out of the stream, and how a refusal or a picture crosses it without losing what it is.

A request has an ``id`` and an ``op``. It is answered by one frame with ``result``, ``media`` or
``error``; or, if it asked to ``stream``, by any number with ``piece`` and then one with ``end`` or
``error``. What ends a call also has ``tokens``: how many it has read and written.

The op ``cancel`` with the same ``id`` says that nobody waits any more; it may cross an answer. A
frame with ``gone`` answers it once the work has ended, for what computes cannot stop at once.
"""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import dataclass
from typing import Any

from phub_jupyter import errors
from phub_jupyter.errors import HubError, InvalidRequestError, OverloadedError, StorageError

__all__ = [
    "MAX_FRAME",
    "Media",
    "answer_from_frame",
    "answer_to_frame",
    "error_from_json",
    "error_to_json",
    "read_frame",
    "write_frame",
]

MAX_FRAME = 64 * 1024 * 1024
"""Bytes of one message; whoever sends more is out of step, so the connection is given up."""

_LENGTH_BYTES = 4
_BY_CODE: dict[str, type[HubError]] = {
    value.code: value
    for value in vars(errors).values()
    if isinstance(value, type) and issubclass(value, HubError)
}


@dataclass(frozen=True, slots=True)
class Media:
    """An answer that is no JSON: a picture or a sound."""

    content_type: str
    data: bytes


async def read_frame(reader: asyncio.StreamReader) -> dict[str, Any]:
    """The next message. Raises EOFError when the other side has closed the connection."""
    try:
        length = int.from_bytes(await reader.readexactly(_LENGTH_BYTES), "big")
        if length > MAX_FRAME:
            raise EOFError(f"a frame of {length} bytes is out of step")
        message = json.loads(await reader.readexactly(length))
    except (asyncio.IncompleteReadError, OSError) as error:
        raise EOFError("the other side has closed the connection") from error
    except ValueError as error:
        raise EOFError("a frame that is no JSON is out of step") from error
    assert isinstance(message, dict)
    return message


def write_frame(writer: asyncio.StreamWriter, message: dict[str, Any]) -> None:
    """Queue a message for sending, in one piece; await ``writer.drain()`` to keep its pace.

    Raises InvalidRequestError, and sends nothing, if the other side would not take so much.
    """
    body = json.dumps(message, separators=(",", ":")).encode()
    if len(body) > MAX_FRAME:
        raise InvalidRequestError(
            f"inputs: {len(body)} bytes would have to go to the model or come back from it, and "
            f"{MAX_FRAME} is the most; send less at a time."
        )
    writer.write(len(body).to_bytes(_LENGTH_BYTES, "big") + body)


def answer_to_frame(answer: Any) -> dict[str, Any]:
    """A whole answer as a part of a message."""
    if not isinstance(answer, Media):
        return {"result": answer}
    data = base64.b64encode(answer.data).decode("ascii")
    return {"media": {"content_type": answer.content_type, "data": data}}


def answer_from_frame(frame: dict[str, Any]) -> Any:
    """What `answer_to_frame` wrote down."""
    media = frame.get("media")
    if media is None:
        return frame["result"]
    return Media(media["content_type"], base64.b64decode(media["data"]))


def error_to_json(error: HubError) -> dict[str, Any]:
    """A refusal as a part of a message."""
    retry_after = error.retry_after if isinstance(error, OverloadedError) else None
    return {"code": error.code, "message": error.message, "retry_after": retry_after}


def error_from_json(data: dict[str, Any]) -> HubError:
    """The refusal that `error_to_json` wrote down, as an exception of the same class."""
    kind = _BY_CODE.get(data["code"], StorageError)
    if issubclass(kind, OverloadedError):
        return kind(data["message"], retry_after=data["retry_after"])
    return kind(data["message"])
