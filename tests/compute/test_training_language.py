"""Text generation: chats, prompts and texts, read, learnt, published and asked."""

from __future__ import annotations

import json
import math
import random
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from phub_jupyter.compute.inference.local import infer
from phub_jupyter.compute.training import Control, Record, Settings, prepare, run
from phub_jupyter.compute.training.card import model_card
from phub_jupyter.compute.training.data import Data
from phub_jupyter.compute.training.recipes import recipe_for
from phub_jupyter.compute.training.recipes.recipe import Remarking
from phub_jupyter.compute.training.state import RunState
from phub_jupyter.errors import InvalidRequestError
from tests.compute.tiny_models.bert import make_bert
from tests.compute.tiny_models.language import make_language_model
from tests.compute.training_data import write_dataset
from tests.compute.training_trial import scores_of, train_one

TASK = "text-generation"
COLOURS = {"sky": "blue", "grass": "green", "snow": "white", "coal": "black"}
CHATML = (
    "{% for message in messages %}{% if message['role'] not in ('user', 'assistant') "
    "or (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('roles must alternate') }}{% endif %}"
    "<|user|>{{ message['role'] }}:{{ message['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|user|>assistant:{% endif %}"
)
MASKED = (
    "{% for message in messages %}<|user|>{{ message['role'] }}:"
    "{% if message['role'] == 'assistant' %}{% generation %}{{ message['content'] }}<|end|>"
    "{% endgeneration %}{% else %}{{ message['content'] }}<|end|>{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|user|>assistant:{% endif %}"
)


def chat(*contents: str) -> dict[str, Any]:
    roles = ("user", "assistant")
    said = [{"role": roles[at % 2], "content": content} for at, content in enumerate(contents)]
    return {"messages": said}


def chats(number: int, seed: int = 0) -> list[dict[str, Any]]:
    generator = random.Random(seed)
    return [chat(*generator.choice(list(COLOURS.items()))) for _ in range(number)]


def read(folder: Path, rows: list[dict[str, Any]], **columns: str) -> Data:
    parts = {"train": rows, "validation": rows[:20], "test": rows[:20]}
    return prepare(Settings(task=TASK, columns=columns), write_dataset(folder, **parts)).data


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model") / "tiny"
    return make_language_model(folder, template=CHATML, positions=128)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    parts = {"train": chats(320), "validation": chats(40, 1), "test": chats(40, 2)}
    return write_dataset(tmp_path_factory.mktemp("data") / "colours", **parts)


def learnt(model: Path, data: Data, split: str = "train") -> list[str]:
    """What is learnt of each row, as text."""
    from phub_jupyter.compute.training.recipes.language_base import (
        load_language_tokenizer,
        rows_length,
        stop_tokens,
    )
    from phub_jupyter.compute.training.recipes.language_tokens import tokenized

    tokenizer = load_language_tokenizer(model)
    examples = data.split(split).targets
    rows = tokenized(tokenizer, stop_tokens(model), examples, split, rows_length(model))
    return [tokenizer.decode([label for label in row if label >= 0]) for row in rows.labels]


@pytest.mark.parametrize("family", ["full", "lora"])
def test_a_chat_is_learnt_and_answered_by_the_hubs_own_inference(
    tmp_path: Path, model: Path, dataset: Path, family: str
) -> None:
    data = prepare(Settings(), dataset).data
    base, at = train_one(TASK, "unchanged", data, model, tmp_path / "base", 1)
    trial, step = train_one(
        TASK, family, data, model, tmp_path / "run", 60, learning_rate=1e-2, rank=16, alpha=32
    )
    before, after = scores_of(TASK, data, base, at), scores_of(TASK, data, trial, step)
    assert after["loss"] < 0.1 < before["loss"]
    assert after["perplexity"] == pytest.approx(math.exp(after["loss"]))
    trial.save(tmp_path / "saved", step)
    assert not list((tmp_path / "saved").glob("adapter*"))
    for thing, colour in COLOURS.items():
        asked = {"messages": chat(thing)["messages"], "max_tokens": 12}
        answer = infer(tmp_path / "saved", "chat", asked)
        assert answer["choices"][0]["message"]["content"] == colour
        assert answer["choices"][0]["finish_reason"] == "stop"
    body = {"inputs": "<|user|>user:sky<|end|><|user|>assistant:", "parameters": {}}
    found = infer(tmp_path / "saved", TASK, body)
    assert "blue" in json.dumps(found)


