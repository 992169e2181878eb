"""Chat templates, rendered where they can do no harm."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from typing import IO, Any

from phub_jupyter.errors import InvalidRequestError

__all__ = ["ChatTemplate"]

_PROGRAM = "phub_jupyter.compute.inference.generation.template_program"
_START_SECONDS = 20.0
_MAX_ANSWER = 16 * 1024 * 1024


class ChatTemplate:
    """One model's template, in a process of its own that is killed when it takes too long.

    The process starts with the first chat and ends with this object.
    """

    def __init__(
        self,
        source: str,
        words: Mapping[str, Any],
        *,
        seconds: float = 2.0,
        characters: int = 1_000_000,
    ) -> None:
        self._source = source
        self._words = dict(words)
        self._seconds = seconds
        self._characters = characters
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def render(self, messages: Sequence[Mapping[str, Any]], **variables: Any) -> str:
        """The prompt for a chat. Raises InvalidRequestError with what the template did wrong."""
        with self._lock:
            process = self._process
            if process is None or process.poll() is not None:
                process = self._process = _start()
                self._ask(process, "", {}, _START_SECONDS)
            given = {**self._words, "messages": list(messages), **variables}
            answer = self._ask(process, self._source, given, self._seconds)
        if "error" in answer:
            raise InvalidRequestError(
                f"messages: the model's chat template refuses them: {answer['error']}."
            )
        return str(answer["text"])

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()

    def __del__(self) -> None:
        self.close()

    def _ask(
        self, process: subprocess.Popen[bytes], source: str, given: Any, seconds: float
    ) -> dict[str, Any]:
        question = {"template": source, "variables": given, "limit": self._characters}
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(question).encode() + b"\n")
            process.stdin.flush()
            line = _read_line(process.stdout, seconds)
        except OSError:
            line = b""
        if not line.endswith(b"\n"):
            self.close()
            raise InvalidRequestError(
                f"model: its chat template did not finish within {seconds:g} seconds and the "
                "memory it may use; correct chat_template.jinja in the repository."
            )
        answer: dict[str, Any] = json.loads(line)
        return answer


def _start() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-P", "-m", _PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ},
        cwd="/",
    )


def _read_line(pipe: IO[bytes], seconds: float) -> bytes:
    """A line, or what there is of it when the time is up or the other side has gone."""
    deadline = time.monotonic() + seconds
    line = b""
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while not line.endswith(b"\n") and len(line) <= _MAX_ANSWER:
            if not selector.select(max(0.0, deadline - time.monotonic())):
                break
            piece = os.read(pipe.fileno(), 1 << 16)
            if not piece:
                break
            line += piece
    return line
