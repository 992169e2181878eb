"""Answers to questions: learnt as places in a text, and served as they were scored."""

from __future__ import annotations

import json
import math
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from phub_jupyter.compute.inference import local as infer_module
from phub_jupyter.compute.inference.local import infer
from phub_jupyter.compute.inference.pipelines.answer_spans import WindowScores, best_spans
from phub_jupyter.compute.inference.pipelines.question_answering import THRESHOLD
from phub_jupyter.compute.training import Control, Record, Settings, prepare, run
from phub_jupyter.compute.training.data import Data
from phub_jupyter.compute.training.engine import Engine
from phub_jupyter.compute.training.recipes import recipe_for
from phub_jupyter.compute.training.recipes.question_model import QuestionModel
from phub_jupyter.compute.training.recipes.question_trial import best_threshold
from phub_jupyter.compute.training.recipes.recipe import Work
from phub_jupyter.compute.training.state import RunState
from phub_jupyter.errors import InvalidRequestError
from tests.compute.tiny_models.bert import make_bert
from tests.compute.training_data import write_dataset
from tests.compute.training_trial import scores_of, train_one

TASK = "question-answering"
_NAMES, _PLACES = ("ada", "bob"), ("london", "paris")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bert(tmp_path_factory.mktemp("model") / "tiny", "Model", spread=0.05)


def asked(number: int, seed: int = 0, silent: bool = False) -> list[dict[str, Any]]:
    """Who made it, or where: two words to choose from in each text."""
    generator = random.Random(seed)
    rows = []
    for _ in range(number):
        name, place = generator.choice(_NAMES), generator.choice(_PLACES)
        context = f"{name} made the film in {place} ."
        question, answer = generator.choice([("who made it ?", name), ("in london ?", place)])
        answers = {"text": [answer], "answer_start": [context.index(answer)]}
        if silent and generator.random() < 0.4:
            context = "the film was dull ."
            answers = {"text": [], "answer_start": []}
        rows.append({"question": question, "context": context, "answers": answers})
    return rows


def write(folder: Path, number: int = 320, silent: bool = False) -> Path:
    parts = {
        "train": asked(number, 0, silent),
        "validation": asked(40, 1, silent),
        "test": asked(40, 2, silent),
    }
    return write_dataset(folder, named=False, **parts)


def served(folder: Path, data: Data, **parameters: Any) -> list[str]:
    pairs = zip(data.test.inputs["question"], data.test.inputs["context"], strict=True)
    bodies = [
        {"inputs": {"question": question, "context": context}, "parameters": parameters}
        for question, context in pairs
    ]
    return [infer(folder, TASK, body)["answer"] for body in bodies]


@pytest.mark.parametrize("family", ["full", "lora"])
def test_answers_are_learnt_and_served_as_they_were_scored(
    tmp_path: Path, model: Path, family: str
) -> None:
    prepared = prepare(Settings(), write(tmp_path / "d"))
    assert prepared.sentence().startswith(
        "question-answering: question from 'question', context from 'context', answers from"
    )
    data = prepared.data
    overlap = scores_of(TASK, data, *train_one(TASK, "overlap", data, model, tmp_path, 1))
    rate = {"full": 3e-3, "lora": 2e-2}[family]
    trial, step = train_one(TASK, family, data, model, tmp_path, 90, learning_rate=rate)
    scores = scores_of(TASK, data, trial, step)
    assert scores["exact_match"] > 0.9
    assert scores["f1"] > 0.9 > overlap["f1"]
    said = list(trial.predict("test", step))
    trial.save(tmp_path / "saved", step)
    some = served(tmp_path / "saved", data)
    assert some == said


def test_no_answer_is_an_answer_where_the_rows_say_so(tmp_path: Path, model: Path) -> None:
    prepared = prepare(Settings(), write(tmp_path / "d", silent=True))
    assert prepared.sentence().startswith("question-answering (some without answer): ")
    data = prepared.data
    guess = scores_of(TASK, data, *train_one(TASK, "guess", data, model, tmp_path, 1))
    trial, step = train_one(TASK, "full", data, model, tmp_path, 90)
    assert scores_of(TASK, data, trial, step)["exact_match"] > 0.9 > guess["f1"]
    said = list(trial.predict("test", step))
    assert "" in said
    trial.save(tmp_path / "saved", step)
    assert served(tmp_path / "saved", data) == said  # without being told
    assert "" not in served(tmp_path / "saved", data, handle_impossible_answer=False)
    again = prepare(Settings(), write(tmp_path / "e")).data
    other, first = train_one(TASK, "full", again, tmp_path / "saved", tmp_path / "more", 1)
    other.save(tmp_path / "plain", first)
    assert THRESHOLD in json.loads((tmp_path / "saved" / "config.json").read_text())
    assert THRESHOLD not in json.loads((tmp_path / "plain" / "config.json").read_text())


