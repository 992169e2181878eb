"""Token classification: words with tags, read, trained, scored and served."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from phub_jupyter.compute.inference.local import infer
from phub_jupyter.compute.training import Control, Record, Settings, prepare, run
from phub_jupyter.compute.training.data import Data
from phub_jupyter.compute.training.engine import Engine
from phub_jupyter.compute.training.plan import Candidate
from phub_jupyter.compute.training.recipes.recipe import Work
from phub_jupyter.compute.training.recipes.token_classification import RECIPE
from phub_jupyter.compute.training.recipes.token_model import TokenModel
from phub_jupyter.compute.training.state import RunState
from phub_jupyter.errors import InvalidRequestError
from tests.compute.tiny_models.bert import make_bert
from tests.compute.training_data import write_dataset
from tests.compute.training_trial import scores_of, train_one

TASK = "token-classification"
NAMES = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bert(tmp_path_factory.mktemp("model") / "tiny", "Model", spread=0.05)


def people(number: int, seed: int = 0) -> list[dict[str, Any]]:
    """Who was where; ``bob`` is a person at the front and a place after ``in``."""
    generator = random.Random(seed)
    rows = []
    for _ in range(number):
        who = generator.choice((["ada"], ["bob"], ["ada", "bob"]))
        where = generator.choice((["london"], ["paris"], ["bob"]))
        words = [*who, "was", "in", *where, generator.choice(".!?")]
        tags = [*["B-PER", "I-PER"][: len(who)], "O", "O", "B-LOC", "O"]
        rows.append({"tokens": words, "ner_tags": tags})
    return rows


def write(folder: Path, number: int = 480) -> Path:
    parts = {"train": people(number), "validation": people(40, 1), "test": people(60, 2)}
    return write_dataset(folder, named=False, **parts)


def test_tags_are_learnt_in_their_context_and_answered_with_places(
    tmp_path: Path, model: Path
) -> None:
    data = prepare(Settings(), write(tmp_path / "d")).data
    lookup = scores_of(TASK, data, *train_one(TASK, "lookup", data, model, tmp_path / "l", 1))
    trial, step = train_one(TASK, "full", data, model, tmp_path, 90)
    scores = scores_of(TASK, data, trial, step)
    assert scores["f1"] > 0.95 > lookup["f1"]  # which bob is meant only its neighbours tell
    trial.save(tmp_path / "saved", step)
    tokenizer = json.loads((tmp_path / "saved" / "tokenizer_config.json").read_text())
    assert tokenizer["model_max_length"] == 32  # of train_one: no more is seen than was scored
    found = infer(tmp_path / "saved", TASK, {"inputs": "ada bob was in bob ."})
    found = found if isinstance(found[0], dict) else found[0]
    assert [(row["entity_group"], row["start"], row["end"]) for row in found] == [
        ("PER", 0, 7),
        ("LOC", 15, 18),
    ]


def test_the_frozen_model_knows_words_by_their_neighbours(tmp_path: Path, model: Path) -> None:
    data = prepare(Settings(), write(tmp_path / "d")).data
    frozen = scores_of(TASK, data, *train_one(TASK, "embeddings", data, model, tmp_path, 1))
    lookup = scores_of(TASK, data, *train_one(TASK, "lookup", data, model, tmp_path, 1))
    guess = scores_of(TASK, data, *train_one(TASK, "guess", data, model, tmp_path, 1))
    assert frozen["f1"] > lookup["f1"] > guess["f1"]


def test_the_frozen_model_sees_rows_from_everywhere(tmp_path: Path, model: Path) -> None:
    dull = [{"tokens": ["it", "was"], "ner_tags": ["O", "O"]}] * 400
    parts = {"train": dull + people(400), "validation": people(40, 1), "test": people(60, 2)}
    data = prepare(Settings(), write_dataset(tmp_path / "d", named=False, **parts)).data
    frozen = scores_of(TASK, data, *train_one(TASK, "embeddings", data, model, tmp_path, 1))
    assert frozen["f1"] > 0.5


def test_a_run_ranks_by_whole_entities(tmp_path: Path, model: Path) -> None:
    prepared = prepare(Settings(candidates=4), write(tmp_path / "d", 120))
    assert prepared.sentence().startswith(
        "token-classification: words from 'tokens', tags from 'ner_tags'; 4 classes;"
    )
    record = Record.create(tmp_path / "runs")
    outcome = run(record, prepared.settings, prepared.data, model, Control())
    state = RunState.read(record.events())
    assert [metric.name for metric in state.metrics] == ["f1", "precision", "recall", "accuracy"]
    families = [row.candidate.family for row in state.candidates.values()]
    assert families == ["lookup", "embeddings", "full", "full"]
    assert all(row.status != "failed" for row in state.candidates.values())
    assert outcome.winner.test is not None
    assert (outcome.folder / "model.safetensors").is_file()


def read(folder: Path, rows: list[dict[str, Any]], **settings: Any) -> Data:
    parts = {"train": rows, "validation": rows[:10], "test": rows[:10]}
    return prepare(Settings(**settings), write_dataset(folder, named=False, **parts)).data


def test_numbers_of_named_tags_are_read_by_their_names(tmp_path: Path) -> None:
    from datasets import ClassLabel, Dataset, Features, Sequence, Value

    rows = [{"words": ["in", "paris"], "tags": [0, 3]}, {"words": ["ada"], "tags": [1]}] * 20
    kind = Features(
        {"words": Sequence(Value("string")), "tags": Sequence(ClassLabel(names=list(NAMES)))}
    )
    (tmp_path / "d").mkdir()
    Dataset.from_list(rows, features=kind).to_parquet(tmp_path / "d" / "train.parquet")
    data = prepare(Settings(), tmp_path / "d").data
    assert data.labels == NAMES
    assert {tuple(row) for row in data.train.targets} == {("O", "B-LOC"), ("B-PER",)}


def test_tags_that_are_no_entities_are_ranked_by_single_words(tmp_path: Path) -> None:
    rows = [{"tokens": ["ada", "was"], "pos_tags": ["NOUN", "VERB"]}] * 40
    assert read(tmp_path / "d", rows).metrics == ("accuracy",)


def task_model(data: Data, base: Path) -> TokenModel:
    candidate = Candidate("c1", "full", "full", {"max_length": 8})
    engine = Engine.without_torch()
    return TokenModel(candidate, Work(data, base, base, engine, 0, 1, 16, check=lambda: None))


def test_every_token_of_a_word_learns_its_tag(tmp_path: Path, model: Path) -> None:
    rows = [{"tokens": ["zoe", "was", "u.s."], "tags": ["B-PER", "O", "I-PER"]}] * 40
    data = read(tmp_path / "d", rows)
    tagger = task_model(data, model)
    example = tagger.examples("train")[0]
    pieces = tagger.processor.convert_ids_to_tokens(example["input_ids"])
    tags = [data.labels[label] if label >= 0 else "-" for label in example["labels"]]
    assert list(zip(pieces, tags, strict=True)) == [
        ("[CLS]", "-"),
        ("z", "B-PER"),
        ("##o", "I-PER"),
        ("##e", "I-PER"),
        ("was", "O"),
        ("u", "I-PER"),
        (".", "I-PER"),
        ("[SEP]", "-"),
    ]


@pytest.mark.parametrize("trim", [True, False])
def test_tokens_of_bytes_find_their_words_too(tmp_path: Path, model: Path, trim: bool) -> None:
    from tokenizers import ByteLevelBPETokenizer
    from transformers import PreTrainedTokenizerFast

    bytewise = ByteLevelBPETokenizer(trim_offsets=trim)
    bytewise.train_from_iterator(["ada was in london"] * 5, special_tokens=["<pad>", "<s>"])
    base = tmp_path / "model"
    shutil.copytree(model, base)
    PreTrainedTokenizerFast(
        tokenizer_object=bytewise._tokenizer, pad_token="<pad>", model_max_length=64
    ).save_pretrained(base)
    data = read(tmp_path / "d", [{"tokens": ["ada", "was"], "tags": ["B-PER", "O"]}] * 40)
    example = task_model(data, base).examples("train")[0]
    assert [data.labels[label] for label in example["labels"]] == ["B-PER", "O"]


def test_words_beyond_the_longest_row_count_as_nothing(tmp_path: Path, model: Path) -> None:
    rows = [{"tokens": ["ada"] * 20, "tags": ["B-PER"] * 20}, {"tokens": ["a"], "tags": ["O"]}]
    data = read(tmp_path / "d", rows * 20)
    trial, step = train_one(TASK, "full", data, model, tmp_path, 30, max_length=8)
    found = trial.predict("validation", step)
    assert [len(row) for row in found] == [20, 1] * 5
    assert found[0][6:] == ["O"] * 14


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"tokens": ["a"], "tags": ["O"]}, "tags-column: 'tags' has only the tag 'O'"),
        ({"tokens": ["a", "b"], "tags": ["O"]}, "tags-column: 40 rows of split 'train' have"),
        ({"tokens": ["a", " "], "tags": ["O", "X"]}, "tags-column: 40 rows of split 'train' have"),
        ({"tokens": ["a"], "tags": [1]}, "tags-column: 'tags' holds no lists of named tags"),
        ({"text": "a", "tags": ["O"]}, "words-column: "),
    ],
)
def test_unusable_tags_are_refused_in_one_sentence(
    tmp_path: Path, row: dict[str, Any], words: str
) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        read(tmp_path / "d", [row] * 40, task=TASK)
    assert words in refused.value.message


def test_a_model_without_a_tokenizer_is_refused(tmp_path: Path, model: Path) -> None:
    bare = tmp_path / "model"
    shutil.copytree(model, bare)
    for path in [*bare.glob("tokenizer*"), bare / "vocab.txt"]:
        path.unlink()
    rows = [{"tokens": ["a", "b"], "tags": ["O", "B-X"]}] * 40
    with pytest.raises(InvalidRequestError, match="model: it has no tokenizer"):
        RECIPE.engine(read(tmp_path / "d", rows), bare)


def test_a_model_that_cannot_be_loaded_is_refused(tmp_path: Path) -> None:
    rows = [{"tokens": ["a", "b"], "tags": ["O", "B-X"]}] * 40
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text('{"model_type": "unheard-of"}')
    with pytest.raises(InvalidRequestError, match="model: it cannot be loaded"):
        RECIPE.engine(read(tmp_path / "d", rows), tmp_path / "model")
