"""What models said about the rows of a dataset, before anything is made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.evaluation.metrics.label_sets import THRESHOLD
from phub_jupyter.compute.evaluation.metrics.own import OwnMetric, SampleWithOwn
from phub_jupyter.compute.evaluation.readings.reading import ModelFacts, Reading
from phub_jupyter.metrics import family_of

if TYPE_CHECKING:
    from datasets import Dataset

    from phub_jupyter.compute.evaluation.metrics.sample import Sample

__all__ = ["Answered", "Table"]


@dataclass(frozen=True, slots=True)
class Table:
    """The rows that were asked about, of the split ``part``; ``left_out`` could not be."""

    split: str
    part: Dataset
    rows: Sequence[int]
    left_out: int

    def batch(self, reading: Reading, places: Sequence[int]) -> dict[str, list[Any]]:
        """The rows at these places, with the columns that a reading needs."""
        names = sorted({*reading.columns.values()} & {*self.part.column_names})
        found: dict[str, list[Any]] = self.part.select_columns(names)[
            [self.rows[place] for place in places]
        ]
        return found


@dataclass(frozen=True)
class Answered:
    """What one model said about the rows, beside what is right."""

    task: str
    model: ModelFacts
    reading: Reading
    references: Sequence[Any]
    predictions: Sequence[Any]
    sample: Sample
    seconds: float

    def with_own(self, own: Mapping[str, OwnMetric]) -> Answered:
        """The same, scored by metrics of people's own as well, which see classes by name."""
        if not own:
            return self
        references = [self.told(value) for value in self.references]
        predictions = [self.told(value) for value in self.predictions]
        return replace(self, sample=SampleWithOwn(self.sample, own, references, predictions))

    @property
    def own(self) -> Mapping[str, OwnMetric]:
        """The metrics of people's own."""
        return self.sample.own if isinstance(self.sample, SampleWithOwn) else {}

    def told(self, value: Any) -> Any:
        """A reference or prediction with classes by name; anything else as it is."""
        import numpy as np

        classes = self.reading.classes
        if self.family == "label_sets":
            pairs = zip(classes, value, strict=True)
            return [name for name, share in pairs if share >= THRESHOLD]
        if self.family == "classes":
            return classes[int(np.argmax(value)) if isinstance(value, list) else value]
        return value

    @property
    def family(self) -> str:
        """The shape of references and predictions."""
        return family_of(self.task, self.reading.problem)

    @cached_property
    def said(self) -> Any:
        """The classes that were said, where the family has classes; None elsewhere."""
        import numpy as np

        if self.family != "classes":
            return None
        given = np.asarray(self.predictions)
        return given.argmax(axis=1) if given.ndim == 2 else given

    @cached_property
    def certainty(self) -> Any:
        """How sure the model was of what it said; None where it does not say."""
        import numpy as np

        given = np.asarray(self.predictions) if self.said is not None else None
        return None if given is None or given.ndim != 2 else given.max(axis=1)

    @cached_property
    def right(self) -> Any:
        """Which rows it got right; None where the family has no classes."""
        import numpy as np

        return None if self.said is None else self.said == np.asarray(self.references)
