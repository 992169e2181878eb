"""The model card of a finished run, filled from its record alone."""

from __future__ import annotations

import math
from typing import Any

import yaml

from phub_jupyter.compute.training.card_parts import Card
from phub_jupyter.compute.training.card_use import library_of, use_of
from phub_jupyter.compute.training.curves import CURVES_FILE, CURVES_PICTURE, learning_curves
from phub_jupyter.compute.training.provenance import PROVENANCE_FILE, machine_sentence
from phub_jupyter.compute.training.scores import Scores, rank_key, shown
from phub_jupyter.compute.training.state import CandidateState, RunState
from phub_jupyter.tasks import task_named

__all__ = ["machine_card", "model_card"]

_AUTHORS = (
    "*Private Hub wrote the parts of this card between the comments `phub:…`, from the record of "
    "the run; they are renewed by the next one. Everything else, and what was changed or removed "
    "between them, is people's and stays as it is.*"
)
_LIMITS = (
    "The scores hold for rows like those of the dataset. Biases of the dataset's labels, "
    "and of a base model, are likely to be in this model as well."
)


def model_card(state: RunState, repo_id: str, row: CandidateState | None = None) -> str:
    """The README.md of the winner, or of another candidate, where there is none yet."""
    return machine_card(state, repo_id, row).text()


def machine_card(state: RunState, repo_id: str, row: CandidateState | None = None) -> Card:
    """What the record tells about the winner, or about another that never met the test rows.

    ``state.started["sources"]`` says where model and dataset came from: ``model`` and ``dataset``
    with ``repo``, ``commit`` (and ``license``, ``language`` of the model), ``notebook`` (a
    sentence) and ``environment``.
    """
    row = row or state.candidates[str(state.winner)]
    training = _training_list(state, row)
    parts = {
        "title": f"# {repo_id.partition('/')[2]}",
        "authors": _AUTHORS,
        "summary": _summary(state),
        "scores": f"## Scores\n\n{_scores_table(state, row)}\n\n{_verdict(state, row)}",
        "candidates": f"## Candidates\n\n{_candidates_table(state, row)}",
        **_curves(state),
        "training": f"## How it was trained\n\n{training}",
        "use": f"## Use\n\n{use_of(state.started['settings']['task'], repo_id)}",
        "limits": f"## Limits\n\n{_LIMITS}",
    }
    return Card(_metadata(state, repo_id, row), parts)


def _metadata(state: RunState, repo_id: str, row: CandidateState) -> dict[str, Any]:
    from huggingface_hub import EvalResult, ModelCardData

    model, dataset = state.started["sources"].get("model") or {}, _source(state, "dataset")
    scores, split = _published_scores(row)
    results = [
        EvalResult(
            task_type=state.started["settings"]["task"],
            task_name=task_named(state.started["settings"]["task"]).label,
            dataset_type=dataset["repo"],
            dataset_name=dataset["repo"],
            dataset_split=split,
            dataset_revision=dataset["commit"],
            metric_type=metric.name,
            metric_name=metric.label,
            metric_value=round(scores.values[metric.name], 4),
        )
        for metric in state.metrics
        if math.isfinite(scores.values[metric.name])
    ]
    data = ModelCardData(
        base_model=model.get("repo"),
        base_model_relation="finetune" if model else None,
        datasets=[dataset["repo"]],
        language=model.get("language"),
        library_name=library_of(state.started["settings"]["task"]),
        license=model.get("license"),
        license_name=model.get("license_name"),
        license_link=model.get("license_link"),
        metrics=[metric.name for metric in state.metrics],
        model_name=repo_id.partition("/")[2],
        pipeline_tag=state.started["settings"]["task"],
        eval_results=results,
    )
    fields: dict[str, Any] = yaml.safe_load(data.to_yaml())
    return fields


def _summary(state: RunState) -> str:
    model, dataset = state.started["sources"].get("model"), _source(state, "dataset")
    base = f" from `{model['repo']}` at commit `{model['commit']}`" if model else ""
    labels = ", ".join(f"`{name}`" for name in state.started["labels"])
    classes = f" with the labels {labels}" if labels else ""
    label = task_named(state.started["settings"]["task"]).label.lower()
    return (
        f"A model for {label}{classes}, trained{base} on the dataset `{dataset['repo']}` at commit "
        f"`{dataset['commit']}`."
    )


def _scores_table(state: RunState, published: CandidateState) -> str:
    headings = ["Model", *(metric.label for metric in state.metrics), "Rows"]
    rows = [f"| {' | '.join(headings)} |", "|---" * len(headings) + "|"]
    tested = published.test is not None
    for row in (published, _baseline(state)):
        scores = row and (row.test if tested else row.validation)
        if row is not None and scores:
            values = [shown(metric, scores) for metric in state.metrics]
            cells = [row.candidate.name, *values, str(scores.rows)]
            rows.append(f"| {' | '.join(cells)} |")
    said = (
        "On the test rows, which were used for no choice; ± is one standard error."
        if tested
        else "On the validation rows, by which candidates were chosen; ± is one standard error."
    )
    return f"{said}\n\n" + "\n".join(rows)