def test_a_threshold_decides_in_the_hub_as_in_the_run(tmp_path: Path, model: Path) -> None:
    data = prepare(Settings(), write(tmp_path / "d", silent=True)).data
    trial, step = train_one(TASK, "full", data, model, tmp_path, 8)  # too few to be sure
    said = list(trial.predict("test", step))
    trial.save(tmp_path / "saved", step)
    assert served(tmp_path / "saved", data) == said
    counts = []
    for threshold in (-50, 50):
        folder = shutil.copytree(tmp_path / "saved", tmp_path / f"at{threshold}")
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps({**config, THRESHOLD: threshold}))
        counts.append(served(folder, data).count(""))
    assert counts == [40, 0]
    (folder / "config.json").write_text(json.dumps({**config, THRESHOLD: "high"}))
    infer_module._load.cache_clear()
    with pytest.raises(InvalidRequestError, match="model: no_answer_threshold in its config.json"):
        served(folder, data)


@pytest.mark.parametrize("threshold", [-3.0, 2.5, 60.0])
def test_shares_make_one_with_a_threshold_too(threshold: float) -> None:
    spans = [(0, 1, 0.0), (2, 3, 1.0)]
    nothing = 0.5
    whole = math.log(sum(math.exp(value) for value in (0.0, 1.0, nothing)))
    found = best_spans(
        [WindowScores(spans, whole, nothing)], count=3, may_be_missing=True, threshold=threshold
    )
    assert sum(span.score for span in found) == pytest.approx(1)
    odds = {(span.start, span.end): span.score for span in found}
    assert odds[0, 0] / odds[2, 3] == pytest.approx(math.exp(nothing - threshold - 1))


@pytest.mark.parametrize(
    ("surplus", "gains", "low", "high"),
    [
        ([], [], -1, 1),
        ([-3.0, 2.0], [-1.0, 1.0], -3, 2),
        ([1.0, 2.0, 5.0], [-1.0, -1.0, 1.0], 2, 5),
        ([1.0, 2.0], [-1.0, -1.0], 2, 9),
        ([-1.0, -2.0], [1.0, 1.0], -9, -2),
        ([1.0, 1.0, 3.0], [1.0, -2.0, 1.0], 1, 3),  # equal ones cannot be told apart
    ],
)
def test_the_threshold_is_where_most_is_gained(
    surplus: list[float], gains: list[float], low: float, high: float
) -> None:
    assert low < best_threshold([*surplus, -math.inf], [*gains, 9.0]) < high


def test_where_all_thresholds_are_as_good_the_model_decides() -> None:
    assert best_threshold([-1.0, 1.0], [0.0, 0.0]) == 0


def test_a_run_ranks_by_shared_words(tmp_path: Path, model: Path) -> None:
    prepared = prepare(Settings(candidates=3), write(tmp_path / "d", 60))
    record = Record.create(tmp_path / "runs")
    outcome = run(record, prepared.settings, prepared.data, model, Control())
    state = RunState.read(record.events())
    families = [row.candidate.family for row in state.candidates.values()]
    assert families[0] == "overlap"
    assert {"lora", "full"} >= set(families[1:])
    assert all(row.status != "failed" for row in state.candidates.values())
    assert outcome.winner.test is not None


def examples(folder: Path, model: Path, rows: list[dict[str, Any]], length: int) -> Any:
    data = prepare(Settings(task=TASK), write_dataset(folder, named=False, train=rows)).data
    work = Work(data, model, folder, Engine.without_torch(), 0, 1, 1, check=lambda: None)
    return QuestionModel(length, work).examples("train"), data


def test_an_answer_is_marked_in_the_windows_that_hold_it(tmp_path: Path, model: Path) -> None:
    context = "the film was dull . " * 6 + "bob made it ." + " the film was dull ." * 6
    row = {"question": "who ?", "context": context, "answer": "bob"}
    found, data = examples(tmp_path, model, [row] * 24, 32)
    windows = [found[at] for at in range(len(found))]
    count = len(windows) // len(data.train)
    assert count > 1
    first = windows[:count]
    marked = [window for window in first if window["start_positions"]]
    assert len(marked) == len(first) - 1  # one of the many that do not hold it
    assert max(len(window["input_ids"]) for window in windows) == 32
    places = data.train.inputs["place"]
    assert context[slice(*places[0])] == "bob"
    for window in marked:
        assert window["start_positions"] == window["end_positions"] > 2


