"""Metrics against the libraries' own numbers, and their intervals against the truth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import jiwer
import numpy as np
import pytest
import sacrebleu
from numpy.typing import NDArray
from rouge_score.rouge_scorer import RougeScorer
from scipy import stats
from seqeval.metrics import accuracy_score as tag_accuracy
from seqeval.metrics import f1_score as entity_f1
from seqeval.metrics import precision_score as entity_precision
from seqeval.metrics import recall_score as entity_recall
from sklearn import metrics as sk

from phub_jupyter.compute.evaluation.metrics import (
    Score,
    compute,
    higher_is_better,
    metrics_of,
    sample_of,
    shown,
)
from phub_jupyter.compute.evaluation.metrics.bootstrap import difference
from phub_jupyter.errors import InvalidRequestError, NotSupportedError
from phub_jupyter.metrics import FAMILIES

_RIGHT = ["the cat sat on the mat", "there is a dog in the garden", "it rains", "all is well now"]
_SAID = ["a cat sat on a mat today", "there was the dog in a garden", "it rains", "nothing is well"]


def _probabilities(
    rows: int, classes: int, seed: int, skill: float = 1.0
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    generator = np.random.default_rng(seed)
    truth = generator.integers(0, classes, rows)
    logits = generator.normal(size=(rows, classes))
    logits[np.arange(rows), truth] += skill
    shares = np.exp(logits)
    return truth, shares / shares.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("classes", [2, 5])
def test_classes_agree_with_scikit_learn(classes: int) -> None:
    truth, shares = _probabilities(300, classes, classes)
    said = shares.argmax(axis=1)
    found = compute("text-classification", [], truth, shares)
    expected = {
        "accuracy": sk.accuracy_score(truth, said),
        "f1": sk.f1_score(truth, said, average="macro"),
        "precision": sk.precision_score(truth, said, average="macro"),
        "recall": sk.recall_score(truth, said, average="macro"),
        "balanced_accuracy": sk.balanced_accuracy_score(truth, said),
        "mcc": sk.matthews_corrcoef(truth, said),
        "log_loss": sk.log_loss(truth, shares),
        "roc_auc": sk.roc_auc_score(
            truth, shares[:, 1] if classes == 2 else shares, multi_class="ovr"
        ),
    }
    for name, value in expected.items():
        assert found[name].value == pytest.approx(value), name
    assert set(found) - set(expected) == {"ece"}


def test_area_under_the_curve_counts_ties_as_halves() -> None:
    shares = np.round(_probabilities(200, 2, 1)[1], 1)
    truth = _probabilities(200, 2, 1)[0]
    found = compute("text-classification", ["roc_auc"], truth, shares)
    assert found["roc_auc"].value == pytest.approx(sk.roc_auc_score(truth, shares[:, 1]))


def test_calibration_error_is_the_mean_gap_between_certainty_and_hits() -> None:
    # Two bins: 0.75 certain and 3 of 4 right, 0.95 certain and 1 of 2 right.
    certainty = [0.75] * 4 + [0.95] * 2
    shares = [[share, 1 - share] for share in certainty]
    found = compute("text-classification", ["ece"], [0, 0, 0, 1, 0, 1], shares)["ece"]
    assert found.value == pytest.approx((4 * 0 + 2 * 0.45) / 6)


def test_label_sets_agree_with_scikit_learn() -> None:
    generator = np.random.default_rng(0)
    truth = generator.integers(0, 2, (200, 4))
    shares = np.clip(0.4 * truth + 0.6 * generator.random((200, 4)), 0, 1)
    said = (shares >= 0.5).astype(int)
    found = compute("text-classification", [], truth, shares, problem="multi_label")
    assert {name: score.value for name, score in found.items()} == pytest.approx(
        {
            "f1": sk.f1_score(truth, said, average="macro"),
            "f1_micro": sk.f1_score(truth, said, average="micro"),
            "precision_micro": sk.precision_score(truth, said, average="micro"),
            "recall_micro": sk.recall_score(truth, said, average="micro"),
            "subset_accuracy": sk.accuracy_score(truth, said),
            "roc_auc": sk.roc_auc_score(truth, shares),
        }
    )


def test_numbers_agree_with_scikit_learn_and_scipy() -> None:
    generator = np.random.default_rng(2)
    truth = 1e6 + generator.normal(size=150).round(1)
    said = truth + generator.normal(size=150)
    found = compute("tabular-regression", [], truth, said)
    assert {name: score.value for name, score in found.items()} == pytest.approx(
        {
            "mse": sk.mean_squared_error(truth, said),
            "rmse": sk.root_mean_squared_error(truth, said),
            "mae": sk.mean_absolute_error(truth, said),
            "r2": sk.r2_score(truth, said),
            "pearson": stats.pearsonr(truth, said).statistic,
            "spearman": stats.spearmanr(truth, said).statistic,
        }
    )
    assert set(compute("sentence-similarity", [], truth, said)) == {"spearman", "pearson"}


def test_tags_agree_with_seqeval() -> None:
    truth = [["B-PER", "I-PER", "O"], ["O", "B-LOC", "O", "B-PER"], ["O", "O"]]
    said = [["B-PER", "I-PER", "O"], ["O", "B-PER", "O", "B-PER"], ["B-LOC", "O"]]
    found = compute("token-classification", [], truth, said)
    assert {name: score.value for name, score in found.items()} == pytest.approx(
        {
            "f1": entity_f1(truth, said),
            "precision": entity_precision(truth, said),
            "recall": entity_recall(truth, said),
            "accuracy": tag_accuracy(truth, said),
        }
    )


def test_answers_are_compared_without_case_punctuation_and_articles() -> None:
    right = [["The Eiffel Tower", "Tower"], "in 1889", []]
    found = compute("question-answering", [], right, ["eiffel tower!", "1889", ""])
    assert found["exact_match"].value == pytest.approx(2 / 3)
    assert found["f1"].value == pytest.approx((1 + 2 / 3 + 1) / 3)


def test_summaries_agree_with_rouge_score() -> None:
    scorer = RougeScorer(["rouge1", "rouge2", "rougeL"])
    pairs = zip(_RIGHT, _SAID, strict=True)
    each = [scorer.score(right, said) for right, said in pairs]
    found = compute("summarization", [], _RIGHT, _SAID)
    for name in ("rouge1", "rouge2", "rougeL"):
        assert found[name].value == pytest.approx(np.mean([row[name].fmeasure for row in each]))


@pytest.mark.parametrize("several", [False, True])
def test_translations_agree_with_sacrebleu(several: bool) -> None:
    streams = [_RIGHT, [text + " indeed" for text in _RIGHT]] if several else [_RIGHT]
    right = [list(row) for row in zip(*streams, strict=True)]
    found = compute("translation", [], right, _SAID)
    assert found["bleu"].value == pytest.approx(sacrebleu.corpus_bleu(_SAID, streams).score)
    assert found["chrf"].value == pytest.approx(sacrebleu.corpus_chrf(_SAID, streams).score)
    assert found["ter"].value == pytest.approx(sacrebleu.corpus_ter(_SAID, streams).score)


def test_rows_may_have_different_numbers_of_right_translations() -> None:
    right = [[text, text + " indeed"] if place % 2 else text for place, text in enumerate(_RIGHT)]
    assert compute("translation", ["bleu"], right, _RIGHT)["bleu"].value == pytest.approx(100)


def test_transcripts_agree_with_jiwer() -> None:
    found = compute("automatic-speech-recognition", [], _RIGHT, _SAID)
    assert found["wer"].value == pytest.approx(jiwer.wer(_RIGHT, _SAID))
    assert found["cer"].value == pytest.approx(jiwer.cer(_RIGHT, _SAID))
    silent = compute("automatic-speech-recognition", ["wer"], ["", "one two"], ["noise", "one"])
    assert silent["wer"].value == pytest.approx(2 / 2)


def test_perplexity_is_over_all_tokens() -> None:
    found = compute("text-generation", [], [10, 30], [20.0, 30.0])
    assert found["loss"].value == pytest.approx(1.25)
    assert found["perplexity"].value == pytest.approx(math.exp(1.25))


def test_the_error_of_accuracy_is_binomial() -> None:
    found = compute("text-classification", ["accuracy"], [0, 1] * 50, [0, 1] * 40 + [1, 0] * 10)
    assert found["accuracy"].value == pytest.approx(0.8)
    assert found["accuracy"].stderr == pytest.approx(math.sqrt(0.8 * 0.2 / 100), rel=0.1)
    assert found["accuracy"].rows == 100


def test_the_error_of_f1_is_that_of_drawing_rows_with_replacement() -> None:
    generator = np.random.default_rng(3)
    truth = generator.integers(0, 3, 400)
    said = np.where(generator.random(400) < 0.6, truth, 0)
    drawn = []
    for _ in range(400):
        rows = generator.integers(0, 400, 400)
        drawn.append(sk.f1_score(truth[rows], said[rows], average="macro"))
    assert compute("text-classification", ["f1"], truth, said)["f1"].stderr == pytest.approx(
        np.std(drawn), rel=0.15
    )


def _covered(metric: str, truth: float, skill: float, samples: int = 120) -> float:
    inside = 0
    for seed in range(samples):
        rows = _probabilities(150, 3, 1000 + seed, skill)
        found = compute("text-classification", [metric], *rows)[metric]
        assert found.low is not None
        assert found.high is not None
        inside += found.low <= truth <= found.high
    return inside / samples


@pytest.mark.parametrize("metric", ["accuracy", "f1", "roc_auc", "mcc", "log_loss"])
def test_the_interval_holds_the_true_value_about_19_times_of_20(metric: str) -> None:
    large = _probabilities(100_000, 3, 7)
    sample = sample_of("text-classification", *large)
    truth = float(sample.values([metric], np.ones((1, 100_000)))[metric][0])
    assert 0.88 <= _covered(metric, truth, skill=1.0) <= 1.0


def test_the_interval_of_a_correlation_holds_the_true_one() -> None:
    inside = 0
    for seed in range(120):
        generator = np.random.default_rng(seed)
        both = generator.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], 150)
        found = compute("sentence-similarity", ["pearson"], both[:, 0], both[:, 1])["pearson"]
        assert found.low is not None
        assert found.high is not None
        inside += found.low <= 0.6 <= found.high
    assert 0.88 <= inside / 120 <= 1.0


def test_a_paired_comparison_sees_what_two_intervals_do_not() -> None:
    truth, shares = _probabilities(1000, 2, 5)
    better = shares.copy()
    wrong = np.flatnonzero(shares.argmax(axis=1) != truth)[:20]
    better[wrong] = np.eye(2)[truth[wrong]]
    first, second = (sample_of("text-classification", truth, rows) for rows in (better, shares))
    apart = difference(first, second, "accuracy")
    assert apart.value == pytest.approx(0.02)
    assert apart.p is not None
    assert apart.p < 0.01
    assert apart.low is not None
    assert apart.low > 0
    same = difference(second, second, "accuracy")
    assert (same.value, same.p) == (0.0, 1.0)


def test_chance_alone_is_seldom_called_a_difference() -> None:
    called = 0
    for seed in range(100):
        generator = np.random.default_rng(seed)
        truth = generator.integers(0, 2, 200)
        coin = generator.random(200) < 0.5
        hit = generator.random((2, 200)) < 0.7
        one = np.where(hit[0], truth, 1 - truth)
        two = np.where(np.where(coin, hit[0], hit[1]), truth, 1 - truth)
        samples = [sample_of("text-classification", truth, said) for said in (one, two)]
        p = difference(samples[0], samples[1], "accuracy").p
        called += p is not None and p < 0.05
    assert called <= 12


@pytest.mark.parametrize(
    ("references", "predictions", "metric", "word"),
    [
        ([], [], "accuracy", "rows"),
        ([0, 1], [0], "accuracy", "predictions"),
        (["a", "b"], [0, 1], "accuracy", "references"),
        ([0, 5], [[0.5, 0.5], [0.5, 0.5]], "accuracy", "class 5"),
        ([0, 1], [[0.5, 0.5], [math.nan, 0.5]], "accuracy", "finite"),
        ([0, 1], [0, 1], "roc_auc", "probabilities"),
        ([0, 1], [0, 1], "bleu", "choose from accuracy"),
    ],
)
def test_what_does_not_fit_is_said_in_a_sentence(
    references: Sequence[Any], predictions: Sequence[Any], metric: str, word: str
) -> None:
    with pytest.raises(InvalidRequestError, match=word):
        compute("text-classification", [metric], references, predictions)


def test_labels_of_a_model_that_went_astray_have_no_score() -> None:
    with pytest.raises(InvalidRequestError, match="finite"):
        compute("text-classification", ["f1"], [[0, 1]], [[0.1, math.inf]], problem="multi_label")


def test_a_metric_that_means_nothing_on_the_rows_has_no_number() -> None:
    (metric,) = [m for m in metrics_of("text-classification") if m.name == "roc_auc"]
    found = compute("text-classification", ["roc_auc"], [1, 1], [[0.2, 0.8], [0.6, 0.4]])["roc_auc"]
    assert math.isnan(found.value)
    assert shown(metric, found) == "–"
    assert found.as_json()["value"] is None
    assert math.isnan(Score.from_json(found.as_json()).value)


def test_one_row_has_a_value_and_no_error() -> None:
    found = compute("text-classification", ["accuracy"], [1], [1])["accuracy"]
    assert (found.value, found.stderr, found.low) == (1.0, None, None)


def test_every_name_has_one_direction_in_all_families() -> None:
    for metrics in FAMILIES.values():
        for metric in metrics:
            assert higher_is_better(metric.name) == metric.higher_is_better
    with pytest.raises(NotSupportedError, match="no metric for 'fill-mask'"):
        metrics_of("fill-mask")
