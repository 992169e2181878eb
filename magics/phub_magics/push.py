"""Puts the winner of a run on the hub, with a card and the record, like anyone's files."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from phub_jupyter.compute.evaluation.metrics import Metric
from phub_jupyter.compute.training import Record
from phub_jupyter.compute.training.card import model_card
from phub_jupyter.compute.training.scores import Scores, shown
from phub_jupyter.compute.training.state import RunState
from phub_jupyter.errors import ForbiddenError
from phub_magics.connection import Connection
from phub_magics.sources import quiet_downloads

__all__ = ["TrainingResult", "check_target", "push_winner"]


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """What ``%phub train`` hands back: where the model is and how good it is."""

    repo_id: str
    commit: str
    run: str
    candidates: int
    metric: Metric
    scores: Scores
    baseline: Scores | None
    baseline_wins: bool
    seconds: float

    def __repr__(self) -> str:
        return "\n".join(self._sentences())

    def _repr_markdown_(self) -> str:
        first, *rest = self._sentences()
        return "  \n".join([first.replace(self.repo_id, f"**{self.repo_id}**", 1), *rest])

    def _sentences(self) -> list[str]:
        sentences = [
            f"Pushed {self.repo_id} at commit {self.commit[:8]}.",
            f"{self.metric.label} on the test rows: {shown(self.metric, self.scores)}.",
        ]
        if self.baseline is not None:
            sentences.append(f"Best cheap baseline: {shown(self.metric, self.baseline)}.")
        if self.baseline_wins:
            sentences.append(
                "A cheap baseline was at least as good on the validation rows: consider using it."
            )
        return sentences


def check_target(connection: Connection, repo_id: str) -> None:
    """Refuse a place that cannot be pushed to before hours of training, not after.

    Raises ForbiddenError.
    """
    me = connection.api.whoami()
    namespaces = [me["name"], *(org["name"] for org in me.get("orgs", []))]
    wanted = repo_id.partition("/")[0].lower()
    if wanted not in map(str.lower, namespaces) and not me.get("isAdmin"):
        raise ForbiddenError(
            f"to: you may not write to '{repo_id}'; choose a name that begins with "
            f"{' or '.join(f'{name}/' for name in namespaces)}."
        )


def push_winner(
    connection: Connection, record: Record, folder: Path, repo_id: str, *, private: bool
) -> TrainingResult:
    """Write the card, push the folder, and note the commit in the record."""
    state = RunState.read(record.events())
    (folder / "README.md").write_text(model_card(state, repo_id), "utf-8")
    shutil.copyfile(record.path, folder / record.path.name)
    connection.api.create_repo(repo_id, private=private, exist_ok=True)
    with quiet_downloads():
        commit = connection.api.upload_folder(
            repo_id=repo_id,
            folder_path=folder,
            commit_message=f"Train from run {record.name}",
        )
    record.append("pushed", repo=repo_id, commit=commit.oid)
    return _result(state, record, repo_id, commit.oid)


def _result(state: RunState, record: Record, repo_id: str, commit: str) -> TrainingResult:
    winner = state.candidates[str(state.winner)]
    baseline = state.candidates[state.baseline] if state.baseline else None
    test = winner.test
    if test is None:
        raise ValueError("only a finished run can be pushed")
    return TrainingResult(
        repo_id=repo_id,
        commit=commit,
        run=record.name,
        candidates=len(state.candidates),
        metric=state.metric,
        scores=test,
        baseline=baseline.test if baseline else None,
        baseline_wins=state.baseline_wins,
        seconds=state.seconds,
    )
