"""Metrics against the libraries that define them, and their errors against repeated samples."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from phub_jupyter.compute.evaluation.metrics import (
    Score,
    compute,
    higher_is_better,
    metric_of,
    metrics_of,
    sample_of,
    shown,
)
from phub_jupyter.compute.evaluation.metrics.bootstrap import difference
from phub_jupyter.errors import InvalidRequestError, NotSupportedError

RANDOM = np.random.default_rng(4)
TRUTH = RANDOM.integers(0, 3, 400)
LOGITS = RANDOM.normal(size=(400, 3)) + 1.5 * np.eye(3)[TRUTH]
SHARES = np.exp(LOGITS) / np.exp(LOGITS).sum(1, keepdims=True)
GUESSES = SHARES.argmax(1)


def values(task: str, references: Any, predictions: Any, **options: Any) -> dict[str, float]:
    found = compute(task, [], references, predictions, **options)
    return {name: score.value for name, score in found.items()}


def test_classes_as_scikit_learn_has_them() -> None:
    from sklearn import metrics

    found = values("text-classification", TRUTH, SHARES)
    macro = metrics.precision_recall_fscore_support(TRUTH, GUESSES, average="macro")
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(TRUTH, GUESSES))
    assert (found["precision"], found["recall"], found["f1"]) == pytest.approx(macro[:3])
    assert found["balanced_accuracy"] == pytest.approx(
        metrics.balanced_accuracy_score(TRUTH, GUESSES)
    )
    assert found["mcc"] == pytest.approx(metrics.matthews_corrcoef(TRUTH, GUESSES))
    assert found["log_loss"] == pytest.approx(metrics.log_loss(TRUTH, SHARES))
    area = metrics.roc_auc_score(TRUTH, SHARES, multi_class="ovr", average="macro")
    assert found["roc_auc"] == pytest.approx(area)


def test_without_probabilities_only_decisions_are_scored() -> None:
    found = values("text-classification", TRUTH, GUESSES)
    assert "accuracy" in found
    assert not {"roc_auc", "log_loss", "ece"} & set(found)
    with pytest.raises(InvalidRequestError, match="metric: 'log_loss'"):
        compute("text-classification", ["log_loss"], TRUTH, GUESSES)


def test_label_sets_as_scikit_learn_has_them() -> None:
    from sklearn import metrics

    truth = RANDOM.integers(0, 2, (200, 4))
    shares = np.clip(0.5 * truth + 0.6 * RANDOM.random((200, 4)), 0, 1)
    found = values("text-classification", truth, shares, problem="multi_label")
    said = shares >= 0.5
    assert found["f1"] == pytest.approx(metrics.f1_score(truth, said, average="macro"))
    assert found["f1_micro"] == pytest.approx(metrics.f1_score(truth, said, average="micro"))
    assert found["subset_accuracy"] == pytest.approx(metrics.accuracy_score(truth, said))


def test_numbers_as_scikit_learn_and_scipy_have_them() -> None:
    from scipy import stats
    from sklearn import metrics

    truth = RANDOM.normal(size=300)
    said = truth + RANDOM.normal(size=300)
    found = values("tabular-regression", truth, said)
    assert found["mse"] == pytest.approx(metrics.mean_squared_error(truth, said))
    assert found["rmse"] == pytest.approx(math.sqrt(found["mse"]))
    assert found["mae"] == pytest.approx(metrics.mean_absolute_error(truth, said))
    assert found["r2"] == pytest.approx(metrics.r2_score(truth, said))
    assert found["pearson"] == pytest.approx(stats.pearsonr(truth, said).statistic)
    assert found["spearman"] == pytest.approx(stats.spearmanr(truth, said).statistic)


def test_tags_as_seqeval_has_them() -> None:
    from seqeval.metrics import f1_score, precision_score, recall_score

    truth = [["B-PER", "I-PER", "O", "B-LOC"], ["O", "B-ORG", "O"], ["B-PER", "O", "O"]] * 5
    said = [["B-PER", "O", "O", "B-LOC"], ["O", "B-ORG", "I-ORG"], ["B-PER", "O", "O"]] * 5
    found = values("token-classification", truth, said)
    assert found["f1"] == pytest.approx(f1_score(truth, said))
    assert found["precision"] == pytest.approx(precision_score(truth, said))
    assert found["recall"] == pytest.approx(recall_score(truth, said))


def test_answers_as_the_question_sets_define_them() -> None:
    truth = [["the red house", "red house"], ["Paris"], []]
    found = values("question-answering", truth, ["Red house!", "in Paris", ""])
    assert found["exact_match"] == pytest.approx(2 / 3)
    assert found["f1"] == pytest.approx((1 + 2 / 3 + 1) / 3)


def test_texts_as_rouge_and_sacrebleu_and_jiwer_have_them() -> None:
    import jiwer
    from rouge_score.rouge_scorer import RougeScorer
    from sacrebleu import corpus_bleu, corpus_chrf, corpus_ter

    truth = ["the cat sat on the mat today", "a dog ran fast over the hill", "it rains again"] * 3
    said = ["the cat sat on a mat", "the dog ran over the hill fast", "it rains again"] * 3
    scorer = RougeScorer(["rouge1", "rouge2", "rougeL"])
    rows = [scorer.score(one, other) for one, other in zip(truth, said, strict=True)]
    found = values("summarization", truth, said)
    for name in ("rouge1", "rouge2", "rougeL"):
        assert found[name] == pytest.approx(np.mean([row[name].fmeasure for row in rows]))
    found = values("translation", truth, said)
    assert found["bleu"] == pytest.approx(corpus_bleu(said, [truth]).score)
    assert found["chrf"] == pytest.approx(corpus_chrf(said, [truth]).score)
    assert found["ter"] == pytest.approx(corpus_ter(said, [truth]).score)
    found = values("automatic-speech-recognition", truth, said)
    assert found["wer"] == pytest.approx(jiwer.wer(truth, said))
    assert found["cer"] == pytest.approx(jiwer.cer(truth, said))


def test_the_error_is_that_of_other_rows_of_the_same_kind() -> None:
    generator = np.random.default_rng(0)
    drawn, covered = [], 0
    for seed in range(120):
        truth = generator.integers(0, 2, 250)
        said = np.where(generator.random(250) < 0.8, truth, 1 - truth)
        score = compute("text-classification", ["accuracy"], truth, said, seed=seed)["accuracy"]
        drawn.append(score)
        assert score.low is not None
        assert score.high is not None
        covered += score.low <= 0.8 <= score.high
    spread = float(np.std([score.value for score in drawn], ddof=1))
    assert np.mean([score.stderr for score in drawn]) == pytest.approx(spread, rel=0.2)
    assert 0.88 <= covered / 120 <= 0.99


def test_a_paired_comparison_sees_what_is_on_the_same_rows() -> None:
    generator = np.random.default_rng(1)
    truth = generator.integers(0, 2, 500)
    worse = np.where(generator.random(500) < 0.8, truth, 1 - truth)
    better = np.where((worse != truth) & (generator.random(500) < 0.3), truth, worse)
    one, other = (sample_of("text-classification", truth, said) for said in (better, worse))
    found = difference(one, other, "accuracy")
    assert found.value == pytest.approx((better == truth).mean() - (worse == truth).mean())
    assert found.p is not None
    assert found.p < 0.01
    assert difference(one, one, "accuracy").p == 1.0


@pytest.mark.parametrize(
    ("task", "names", "references", "predictions", "words"),
    [
        ("text-classification", ["charm"], [0], [0], "metric: 'charm' is none of"),
        ("text-classification", [], [], [], "rows: there are none to score"),
        ("text-classification", [], [0, 1], [0], "predictions: 1 for 2 rows"),
    ],
)
def test_what_cannot_be_scored_is_refused(
    task: str, names: list[str], references: Any, predictions: Any, words: str
) -> None:
    with pytest.raises(InvalidRequestError, match=words):
        compute(task, names, references, predictions)


def test_a_task_without_metrics_says_so() -> None:
    with pytest.raises(NotSupportedError, match="there is no metric for 'text-to-image'"):
        metrics_of("text-to-image")


def test_scores_are_shown_with_their_error() -> None:
    accuracy = metric_of("text-classification", "accuracy")
    assert shown(accuracy, Score(0.857, 0.011, 100)) == "85.7 ± 1.1 %"
    assert shown(accuracy, Score(math.nan, None, 1)) == "–"
    assert Score.from_json(Score(math.nan, None, 1).as_json()).rows == 1
    assert not higher_is_better("rmse")
    assert higher_is_better("accuracy")
