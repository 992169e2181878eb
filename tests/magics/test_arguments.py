"""Words after ``%phub``: what is read, and the one sentence for what is not."""

from __future__ import annotations

import pytest
from IPython.core.error import UsageError

from phub_magics.arguments import VERBS, HelpShownError, build_parser

TRAIN = ["train", "--model", "a/b", "--dataset", "a/c", "--to", "a/d"]


def test_a_full_line_is_read() -> None:
    line = [*TRAIN, "--candidates", "4", "--time-budget", "1.5m", "--max-train-rows", "100"]
    args = build_parser("train").parse_args([*line, "--private", "--seed", "3"])
    assert (args.model, args.dataset, args.to) == ("a/b", "a/c", "a/d")
    assert (args.candidates, args.time_budget, args.max_train_rows) == (4, 90.0, 100)
    assert (args.private, args.seed, args.resume) == (True, 3, None)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("5m", 300), ("2h", 7200), ("0.5m", 30)]
)
def test_lengths_of_time(text: str, seconds: float) -> None:
    assert build_parser("train").parse_args([*TRAIN, "--time-budget", text]).time_budget == seconds


def test_resume_may_name_a_run_or_not() -> None:
    parser = build_parser("train")
    assert parser.parse_args(["train", "--resume"]).resume == ""
    assert parser.parse_args(["train", "--resume", "x"]).resume == "x"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "arguments are required: VERB"),
        (["dance"], "invalid choice: 'dance'"),
        ([*TRAIN, "--candidates", "0"], "argument --candidates: '0' is not a whole number"),
        ([*TRAIN, "--candidates", "six"], "argument --candidates: 'six' is not a whole number"),
        ([*TRAIN, "--time-budget", "soon"], "'soon' is not a length of time"),
        ([*TRAIN, "--time-budget", "0s"], "'0s' is not a length of time"),
        ([*TRAIN, "--gpus-per-trial", "-1"], "'-1' is not a number from 0 up"),
        ([*TRAIN, "--cpus-per-trial", "inf"], "'inf' is not a number from 0 up"),
        ([*TRAIN, "--on", "moon"], "argument --on: invalid choice: 'moon'"),
        (["train", "--model", "minilm"], "argument --model: repo_id: 'minilm' must have the form"),
        (["train", "--to", "a/../b"], "argument --to: repo_id"),
        ([*TRAIN, "--private", "--public"], "not allowed with argument"),
        ([*TRAIN, "--colour", "red"], "unrecognized arguments: --colour red"),
        ([*TRAIN, "--cand", "3"], "unrecognized arguments: --cand 3"),
    ],
)
def test_a_mistake_is_one_sentence(words: list[str], sentence: str) -> None:
    with pytest.raises(UsageError) as refusal:
        build_parser(words[0] if words else "").parse_args(words)
    assert sentence in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("verb", [[], *([verb] for verb in VERBS)])
def test_help_is_printed_and_the_kernel_lives(
    verb: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(HelpShownError):
        build_parser().parse_args([*verb, "--help"])
    assert "usage: %phub" in capsys.readouterr().out
