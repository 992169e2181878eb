"""Puts the best of a run on the hub, with cards and the record, like anyone's files."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from phub_jupyter.compute.evaluation.metrics import Metric
from phub_jupyter.compute.training import Record
from phub_jupyter.compute.training.card import machine_card
from phub_jupyter.compute.training.curves import (
    CURVES_FILE,
    CURVES_PICTURE,
    curves_json,
    learning_curves,
)
from phub_jupyter.compute.training.provenance import PROVENANCE_FILE, provenance
from phub_jupyter.compute.training.ranking import ranked
from phub_jupyter.compute.training.scores import Scores, shown
from phub_jupyter.compute.training.state import CandidateState, RunState
from phub_jupyter.errors import ForbiddenError
from phub_magics.card import renew_card
from phub_magics.connection import Connection
from phub_magics.learning_chart import learning_picture
from phub_magics.run_folder import read_cells
from phub_magics.sources import quiet_downloads

__all__ = ["TrainingResult", "branch_of", "check_target", "push_run"]


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
    branches: Mapping[str, str]

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
        if self.branches:
            sentences.append(f"Others are on the branches {', '.join(self.branches)}.")
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


def push_run(
    connection: Connection, record: Record, repo_id: str, *, private: bool, number: int
) -> TrainingResult:
    """Push the winner to ``main`` and the next best to branches, and note it in the record.

    ``number`` counts the winner. Repeating a push that broke off finishes it.
    """
    state = RunState.read(record.events())
    connection.api.create_repo(repo_id, private=private, exist_ok=True)
    commit = _upload(connection, record, state, repo_id, str(state.winner))
    branches = {}
    for row in _others(state, record)[: number - 1]:
        branch = branch_of(row)
        connection.api.create_branch(repo_id, branch=branch, exist_ok=True)
        branches[branch] = _upload(connection, record, state, repo_id, row.candidate.id, branch)
    record.append("pushed", repo=repo_id, commit=commit, branches=branches)
    return _result(state, record, repo_id, commit, branches)


def branch_of(row: CandidateState) -> str:
    """The branch of a candidate that did not win: its name in the letters that git takes."""
    return re.sub(r"[^a-z0-9]+", "-", row.candidate.name.lower()).strip("-") or row.candidate.id


def _others(state: RunState, record: Record) -> list[CandidateState]:
    rows = [row for row in state.candidates.values() if row.candidate.id != state.winner]
    kept = [row for row in rows if (record.folder / f"publish-{row.candidate.id}").is_dir()]
    return ranked(state.metric, kept)


def _upload(
    connection: Connection,
    record: Record,
    state: RunState,
    repo_id: str,
    candidate: str,
    branch: str | None = None,
) -> str:
    folder = record.folder / (f"publish-{candidate}" if branch else "publish")
    head = connection.api.model_info(repo_id, revision=branch).sha
    row = state.candidates[candidate]
    card = machine_card(state, repo_id, row)
    renew_card(connection, card, folder, repo_id, head)
    shutil.copyfile(record.path, folder / record.path.name)
    origin = provenance(state, row, read_cells(record))
    (folder / PROVENANCE_FILE).write_text(json.dumps(origin, indent=2) + "\n", "utf-8")
    _draw(state, folder)
    with quiet_downloads():
        commit = connection.api.upload_folder(
            repo_id=repo_id,
            folder_path=folder,
            revision=branch,
            parent_commit=head,  # nobody's edit of the card gets lost in between
            # A branch begins as a copy of main, whose files may be others.
            delete_patterns="*" if branch else None,
            commit_message=f"Train from run {record.name}",
        )
    return str(commit.oid)


def _draw(state: RunState, folder: Path) -> None:
    """Write the learning curves, for machines and for the card, if there are any."""
    curves = learning_curves(state)
    if curves:
        (folder / CURVES_FILE).write_text(json.dumps(curves_json(state)) + "\n", "utf-8")
        picture = learning_picture(curves, state.metric.label)
        (folder / CURVES_PICTURE).write_text(picture, "utf-8")


def _result(
    state: RunState, record: Record, repo_id: str, commit: str, branches: dict[str, str]
) -> TrainingResult:
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
        branches=branches,
    )
