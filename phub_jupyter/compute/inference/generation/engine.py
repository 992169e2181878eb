"""One model writing many texts: each step of its thread adds a token to every one of them.

A new text joins between two steps, and a finished or cancelled one leaves, so nobody waits for
anybody else's text to end.
"""

from __future__ import annotations

import atexit
import queue
import threading
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch

from phub_jupyter.compute.inference.generation.passes import JointPasses, SinglePasses
from phub_jupyter.compute.inference.generation.sampling import Choice, Sampler, Sampling
from phub_jupyter.errors import InvalidRequestError, OverloadedError

__all__ = ["Engine", "EngineLimits", "Writing"]

_IDLE_SECONDS = 30.0
_RUNNING: weakref.WeakSet[Engine] = weakref.WeakSet()
_WORTH_COPYING = 8


@dataclass(frozen=True, slots=True)
class EngineLimits:
    """How many texts share a step, how many wait, and how many tokens of prompts a step reads.

    ``tokens`` is how many the model remembers at most, counting all texts as long as the longest
    may become; a text that is alone may be longer.
    """

    rows: int = 32
    waiting: int = 128
    chunk: int = 256
    tokens: int = 65_536


@dataclass(slots=True)
class Writing:
    """A text in the making. Its reader takes from ``tokens`` until None or an exception."""

    prompt: list[int]
    sampling: Sampling
    sampler: Sampler
    tokens: queue.SimpleQueue[Choice | Exception | None] = field(default_factory=queue.SimpleQueue)
    cancelled: bool = False
    known: list[int] = field(default_factory=list)  # the tokens that the model remembers
    last: int = 0
    count: int = 0

    @property
    def length(self) -> int:
        """The tokens that it may come to."""
        return len(self.prompt) + self.sampling.max_new_tokens

    @property
    def is_read(self) -> bool:
        """Whether the model has seen the whole prompt."""
        return len(self.known) >= len(self.prompt)