@pytest.mark.parametrize(
    "answers",
    [
        {"answers": {"text": ["bob"], "answer_start": [900]}},
        {"answers": {"text": ["bob", "who"], "answer_start": [4, 0]}},
        {"answers": [{"text": "bob", "answer_start": 4}]},
        {"answers": ["bob"]},
        {"answer": "bob"},
        {"answer": "bob", "answer_start": 4},
        {"answer_text": "bob", "answer_start": 99},
    ],
)
def test_answers_are_read_in_all_the_usual_forms(tmp_path: Path, answers: dict[str, Any]) -> None:
    rows = [{"question": "who ?", "context": "who bob who", **answers}] * 24
    data = prepare(Settings(), write_dataset(tmp_path, named=False, train=rows)).data
    assert set(data.train.inputs["place"]) == {(4, 7)}
    assert data.train.targets[0][0] == "bob"


def test_rows_whose_answer_is_nowhere_are_counted_and_not_learnt(
    tmp_path: Path, model: Path
) -> None:
    rows = asked(40)
    rows[0]["answers"] = {"text": ["Berlin"], "answer_start": [0]}
    parts = {"train": rows, "validation": asked(20, 1), "test": asked(20, 2)}
    data = prepare(Settings(), write_dataset(tmp_path / "d", named=False, **parts)).data
    recipe: Any = recipe_for(TASK)
    (said,) = recipe.remarks(data, model)
    assert said.startswith("1 of 40 train answers do not stand in their text word for word")
    work = Work(data, model, tmp_path, Engine.without_torch(), 0, 1, 1, check=lambda: None)
    assert len(QuestionModel(32, work).examples("train")) == 39


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"answers": {"text": ["Rome"], "answer_start": [0]}}, "no answer of the training rows st"),
        ({"answers": {"text": [], "answer_start": []}}, "no training row has an answer in 'answe"),
        ({"context": ""}, "24 rows of split 'train' lack 'question', 'context' or 'answers'"),
    ],
)
def test_unusable_rows_are_refused_in_one_sentence(
    tmp_path: Path, change: dict[str, Any], sentence: str
) -> None:
    rows = [{**row, **change} for row in asked(24)]
    folder = write_dataset(tmp_path, named=False, train=rows, validation=rows, test=rows)
    with pytest.raises(InvalidRequestError, match=sentence):
        prepare(Settings(task=TASK), folder)


def test_a_model_that_cannot_point_is_refused(tmp_path: Path, model: Path) -> None:
    data = prepare(Settings(), write(tmp_path / "d", 40)).data
    for name in ("tokenizer.json", "tokenizer_config.json"):
        assert (model / name).exists()
    bare = make_bert(tmp_path / "bare", "Model")
    for path in bare.glob("*token*"):
        path.unlink()
    for path in bare.glob("vocab*"):
        path.unlink()
    with pytest.raises(InvalidRequestError, match="model: it has no tokenizer that can be loaded"):
        recipe_for(TASK).engine(data, bare)


def test_a_model_of_another_kind_is_refused(tmp_path: Path) -> None:
    data = prepare(Settings(), write(tmp_path / "d", 40)).data
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text('{"model_type": "vit"}')
    with pytest.raises(InvalidRequestError, match="model: one of type 'vit' cannot .* start from"):
        recipe_for(TASK).engine(data, tmp_path / "model")


def test_a_row_that_the_model_cannot_read_is_named(tmp_path: Path, model: Path) -> None:
    rows = asked(24)
    rows[7]["question"] = "\x01"
    parts = {"train": rows, "validation": asked(4), "test": asked(4)}
    data = prepare(Settings(), write_dataset(tmp_path / "d", named=False, **parts)).data
    work = Work(data, model, tmp_path, Engine.without_torch(), 0, 1, 1, check=lambda: None)
    with pytest.raises(InvalidRequestError, match="dataset: row 7 of split 'train' cannot be read"):
        QuestionModel(32, work).examples("train")


def test_windows_are_no_longer_than_the_model_sees(tmp_path: Path, model: Path) -> None:
    endless = shutil.copytree(model, tmp_path / "model")
    path = endless / "tokenizer_config.json"
    config = json.loads(path.read_text())
    path.write_text(json.dumps({**config, "model_max_length": 10**30}))
    row = {"question": "who ?", "context": "the film was dull . " * 60 + "bob", "answer": "bob"}
    found, _ = examples(tmp_path / "d", endless, [row] * 24, 384)
    assert max(len(found[at]["input_ids"]) for at in range(len(found))) == 64
