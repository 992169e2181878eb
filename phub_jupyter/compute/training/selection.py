"""Who wins: the last ones on all validation rows, then winner and baseline on the test rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from phub_jupyter.compute.evaluation.metrics import Metric
from phub_jupyter.compute.training.journal import Journal
from phub_jupyter.compute.training.ranking import GONE, ranked
from phub_jupyter.compute.training.state import CandidateState
from phub_jupyter.compute.training.trials import Trials
from phub_jupyter.errors import InvalidRequestError

__all__ = ["Outcome", "select"]

_KEPT = 2  # the winner and one to compare it with; pinned candidates stay as well


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a finished run found.

    ``folder`` holds what can be published of the winner, without a card; ``folders`` that of
    each candidate that was kept, best first.
    """

    winner: CandidateState
    baseline: CandidateState | None
    folder: Path
    folders: Mapping[str, Path]


def select(journal: Journal, trials: Trials, metric: Metric, keep: int = 1) -> Outcome:
    """Choose by the validation rows, look at the test rows once, and keep what can be published.

    At least ``keep`` are kept where so many got to the end.

    Raises InvalidRequestError when there is nothing to choose from.
    """
    finalists = _finalists(journal, trials, metric, max(keep, _KEPT))
    if not finalists:
        raise InvalidRequestError(
            "candidates: none is left to publish, all were cancelled or failed; start again, "
            "or give more of them with --candidates."
        )
    rows = journal.state.candidates.values()
    compared = ranked(metric, [row for row in rows if not row.candidate.publishable])
    winner, baseline = finalists[0], compared[0] if compared else None
    journal.write(
        "selected",
        winner=winner.candidate.id,
        baseline=baseline.candidate.id if baseline else None,
    )
    for row in [winner, *compared[:1]]:
        trials.test(row.candidate)
    folders = {}
    for row in rows:
        if row.candidate.publishable and row.status not in GONE:
            if row in finalists:
                folders[row.candidate.id] = trials.publishable(row, baseline)
                journal.write("status", candidate=row.candidate.id, status="finished")
            else:
                reason = "others were better on the validation rows"
                trials.drop(row.candidate, "dropped", reason)
    ordered = {row.candidate.id: folders[row.candidate.id] for row in finalists}
    return Outcome(winner, baseline, ordered[winner.candidate.id], ordered)


def _finalists(
    journal: Journal, trials: Trials, metric: Metric, number: int
) -> list[CandidateState]:
    """The best of what can be published, and the pinned, compared on all validation rows."""
    rows = journal.state.candidates.values()
    publishable = [row for row in rows if row.candidate.publishable and row.status not in GONE]
    order = ranked(metric, publishable)
    whole = [row for row in order if trials.is_whole(row)]
    chosen = (whole + [row for row in order if row not in whole])[:number]
    chosen += [row for row in order if row.pinned and row not in chosen]
    for row in chosen:
        trials.validate(row.candidate)
    return ranked(metric, chosen)
