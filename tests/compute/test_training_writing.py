"""Summaries and translations: learnt, and published as models that write what was scored."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from phub_jupyter.compute.inference.local import infer
from phub_jupyter.compute.training import Control, Record, Settings, prepare, run
from phub_jupyter.compute.training.data import Data
from phub_jupyter.compute.training.recipes import recipe_for
from phub_jupyter.compute.training.state import RunState
from phub_jupyter.errors import InvalidRequestError
from tests.compute.tiny_models.bert import make_bert
from tests.compute.tiny_models.translators import TASKS, make_marian, make_nllb, make_t5
from tests.compute.training_data import remarks, write_dataset
from tests.compute.training_trial import scores_of, train_one

pytestmark = pytest.mark.filterwarnings("ignore:Recommended. pip install sacremoses")
KEYS = {"summarization": "summary_text", "translation": "translation_text"}


@pytest.fixture(scope="module")
def t5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_t5(tmp_path_factory.mktemp("models") / "t5", TASKS, spread=1.0)


def stories(number: int, seed: int = 0) -> list[dict[str, Any]]:
    """Texts of which only the one word about light matters."""
    generator = random.Random(seed)
    rows = []
    for _ in range(number):
        word = generator.choice(("bright", "dull"))
        start = generator.choice(("the film was", "a film is", "the long film is"))
        rows.append({"text": f"{start} {word} in london", "summary": f"it was {word}"})
    return rows


def pairs(number: int, seed: int = 0) -> list[dict[str, Any]]:
    return [
        {"translation": {"en": row["text"], "de": row["summary"]}} for row in stories(number, seed)
    ]


def write(folder: Path, rows: Any, number: int = 320) -> Path:
    parts = {"train": rows(number), "validation": rows(24, 1), "test": rows(24, 2)}
    return write_dataset(folder, named=False, **parts)


def answers(folder: Path, task: str, data: Data) -> list[str]:
    texts = list(data.test.inputs["source"])
    return [answer[KEYS[task]] for answer in infer(folder, task, {"inputs": texts})]


@pytest.mark.parametrize(("family", "least"), [("full", 0.95), ("lora", 0.75)])
def test_summaries_are_learnt_and_served_as_they_were_scored(
    tmp_path: Path, t5: Path, family: str, least: float
) -> None:
    prepared = prepare(Settings(), write(tmp_path / "d", stories))
    assert prepared.sentence().startswith(
        "summarization: source from 'text', target from 'summary'; 320 train"
    )
    task, data = "summarization", prepared.data
    lead = scores_of(task, data, *train_one(task, "lead", data, t5, tmp_path, 1))
    rate = {"full": 3e-3, "lora": 2e-2}[family]
    trial, step = train_one(task, family, data, t5, tmp_path, 120, learning_rate=rate)
    assert scores_of(task, data, trial, step)["rougeL"] > least > 0.6 > lead["rougeL"]
    written = trial.predict("test", step)
    trial.save(tmp_path / "saved", step)
    assert answers(tmp_path / "saved", task, data) == list(written)
    config = json.loads((tmp_path / "saved" / "config.json").read_text())
    assert config["task_specific_params"] == {task: {"prefix": TASKS[task]["prefix"]}}
    told = json.loads((tmp_path / "saved" / "generation_config.json").read_text())
    assert told["max_new_tokens"] == 5  # [CLS] it was bright [SEP]
    assert "num_beams" not in told


def test_a_run_ranks_by_rouge(tmp_path: Path, t5: Path) -> None:
    prepared = prepare(Settings(candidates=4), write(tmp_path / "d", stories, 48))
    record = Record.create(tmp_path / "runs")
    outcome = run(record, prepared.settings, prepared.data, t5, Control())
    state = RunState.read(record.events())
    families = [row.candidate.family for row in state.candidates.values()]
    assert families == ["lead", "unchanged", "lora", "full"]
    assert all(row.status != "failed" for row in state.candidates.values())
    assert [metric.name for metric in state.metrics] == ["rougeL", "rouge1", "rouge2"]
    assert outcome.winner.test is not None


def test_translations_are_asked_for_in_the_words_of_their_languages(
    tmp_path: Path, t5: Path
) -> None:
    task, data = "translation", prepare(Settings(), write(tmp_path / "d", pairs)).data
    copied = scores_of(task, data, *train_one(task, "copy", data, t5, tmp_path, 1))
    trial, step = train_one(task, "full", data, t5, tmp_path, 100)
    assert scores_of(task, data, trial, step)["chrf"] > 90 > copied["chrf"]
    written = trial.predict("test", step)
    trial.save(tmp_path / "saved", step)
    assert answers(tmp_path / "saved", task, data) == list(written)
    config = json.loads((tmp_path / "saved" / "config.json").read_text())
    assert config["task_specific_params"] == {"translation_en_to_de": {"prefix": "in london : "}}


def test_codes_of_languages_are_kept(tmp_path: Path) -> None:
    nllb = make_nllb(tmp_path / "nllb")
    folder = write(tmp_path / "d", pairs, 40)
    with pytest.raises(InvalidRequestError, match="'en' is none of them; name one as --column"):
        recipe_for("translation").engine(prepare(Settings(), folder).data, nllb)
    columns = {"source-language": "eng_Latn", "target-language": "deu_Latn"}
    task, data = "translation", prepare(Settings(columns=columns), folder).data
    trial, step = train_one(task, "full", data, nllb, tmp_path, 3)
    written = trial.predict("test", step)
    trial.save(tmp_path / "saved", step)
    assert answers(tmp_path / "saved", task, data) == list(written)
    french = infer(
        tmp_path / "saved", task, {"inputs": ["x"], "parameters": {"tgt_lang": "fra_Latn"}}
    )
    assert len(french) == 1
    labels = trial_examples(data, nllb, tmp_path)[0]["labels"]
    assert labels[0] == token_of(nllb, "deu_Latn")


def test_a_model_of_one_pair_needs_no_telling(tmp_path: Path) -> None:
    marian = make_marian(tmp_path / "marian")
    task, data = "translation", prepare(Settings(), write(tmp_path / "d", pairs, 40)).data
    trial, step = train_one(task, "full", data, marian, tmp_path, 3)
    written = trial.predict("test", step)
    trial.save(tmp_path / "saved", step)
    assert answers(tmp_path / "saved", task, data) == list(written)


def trial_examples(data: Data, model: Path, folder: Path) -> Any:
    from phub_jupyter.compute.training.engine import Engine
    from phub_jupyter.compute.training.recipes.recipe import Work
    from phub_jupyter.compute.training.recipes.writing_model import WritingModel

    work = Work(data, model, folder, Engine.without_torch(), 0, 1, 1, check=lambda: None)
    return WritingModel("translation", 64, work).examples("train")


def token_of(model: Path, token: str) -> int:
    from transformers import AutoTokenizer

    return int(AutoTokenizer.from_pretrained(model).convert_tokens_to_ids(token))


def test_long_texts_are_counted_before_anything_runs(tmp_path: Path, t5: Path) -> None:
    rows = stories(40)
    rows[0]["text"] = "the film was dull " * 200
    parts = {"train": rows, "validation": stories(20, 1), "test": stories(20, 2)}
    data = prepare(Settings(), write_dataset(tmp_path / "d", named=False, **parts)).data
    recipe: Any = recipe_for("summarization")
    assert recipe.remarks(data, t5) == ["1 of 40 train texts are cut at 64 tokens."]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"summary": ""},
            "1 rows of split 'train' have an empty 'text' or 'summary', the first is",
        ),
        ({"text": None}, "1 rows of split 'train' have an empty 'text' or 'summary'"),
    ],
)
def test_empty_texts_are_refused_in_one_sentence(
    tmp_path: Path, change: dict[str, Any], sentence: str
) -> None:
    rows = stories(40)
    rows[3].update(change)
    folder = write_dataset(tmp_path, named=False, train=rows, test=stories(20), validation=rows[4:])
    with pytest.raises(InvalidRequestError, match=sentence):
        prepare(Settings(task="summarization"), folder)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    folder = write_dataset(tmp_path, train=remarks(40))
    with pytest.raises(InvalidRequestError, match="target-column: there is no target column among"):
        prepare(Settings(task="summarization"), folder)


def test_a_model_that_does_not_write_is_refused(tmp_path: Path) -> None:
    bert = make_bert(tmp_path / "bert", "Model")
    data = prepare(Settings(), write(tmp_path / "d", stories, 40)).data
    recipe: Any = recipe_for("summarization")
    for look in (recipe.engine, recipe.remarks):
        with pytest.raises(
            InvalidRequestError, match="a BertModel does not read one text and write"
        ):
            look(data, bert)