def test_a_run_ranks_by_the_lowest_loss(tmp_path: Path, model: Path, dataset: Path) -> None:
    prepared = prepare(Settings(candidates=4), dataset)
    assert prepared.sentence().startswith("text-generation (chat): messages from 'messages'; 320")
    record = Record.create(tmp_path)
    sources = {"dataset": {"repo": "ada/c", "commit": "b" * 40}}
    outcome = run(record, prepared.settings, prepared.data, model, Control(), sources)
    state = RunState.read(record.events())
    assert state.metric.name == "loss"
    scored = {
        row.candidate.family: row.validation.values["loss"]
        for row in state.candidates.values()
        if row.validation is not None
    }
    assert set(scored) == {"ngrams", "unchanged", "lora", "full"}
    winner = outcome.winner
    assert winner.validation is not None
    assert winner.validation.errors["loss"] > 0
    assert winner.validation.values["loss"] == min(scored["lora"], scored["full"])
    assert outcome.baseline is not None
    assert scored[outcome.baseline.candidate.family] == min(scored["ngrams"], scored["unchanged"])
    card = model_card(state, "ada/colours")
    assert "Perplexity" in card
    losing = winner.validation.values["loss"] > scored[outcome.baseline.candidate.family]
    assert ("A cheap baseline won" in card) is losing


@pytest.mark.parametrize("template", [CHATML, MASKED])
def test_only_answers_are_learnt_to_where_they_end(tmp_path: Path, template: str) -> None:
    folder = make_language_model(tmp_path / "m", template=template)
    rows = [chat("Hi", "Yes 🌊", "More", "No")] * 20
    assert set(learnt(folder, read(tmp_path / "d", rows))) == {"Yes 🌊<|end|>No<|end|>"}


def test_a_template_that_ends_nothing_gets_an_end(tmp_path: Path) -> None:
    bare = "{% for m in messages %}{{ m['role'] }}:{{ m['content'] }}{% endfor %}"
    more = "{% if add_generation_prompt %}assistant:{% endif %}"
    folder = make_language_model(tmp_path / "m", template=bare + more)
    assert set(learnt(folder, read(tmp_path / "d", [chat("Hi", "Yes")] * 20))) == {"Yes<|end|>"}


@pytest.mark.parametrize(
    ("row", "kind", "written"),
    [
        ({"prompt": "2+2=", "completion": "4"}, "completion", "4<|end|>"),
        ({"instruction": "Add", "input": "2 2", "output": "4"}, "instruction", "4<|end|>"),
        ({"instruction": "Add 2", "output": "4"}, "instruction", "4<|end|>"),
        ({"text": "Two and two."}, "text", "Two and two.<|end|>"),
    ],
)
def test_the_columns_tell_what_is_learnt(
    tmp_path: Path, model: Path, row: dict[str, str], kind: str, written: str
) -> None:
    data = read(tmp_path / "d", [row] * 20)
    assert data.problem == kind
    assert set(learnt(model, data)) == {written}