def _verdict(state: RunState, winner: CandidateState) -> str:
    if winner.test is None:
        best = state.candidates[str(state.winner)].candidate.name
        return f"{best}, on the branch `main`, was better and is the one that met the test rows."
    baseline = _baseline(state)
    if baseline is None or baseline.test is None:
        return "No cheap baseline was tried in this run."
    name = state.metric.label
    above = rank_key(state.metric, winner.test) >= rank_key(state.metric, baseline.test)
    sentence = (
        f"On the test rows it is {'not worse' if above else 'worse'} than the best cheap baseline: "
        f"{name} {shown(state.metric, winner.test)} against {shown(state.metric, baseline.test)}."
    )
    if not state.baseline_wins:
        return sentence
    return (
        f"**A cheap baseline won:** {baseline.candidate.name} was at least as good as this "
        f"model on the validation rows, by which candidates are ranked. {sentence}"
    )


def _candidates_table(state: RunState, published: CandidateState) -> str:
    metrics = [f"Validation {metric.label}" for metric in state.metrics]
    headings = ["Candidate", "Settings", "Steps", *metrics, "Time", "Outcome"]
    rows = [f"| {' | '.join(headings)} |", "|---" * len(headings) + "|"]
    for row in state.candidates.values():
        settings = ", ".join(f"{key}={value}" for key, value in row.candidate.parameters.items())
        cells = (
            row.candidate.name,
            settings,
            str(row.step) if row.candidate.stepwise else "",
            *(shown(metric, row.validation) for metric in state.metrics),
            f"{row.seconds:.0f} s",
            _outcome(state, row, published).replace("|", "/").replace("\n", " "),
        )
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def _outcome(state: RunState, row: CandidateState, published: CandidateState) -> str:
    if row is published:
        return "published here"
    if row.candidate.id == state.winner:
        return "best"
    if row.candidate.id == state.baseline:
        return "best cheap baseline"
    return f"{row.status}: {row.reason}" if row.reason else row.status


def _curves(state: RunState) -> dict[str, str]:
    """The picture of the learning curves; a run without fine-tunes has none."""
    if not learning_curves(state):
        return {}
    said = f"Training loss and validation {state.metric.label} by step"
    text = f"![{said}]({CURVES_PICTURE})\n\n{said}. The points are in `{CURVES_FILE}`."
    return {"curves": f"## Learning curves\n\n{text}"}


def _training_list(state: RunState, winner: CandidateState) -> str:
    started = state.started
    sources = started["sources"]
    settings = dict(winner.candidate.parameters)
    rungs = ""
    if winner.candidate.stepwise:
        settings = {"batch_size": winner.candidate.batch_size, **settings}
        settings["steps"] = winner.scored_step
        steps = ", ".join(map(str, state.plan.rungs))
        rungs = f"; fine-tunes were compared after {steps} steps"
    rows = ", ".join(f"{number} {name}" for name, number in started["rows"].items())
    columns = ", ".join(f"{role} from column `{name}`" for role, name in started["columns"].items())
    engine = state.engine
    lines = [
        f"Settings of the published candidate: {_pairs(settings)}.",
        f"Rows: {rows}; {columns}.",
        f"Candidates were ranked by {started['settings']['metric']} on the validation rows{rungs}.",
        f"Seed: {started['settings']['seed']}.",
        f"Engine: {engine.get('device')}, {engine.get('threads')} threads, "
        f"{'bfloat16' if engine.get('bf16') else 'float32'} arithmetic.",
        machine_sentence(state),
        f"Environment: {_pairs(sources.get('environment', {}))}.",
        str(sources.get("notebook", "Not started from a notebook.")),
        "Every step is in `phub_run.jsonl`, the figures in `metrics.json`, and where everything "
        f"came from, for machines to read, in `{PROVENANCE_FILE}`.",
    ]
    return "\n".join(f"- {line}" for line in lines)


def _pairs(values: dict[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in values.items())


def _source(state: RunState, kind: str) -> dict[str, Any]:
    source: dict[str, Any] = state.started["sources"][kind]
    return source


def _baseline(state: RunState) -> CandidateState | None:
    return state.candidates[state.baseline] if state.baseline else None


def _published_scores(row: CandidateState) -> tuple[Scores, str]:
    if row.test is not None:
        return row.test, "test"
    if row.validation is None:
        raise ValueError("a card needs scores")
    return row.validation, "validation"
