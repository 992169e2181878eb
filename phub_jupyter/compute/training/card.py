"""The model card of a finished run, filled from its record alone."""

from __future__ import annotations

from typing import Any

from phub_jupyter.compute.training.metrics import Scores
from phub_jupyter.compute.training.state import CandidateState, RunState

__all__ = ["model_card", "percent"]

_USE = """```python
from transformers import pipeline

classify = pipeline("text-classification", model="{repo}")
classify("…")
```"""
_CANDIDATE_HEADINGS = (
    "Candidate",
    "Settings",
    "Steps",
    "Validation accuracy",
    "Validation macro F1",
    "Time",
    "Outcome",
)


def model_card(state: RunState, repo_id: str) -> str:
    """The README.md of the trained model.

    ``state.started["sources"]`` says where model and dataset came from: ``model`` and ``dataset``
    with ``repo``, ``commit`` (and ``license``, ``language`` of the model), ``notebook`` (a
    sentence) and ``environment``.
    """
    front = _front_matter(state, repo_id)
    body = "\n\n".join(
        [
            f"# {repo_id.partition('/')[2]}",
            _summary(state),
            "## Scores",
            _scores_table(state),
            _verdict(state),
            "## Candidates",
            _candidates_table(state),
            "## How it was trained",
            _training_list(state),
            "## Use",
            _USE.format(repo=repo_id),
            "## Limits",
            "The scores hold for texts like those of the dataset. Biases of the base model and of "
            "the dataset's labels are likely to be in this model as well.",
        ]
    )
    return f"---\n{front}\n---\n\n{body}\n"


def percent(value: float, stderr: float) -> str:
    """A share with its standard error, for people: ``85.7 ± 1.1 %``."""
    return f"{100 * value:.1f} ± {100 * stderr:.1f} %"


def _front_matter(state: RunState, repo_id: str) -> str:
    from huggingface_hub import EvalResult, ModelCardData

    model, dataset = _source(state, "model"), _source(state, "dataset")
    scores = _test_of(_winner(state))
    results = [
        EvalResult(
            task_type=state.started["settings"]["task"],
            task_name="Text Classification",
            dataset_type=dataset["repo"],
            dataset_name=dataset["repo"],
            dataset_split="test",
            dataset_revision=dataset["commit"],
            metric_type=kind,
            metric_name=name,
            metric_value=round(value, 4),
        )
        for kind, name, value in (
            ("accuracy", "Accuracy", scores.accuracy),
            ("f1", "Macro F1", scores.f1),
        )
    ]
    data = ModelCardData(
        base_model=model["repo"],
        base_model_relation="finetune",
        datasets=[dataset["repo"]],
        language=model.get("language"),
        library_name="transformers",
        license=model.get("license"),
        license_name=model.get("license_name"),
        license_link=model.get("license_link"),
        metrics=["accuracy", "f1"],
        model_name=repo_id.partition("/")[2],
        pipeline_tag=state.started["settings"]["task"],
        eval_results=results,
    )
    text: str = data.to_yaml()
    return text.strip()


def _summary(state: RunState) -> str:
    model, dataset = _source(state, "model"), _source(state, "dataset")
    labels = ", ".join(f"`{name}`" for name in state.started["labels"])
    return (
        f"A text classifier with the labels {labels}, fine-tuned from `{model['repo']}` at commit "
        f"`{model['commit']}` on the dataset `{dataset['repo']}` at commit `{dataset['commit']}`."
    )


def _scores_table(state: RunState) -> str:
    rows = ["| Model | Accuracy | Macro F1 | Rows |", "|---|---|---|---|"]
    for row in (_winner(state), _baseline(state)):
        if row is not None and row.test is not None:
            rows.append(
                f"| {row.candidate.name} | {percent(row.test.accuracy, row.test.accuracy_stderr)} "
                f"| {percent(row.test.f1, row.test.f1_stderr)} | {row.test.rows} |"
            )
    return (
        "On the test rows, which were used for no choice; ± is one standard error.\n\n"
        + "\n".join(rows)
    )


def _verdict(state: RunState) -> str:
    winner, baseline = _winner(state), _baseline(state)
    if baseline is None or baseline.test is None:
        return "No cheap baseline was tried in this run."
    points = 100 * (_test_of(winner).accuracy - baseline.test.accuracy)
    compared = f"{abs(points):.1f} points of accuracy {'above' if points >= 0 else 'below'}"
    sentence = f"On the test rows the fine-tune is {compared} the best cheap baseline."
    if not state.baseline_wins:
        return sentence
    return (
        f"**A cheap baseline won:** {baseline.candidate.name} was at least as good as this "
        f"fine-tune on the validation rows, by which candidates are ranked. {sentence}"
    )


def _candidates_table(state: RunState) -> str:
    rows = [f"| {' | '.join(_CANDIDATE_HEADINGS)} |", "|---" * len(_CANDIDATE_HEADINGS) + "|"]
    for row in state.candidates.values():
        scores = row.validation
        settings = ", ".join(f"{key}={value}" for key, value in row.candidate.parameters.items())
        cells = (
            row.candidate.name,
            settings,
            str(row.step) if row.candidate.is_fine_tune else "",
            percent(scores.accuracy, scores.accuracy_stderr) if scores else "",
            percent(scores.f1, scores.f1_stderr) if scores else "",
            f"{row.seconds:.0f} s",
            _outcome(state, row).replace("|", "/").replace("\n", " "),
        )
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def _outcome(state: RunState, row: CandidateState) -> str:
    if row.candidate.id == state.winner:
        return "published here"
    if row.candidate.id == state.baseline:
        return "best cheap baseline"
    return f"{row.status}: {row.reason}" if row.reason else row.status


def _training_list(state: RunState) -> str:
    started, winner = state.started, _winner(state)
    sources = started["sources"]
    settings = {**winner.candidate.parameters, "steps": winner.scored_step, "batch_size": 32}
    rows = ", ".join(f"{number} {name}" for name, number in started["rows"].items())
    engine = state.engine
    lines = [
        f"Settings of the published candidate: {_pairs(settings)}.",
        f"Rows: {rows}; text from column `{started['columns']['text']}`, label from column "
        f"`{started['columns']['label']}`.",
        f"Candidates were ranked by {started['settings']['metric']} on the validation rows; "
        f"fine-tunes were compared after {', '.join(map(str, state.plan.rungs))} steps.",
        f"Seed: {started['settings']['seed']}.",
        f"Engine: {engine.get('device')}, {engine.get('threads')} threads, "
        f"{'bfloat16' if engine.get('bf16') else 'float32'} arithmetic.",
        f"Environment: {_pairs(sources.get('environment', {}))}.",
        str(sources.get("notebook", "Not started from a notebook.")),
        "Every step is in `phub_run.jsonl`, the figures in `metrics.json`.",
    ]
    return "\n".join(f"- {line}" for line in lines)


def _pairs(values: dict[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in values.items())


def _source(state: RunState, kind: str) -> dict[str, Any]:
    source: dict[str, Any] = state.started["sources"][kind]
    return source


def _winner(state: RunState) -> CandidateState:
    return state.candidates[str(state.winner)]


def _baseline(state: RunState) -> CandidateState | None:
    return state.candidates[state.baseline] if state.baseline else None


def _test_of(row: CandidateState) -> Scores:
    if row.test is None:
        raise ValueError("a card needs the test scores of the winner")
    return row.test