class Engine:
    """Runs a model in a thread, which ends when there has been nothing to do for a while.

    ``make_passes`` gives the model an empty memory. A text ends with any token of ``ends``.
    """

    def __init__(
        self,
        make_passes: Callable[[], JointPasses | SinglePasses],
        ends: frozenset[int],
        limits: EngineLimits,
    ) -> None:
        self._make_passes = make_passes
        self._ends = ends
        self._limits = limits
        self._passes: JointPasses | SinglePasses | None = None
        self._waiting: deque[Writing] = deque()
        self._rows: list[Writing] = []  # those whose prompt is read come first
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False
        _RUNNING.add(self)

    @property
    def waiting(self) -> int:
        """How many texts wait for a row."""
        return len(self._waiting)

    @property
    def writing(self) -> int:
        """How many texts have a row."""
        return len(self._rows)

    def submit(self, prompt: Sequence[int], sampling: Sampling) -> Writing:
        """Begin a text. Raises OverloadedError when too many wait already."""
        writing = Writing(list(prompt), sampling, Sampler(sampling, prompt))
        with self._changed:
            if len(self._waiting) >= self._limits.waiting:
                raise OverloadedError(
                    f"The model has {len(self._waiting)} texts waiting; try again later.",
                    retry_after=5,
                )
            self._waiting.append(writing)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
                self._thread.start()
            self._changed.notify()
        return writing

    def close(self) -> None:
        """End the thread after the step that it is in; texts in the making end with an error."""
        with self._changed:
            self._closed = True
            thread = self._thread
            self._changed.notify()
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        try:
            while self._has_work():
                with torch.inference_mode():
                    self._step()
        except Exception as error:
            self._fail(error)

    def _has_work(self) -> bool:
        with self._changed:
            if not self._rows and not self._waiting:
                self._passes = None  # much memory, and nothing in it
                self._changed.wait_for(lambda: self._closed or bool(self._waiting), _IDLE_SECONDS)
            if self._closed:
                raise OverloadedError("The model was stopped; try again.", retry_after=1)
            if not self._rows and not self._waiting:
                self._thread = None
                return False
            return True

    def _fail(self, error: Exception) -> None:
        with self._changed:
            lost = [*self._rows, *self._waiting]
            self._rows.clear()
            self._waiting.clear()
            self._passes = None
            self._thread = None
        for writing in lost:
            writing.tokens.put(error)

    def _step(self) -> None:
        passes = self._passes = self._passes or self._make_passes()
        for row in reversed(range(len(self._rows))):
            if self._rows[row].cancelled:
                self._leave(row, passes)
        self._admit()
        self._read_prompts(passes)
        self._add_tokens(passes)

    def _admit(self) -> None:
        with self._changed:
            while self._waiting and self._has_room(self._waiting[0]):
                self._rows.append(self._waiting.popleft())

    def _has_room(self, writing: Writing) -> bool:
        rows = len(self._rows) + 1
        longest = max(each.length for each in (*self._rows, writing))
        fits = rows <= self._limits.rows and rows * longest <= self._limits.tokens
        return fits or not self._rows

    def _read_prompts(self, passes: JointPasses | SinglePasses) -> None:
        budget = self._limits.chunk
        row = sum(writing.is_read for writing in self._rows)
        while budget > 0 and row < len(self._rows):
            writing = self._rows[row]
            if not writing.known and passes.shares:
                self._copy_beginning(row, passes)
            known = len(writing.known)
            tokens = writing.prompt[known : known + budget]
            scores = passes.read(row, tokens, known)
            writing.known += tokens
            budget -= len(tokens)
            if writing.is_read:
                row += 1
                if not self._choose(writing, scores[None], 0):
                    row -= 1
                    self._leave(row, passes)

    def _copy_beginning(self, row: int, passes: JointPasses | SinglePasses) -> None:
        """Take over what another row has read already: most chats begin with the same words."""
        writing = self._rows[row]
        most = len(writing.prompt) - 1  # the last token must be read for its scores
        lengths = [_common(other.known, writing.prompt, most) for other in self._rows[:row]]
        longest = max(lengths, default=0)
        if longest >= _WORTH_COPYING:
            passes.copy(lengths.index(longest), row, longest)
            writing.known = writing.prompt[:longest]

    def _add_tokens(self, passes: JointPasses | SinglePasses) -> None:
        ready = [writing for writing in self._rows if writing.is_read]
        if not ready:
            return
        known = [len(writing.known) for writing in ready]
        scores = passes.add([writing.last for writing in ready], known)
        ended = []
        best, totals = scores.argmax(-1).tolist(), scores.logsumexp(-1).tolist()
        for row, writing in enumerate(ready):
            writing.known.append(writing.last)
            if not self._take(writing, scores[row], best[row], totals[row]):
                ended.append(row)
        for row in reversed(ended):
            self._leave(row, passes)

    def _choose(self, writing: Writing, scores: torch.Tensor, row: int) -> bool:
        best, total = int(scores[row].argmax()), float(scores[row].logsumexp(-1))
        return self._take(writing, scores[row], best, total)

    def _take(self, writing: Writing, scores: torch.Tensor, best: int, total: float) -> bool:
        """Choose a text's next token; False when the text ends with it."""
        if not total < float("inf"):
            writing.tokens.put(
                InvalidRequestError("model: it answers with something that is not a number.")
            )
            return False
        choice = writing.sampler.choose(scores, best, total)
        writing.last = choice.token
        writing.count += 1
        writing.tokens.put(choice)
        return choice.token not in self._ends and writing.count < writing.sampling.max_new_tokens

    def _leave(self, row: int, passes: JointPasses | SinglePasses) -> None:
        """Free a row, and close the gap without mixing those who read with those who write."""
        gone = self._rows[row]
        ready = sum(writing.is_read for writing in self._rows)
        for source in (ready - 1, len(self._rows) - 1):
            if source > row:
                writing = self._rows[source]
                if writing.known:
                    passes.move(source, row, len(writing.known))
                self._rows[row] = writing
                row = source
        self._rows.pop()
        gone.tokens.put(None)


@atexit.register
def _close_all() -> None:
    # A thread that is in the middle of a step when the interpreter ends takes the process down.
    for engine in list(_RUNNING):
        engine.close()


def _common(known: Sequence[int], prompt: Sequence[int], most: int) -> int:
    length = 0
    for left, right in zip(known, prompt[:most], strict=False):
        if left != right:
            break
        length += 1
    return length
