"""What a task's recipe and one trial of it offer to the race, which knows no task."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from phub_jupyter.compute.training.data import Data
from phub_jupyter.compute.training.engine import Engine
from phub_jupyter.compute.training.memory_limit import MemoryWatch
from phub_jupyter.compute.training.scores import Scores
from phub_jupyter.compute.training.space import FamilySpace

if TYPE_CHECKING:
    from datasets import Dataset

    from phub_jupyter.compute.training.plan import Candidate
    from phub_jupyter.compute.training.settings import Settings

__all__ = ["Recipe", "Remarking", "Trial", "Work"]

_KEPT = 6  # things that candidates share, such as the tokens of a split


@dataclass(frozen=True, slots=True)
class Work:
    """What a trial works with.

    ``folder`` is the run's, shared by its candidates; ``total`` is the number of steps of a whole
    training; ``check`` is called between batches and raises when the person wants an end.
    ``slices`` is in how many parts a batch is computed, ``checkpointing`` whether activations are
    computed twice, both to save memory. ``watch`` knows how much of that is held. ``on_loss`` is
    told step and training loss now and then.
    """

    data: Data
    model_folder: Path
    folder: Path
    engine: Engine
    seed: int
    total: int
    batch_size: int
    check: Callable[[], None]
    slices: int = 1
    checkpointing: bool = False
    shared: dict[Hashable, Any] = field(default_factory=dict)
    watch: MemoryWatch = field(default_factory=lambda: MemoryWatch(None, "cpu"))
    on_loss: Callable[[int, float], None] = lambda step, loss: None

    def once(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """What ``make`` gives, kept for the other candidates of the run while they ask for it."""
        found = self.shared.pop(key) if key in self.shared else make()
        self.shared[key] = found  # at the end: the one that was asked for last goes last
        while len(self.shared) > _KEPT:
            self.shared.pop(next(iter(self.shared)))
        return found


class Trial(Protocol):
    """One candidate at work. Families that are not stepwise have one step."""

    def fit(self, start: int, on_step: Callable[[int], bool]) -> int:
        """Go on from step ``start`` until ``on_step(step)`` is false; return the step reached."""
        ...

    def predict(self, split: str, step: int) -> Sequence[Any]:
        """A prediction for each row of a split, as the task's metrics take them."""
        ...

    def save(self, folder: Path, step: int) -> None:
        """Write what others can load, and nothing else. Only publishable families are asked."""
        ...

    def release(self) -> None:
        """Give memory back; what `fit` reached stays on disk."""
        ...

    def discard(self) -> None:
        """Delete what is on disk."""
        ...


@runtime_checkable
class Remarking(Protocol):
    """What a recipe may offer as well: a look at the rows with the base model's eyes."""

    def remarks(self, data: Data, model_folder: Path) -> Sequence[str]:
        """Sentences that the person should read before anything is trained.

        Raises InvalidRequestError when the model cannot read the rows.
        """
        ...


class Recipe(Protocol):
    """How one task is trained.

    ``metrics`` are named as in the evaluation's table; the first ranks candidates unless the
    person chose another.
    """

    task: str
    metrics: tuple[str, ...]

    def fits(self, part: Dataset) -> bool:
        """Whether a dataset with these columns looks as if it were for this task."""
        ...

    def read(self, parts: Mapping[str, Dataset], settings: Settings) -> Data:
        """Check and read the rows. Raises InvalidRequestError naming column and remedy."""
        ...

    def engine(self, data: Data, model_folder: Path) -> Engine:
        """Choose how to compute, which tries the base model out.

        Raises InvalidRequestError when that cannot be used.
        """
        ...

    def space(self, data: Data) -> tuple[FamilySpace, ...]:
        """What can be tried, cheapest family first."""
        ...

    def trial(self, candidate: Candidate, work: Work) -> Trial:
        """Begin or take up again the work on a candidate."""
        ...

    def score(self, data: Data, split: str, predictions: Sequence[Any]) -> Scores:
        """Compare predictions with the targets of a split."""
        ...
