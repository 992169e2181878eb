"""Sentence similarity: pairs with scores, read, trained, published and served as one vector."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from phub_jupyter.compute.inference.local import describe, infer
from phub_jupyter.compute.training import Control, Record, Settings, prepare, run
from phub_jupyter.compute.training.state import RunState
from phub_jupyter.errors import InvalidRequestError
from tests.compute.tiny_models.bert import make_bert
from tests.compute.tiny_models.sentences import make_sentence_model
from tests.compute.training_data import write_dataset
from tests.compute.training_trial import scores_of, train_one

TASK = "sentence-similarity"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bert(tmp_path_factory.mktemp("model") / "tiny", "Model", spread=0.05)


def pairs(number: int, seed: int = 0) -> list[dict[str, Any]]:
    """Remarks that are as alike (5) as their judgements, in other words; different ones are 0."""
    generator = random.Random(seed)
    rows = []
    for index in range(number):
        same = index % 2 == 0
        mood = generator.choice((("good", "bright"), ("bad", "dull")))
        other = mood if same else ({"good": ("bad", "dull"), "bad": ("good", "bright")}[mood[0]])
        rows.append(
            {
                "sentence1": f"the film was {mood[0]}",
                "sentence2": f"a very {generator.choice(other)} film",
                "score": 5.0 * same,
            }
        )
    return rows


def write(folder: Path, number: int = 320) -> Path:
    parts = {"train": pairs(number), "validation": pairs(40, 1), "test": pairs(60, 2)}
    return write_dataset(folder, named=False, **parts)


def alike(folder: Path, one: str, *others: str) -> list[float]:
    body = {"inputs": {"source_sentence": one, "sentences": list(others)}}
    found: list[float] = infer(folder, TASK, body)
    return found


@pytest.mark.parametrize("family", ["full", "lora"])
def test_what_people_find_alike_is_learnt_and_served(
    tmp_path: Path, model: Path, family: str
) -> None:
    data = prepare(Settings(), write(tmp_path / "d")).data
    overlap = scores_of(TASK, data, *train_one(TASK, "overlap", data, model, tmp_path / "o", 1))
    trial, step = train_one(TASK, family, data, model, tmp_path, 80, learning_rate=2e-3)
    scores = scores_of(TASK, data, trial, step)
    assert scores["spearman"] > 0.8 > overlap["spearman"]
    saved = tmp_path / "saved"
    trial.save(saved, step)
    same, other = alike(saved, "the film was good", "a very bright film", "a very dull film")
    assert same > other + 0.3
    predicted = trial.predict("validation", step)
    first = data.validation.inputs
    served = alike(saved, first["sentence1"][0], first["sentence2"][0])[0]
    assert served == pytest.approx(predicted[0], abs=0.02)


def test_the_folder_says_how_vectors_are_made(tmp_path: Path, model: Path) -> None:
    data = prepare(Settings(), write(tmp_path / "d", 60)).data
    trial, step = train_one(TASK, "full", data, model, tmp_path, 2)
    trial.save(tmp_path / "saved", step)
    steps = json.loads((tmp_path / "saved" / "modules.json").read_text())
    assert [row["type"].rpartition(".")[2] for row in steps] == [
        "Transformer",
        "Pooling",
        "Normalize",
    ]
    assert describe(tmp_path / "saved", TASK)["pooling"] == "mean"
    vector = infer(tmp_path / "saved", "feature-extraction", {"inputs": "a film"})
    assert sum(value**2 for value in vector) == pytest.approx(1, abs=1e-3)


def test_a_base_goes_on_pooling_as_it_did(tmp_path: Path) -> None:
    base = make_sentence_model(
        tmp_path / "base",
        {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False},
        extra={"prompts": {"query": "the "}, "default_prompt_name": "query"},
    )
    data = prepare(Settings(), write(tmp_path / "d", 60)).data
    as_it_is, _ = train_one(TASK, "unchanged", data, base, tmp_path, 1)
    first, second = (list(data.test.inputs[side])[:4] for side in ("sentence1", "sentence2"))
    served = [alike(base, one, other)[0] for one, other in zip(first, second, strict=True)]
    assert list(as_it_is.predict("test", 1))[:4] == pytest.approx(served, abs=0.02)
    trial, step = train_one(TASK, "full", data, base, tmp_path / "f", 2)
    trial.save(tmp_path / "saved", step)
    assert describe(tmp_path / "saved", TASK)["pooling"] == "cls"
    assert describe(tmp_path / "saved", TASK)["prompts"] == ["query"]


def test_a_base_with_a_dense_layer_is_refused(tmp_path: Path) -> None:
    base = make_sentence_model(tmp_path / "base", {}, dense="Tanh")
    data = prepare(Settings(), write(tmp_path / "d", 60)).data
    with pytest.raises(InvalidRequestError, match="model: it has a dense layer after pooling"):
        train_one(TASK, "full", data, base, tmp_path, 1)


def test_a_run_ranks_by_the_order_of_scores(tmp_path: Path, model: Path) -> None:
    prepared = prepare(Settings(candidates=6), write(tmp_path / "d", 80))
    assert prepared.sentence().startswith(
        "sentence-similarity: sentence1 from 'sentence1', sentence2 from 'sentence2', score from"
    )
    record = Record.create(tmp_path / "runs")
    outcome = run(record, prepared.settings, prepared.data, model, Control())
    state = RunState.read(record.events())
    assert [metric.name for metric in state.metrics] == ["spearman", "pearson"]
    families = {row.candidate.family for row in state.candidates.values()}
    assert families == {"cosine", "unchanged", "overlap", "full", "lora"}
    assert all(row.status != "failed" for row in state.candidates.values())
    assert (outcome.folder / "1_Pooling" / "config.json").is_file()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"score": 1.0}, "score-column: 'score' is 1 in all training rows"),
        ({"score": None}, "score-column: there is no score column among"),
        ({"score": float("nan")}, "score-column: 40 rows of split 'train' have no finite number"),
        ({"sentence2": " "}, "sentence2-column: 40 rows of split 'train' have an empty"),
        ({"sentence2": 7}, "sentence2-column: there is no sentence2 column among"),
    ],
)
def test_unusable_pairs_are_refused_in_one_sentence(
    tmp_path: Path, changed: dict[str, Any], words: str
) -> None:
    rows = [{**row, **changed} for row in pairs(40)]
    folder = write_dataset(tmp_path / "d", named=False, train=rows, test=rows, validation=rows)
    with pytest.raises(InvalidRequestError) as refused:
        prepare(Settings(task=TASK), folder)
    assert words in refused.value.message
