"""Scores and their standard errors, against independent computations."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score

from phub_jupyter.compute.training.metrics import score


@pytest.mark.parametrize("classes", [2, 5])
def test_scores_agree_with_scikit_learn(classes: int) -> None:
    generator = np.random.default_rng(classes)
    labels = generator.integers(0, classes, 300)
    predictions = np.where(generator.random(300) < 0.7, labels, generator.integers(0, classes, 300))
    found = score(labels.tolist(), predictions.tolist(), classes)
    assert found.values["accuracy"] == pytest.approx(accuracy_score(labels, predictions))
    assert found.values["f1"] == pytest.approx(f1_score(labels, predictions, average="macro"))
    assert found.rows == 300


def test_the_error_of_accuracy_is_binomial() -> None:
    found = score([0, 1] * 50, [0, 1] * 40 + [1, 0] * 10, 2)
    assert found.values["accuracy"] == pytest.approx(0.8)
    assert found.errors["accuracy"] == pytest.approx(math.sqrt(0.8 * 0.2 / 100))


def test_the_error_of_f1_is_that_of_drawing_rows_with_replacement() -> None:
    generator = np.random.default_rng(3)
    labels = generator.integers(0, 3, 400)
    predictions = np.where(generator.random(400) < 0.6, labels, 0)
    drawn = []
    for _ in range(400):
        rows = generator.integers(0, 400, 400)
        drawn.append(f1_score(labels[rows], predictions[rows], average="macro"))
    found = score(labels.tolist(), predictions.tolist(), 3)
    assert found.errors["f1"] == pytest.approx(np.std(drawn), rel=0.15)


def test_a_class_that_nobody_has_does_not_count() -> None:
    assert score([0, 1], [0, 1], 3).values["f1"] == 1.0