def test_rows_with_roles_of_other_names_are_read_alike(tmp_path: Path, model: Path) -> None:
    said = [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Yes"}]
    assert set(learnt(model, read(tmp_path / "d", [{"conversations": said}] * 20))) == {
        "Yes<|end|>"
    }


def test_counted_sequences_give_every_token_a_share() -> None:
    from phub_jupyter.compute.training.recipes.language_ngrams import Ngrams

    counted = Ngrams(7)
    counted.learn([1, 2, 3, 2, 3, 4], [-100, 2, 3, 2, 3, 4])
    for before in ([2, 3], [3, 2], [6, 6], [5, 2]):
        row = [-100, -100]
        shares = [math.exp(-counted.surprise([*before, at], [*row, at])) for at in range(7)]
        assert sum(shares) == pytest.approx(1)
        assert min(shares) > 0
    likely = counted.surprise([1, 2, 3], [-100, -100, 3])
    assert likely < counted.surprise([1, 2, 4], [-100, -100, 4])


GOOD = chat("Hi", "Yes")


def begin(data: Data, model: Path) -> Sequence[str]:
    recipe = recipe_for(TASK)
    assert isinstance(recipe, Remarking)
    recipe.engine(data, model)
    return recipe.remarks(data, model)


def test_cut_rows_are_counted_and_those_without_answer_left_out(
    tmp_path: Path, model: Path
) -> None:
    rows = [GOOD] * 20 + [chat("Hi", "Yes" * 99), chat("Hi" * 99, "Yes")]
    data = read(tmp_path / "d", rows)
    assert begin(data, model) == [
        "2 of 22 train rows are cut at 128 tokens; nothing is left to learn of 1."
    ]
    assert begin(read(tmp_path / "whole", [GOOD] * 20), model) == []
    with pytest.raises(InvalidRequestError, match="no answer begins within 128 tokens"):
        begin(read(tmp_path / "long", [chat("Hi" * 99, "Yes")] * 20), model)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (chat("Hi", " "), "messages-column: row 3 of split 'train' has an empty message"),
        (chat("Hi"), "messages-column: row 3 of split 'train' has no message of the role"),
        (chat("Hi", "x" * 1_000_000), "has 1,000,002 characters, and 500,000 are the most"),
        ({"messages": [*GOOD["messages"], *GOOD["messages"][1:]]}, "roles must alternate"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, model: Path, row: dict[str, Any], said: str) -> None:
    rows = [GOOD] * 20
    rows[3] = row
    with pytest.raises(InvalidRequestError) as caught:
        begin(read(tmp_path / "d", rows), model)
    assert said in caught.value.message
    assert "row 3 of split 'train'" in caught.value.message


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"prompt": "Hi", "completion": ""}] * 20, "completion-column: row 0 of split 'train'"),
        ([GOOD] * 3, "has 3 rows; at least 20"),
        ([{"number": 3}] * 20, "text-column: there is no text column"),
    ],
)
def test_a_bad_dataset_is_refused(tmp_path: Path, rows: list[dict[str, Any]], said: str) -> None:
    with pytest.raises(InvalidRequestError, match=said):
        read(tmp_path / "d", rows)


def _no_template(folder: Path) -> None:
    for path in folder.glob("chat_template*"):
        path.unlink()


def _more_tokens(folder: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.add_tokens(["<extra>"])
    tokenizer.save_pretrained(folder)


def _only(name: str) -> Any:
    def change(folder: Path) -> None:
        (folder / "model.safetensors").rename(folder / name)

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_no_template, "model: its tokenizer has no chat template"),
        (_more_tokens, "model: its tokenizer has tokens up to number 258, its weights know 258"),
        (_only("model.gguf"), "no weights as safetensors \\(only GGUF ones\\)"),
        (_only("pytorch_model.bin"), "no weights as safetensors \\(only pickled ones\\)"),
    ],
)
def test_a_model_that_cannot_be_trained_says_why(
    tmp_path: Path, model: Path, dataset: Path, change: Any, said: str
) -> None:
    folder = tmp_path / "m"
    shutil.copytree(model, folder)
    change(folder)
    with pytest.raises(InvalidRequestError, match=said):
        begin(prepare(Settings(), dataset).data, folder)


def test_an_encoder_is_refused(tmp_path: Path, dataset: Path) -> None:
    encoder = make_bert(tmp_path / "m", "Model")
    with pytest.raises(InvalidRequestError, match="does not write texts"):
        recipe_for(TASK).engine(prepare(Settings(), dataset).data, encoder)
