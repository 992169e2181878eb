"""Writing text: the same tokens as transformers alone, whoever else writes at the time."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from phub_jupyter.compute.inference.generation.engine import Engine, EngineLimits, Writing
from phub_jupyter.compute.inference.generation.passes import JointPasses, SinglePasses, passes_for
from phub_jupyter.compute.inference.generation.sampling import Choice, Sampling
from phub_jupyter.compute.inference.generation.text import TextStream
from phub_jupyter.compute.inference.generation.writer import Writer, load_writer
from phub_jupyter.compute.inference.model_folder import load_parts
from phub_jupyter.compute.inference.pipelines import task_module
from phub_jupyter.errors import InvalidRequestError, OverloadedError
from tests.compute.tiny_models.language import make_language_model

PROMPTS = [
    "The sea",
    "Once upon a time there was a very long prompt. " * 3,
    "Once upon a time there was another one.",
    "مرحبا 🌊",
    "Once upon a time there was another one, and so on.",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_language_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def writer(folder: Path) -> Writer:
    return load_writer(folder)


def alone(model: Any, prompt: list[int], count: int) -> list[int]:
    """What transformers writes by itself."""
    import torch

    ids = torch.tensor([prompt])
    with torch.inference_mode():
        output = model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=count,
            do_sample=False,
            eos_token_id=-1,
            pad_token_id=0,
        )
    return [int(token) for token in output[0, len(prompt) :]]


def read(writing: Writing) -> list[int]:
    tokens = []
    while (found := writing.tokens.get(timeout=60)) is not None:
        assert isinstance(found, Choice), found
        tokens.append(found.token)
    return tokens


@pytest.mark.parametrize(
    ("kind", "more", "passes"),
    [
        ("llama", {}, JointPasses),
        ("qwen2", {}, JointPasses),
        ("gpt_neox", {}, JointPasses),
        ("mistral", {"sliding_window": 6}, SinglePasses),
    ],
)
def test_texts_written_together_are_those_written_alone(
    tmp_path: Path, kind: str, more: dict[str, Any], passes: type
) -> None:
    model, tokenizer = load_parts(
        make_language_model(tmp_path / kind, kind=kind, **more), "AutoModelForCausalLM"
    )
    assert passes_for(model) is passes
    engine = Engine(lambda: passes(model), frozenset(), EngineLimits(rows=3, chunk=7))
    prompts = [tokenizer(prompt)["input_ids"] for prompt in PROMPTS]
    writings = [
        engine.submit(prompt, Sampling(max_new_tokens=12 + 5 * index))
        for index, prompt in enumerate(prompts)
    ]
    for index, (prompt, writing) in enumerate(zip(prompts, writings, strict=True)):
        assert read(writing) == alone(model, prompt, 12 + 5 * index)


def test_a_cancelled_text_stops_within_a_step_and_the_others_go_on(writer: Writer) -> None:
    stop = threading.Event()
    seen = []
    pieces = writer.write(writer.encode("The sea"), Sampling(400), (), stop.is_set)
    other = writer.write(writer.encode("The sky"), Sampling(40), (), lambda: False)
    for piece in pieces:
        seen.append(piece)
        if len(seen) == 3:
            stop.set()
    assert len(seen) <= 4
    assert seen[-1].finish is None
    assert len(list(other)) == 40
    deadline = time.monotonic() + 5
    while writer.describe()["writing"] and time.monotonic() < deadline:
        time.sleep(0.01)
    assert writer.describe()["writing"] == 0


def test_a_seed_repeats_a_drawn_text_and_another_one_changes_it(writer: Writer) -> None:
    def draw(seed: int, **more: Any) -> list[int]:
        sampling = Sampling(30, temperature=1.5, seed=seed, **more)
        pieces = writer.write(writer.encode("The sea"), sampling, (), lambda: False)
        return [piece.choice.token for piece in pieces]

    assert draw(1) == draw(1) != draw(2)
    assert draw(1, top_k=5) == draw(1, top_k=5)
    best = Sampling(30)
    greedy = [
        p.choice.token for p in writer.write(writer.encode("The sea"), best, (), lambda: False)
    ]
    assert draw(1, top_k=1) == draw(2, top_p=1e-9) == greedy


def test_penalties_keep_a_text_from_repeating(writer: Writer) -> None:
    def variety(**more: Any) -> int:
        pieces = writer.write(writer.encode("aaaa"), Sampling(60, **more), (), lambda: False)
        return len({piece.choice.token for piece in pieces})

    assert variety(frequency_penalty=100.0) == 60
    assert variety(repetition_penalty=100.0) > variety()


def test_too_many_waiting_texts_are_refused(folder: Path) -> None:
    model, tokenizer = load_parts(folder, "AutoModelForCausalLM")
    engine = Engine(lambda: JointPasses(model), frozenset(), EngineLimits(rows=1, waiting=2))
    prompt = tokenizer("x")["input_ids"]
    writings: list[Writing] = []

    def submit_many() -> None:
        for _ in range(4):
            writings.append(engine.submit(prompt, Sampling(300)))

    with pytest.raises(OverloadedError, match="texts waiting"):
        submit_many()
    for writing in writings:
        writing.cancelled = True
        read(writing)


def test_texts_wait_for_room_in_the_memory_and_a_long_one_goes_alone(folder: Path) -> None:
    model, tokenizer = load_parts(folder, "AutoModelForCausalLM")
    engine = Engine(lambda: JointPasses(model), frozenset(), EngineLimits(tokens=100))
    prompt = tokenizer("x")["input_ids"]
    most = 0
    writings = [engine.submit(prompt, Sampling(length)) for length in (30, 40, 40, 300)]
    for writing in writings:
        while writing.tokens.get(timeout=60) is not None:
            most = max(most, engine.writing)
    assert most == 2
    assert [writing.count for writing in writings] == [30, 40, 40, 300]


class Bytes:
    """A tokenizer whose tokens are bytes."""

    def decode(self, tokens: list[int], **_: Any) -> str:
        return bytes(tokens).decode("utf-8", "replace")


@pytest.mark.parametrize(
    ("text", "stops", "shown"),
    [
        ("a🌊b مرحبا é", (), "a🌊b مرحبا é"),
        ("one two three", ("two",), "one "),
        ("one tw", ("two",), "one tw"),
        ("aaab", ("aab",), "a"),
        ("x\n\ny", ("\n\n", "y"), "x"),
        ("🌊🌊", ("🌊",), ""),
    ],
)
def test_text_comes_in_whole_characters_and_without_its_stop(
    text: str, stops: tuple[str, ...], shown: str
) -> None:
    stream = TextStream(Bytes(), stops)
    pieces = []
    for token in text.encode():
        pieces.append(stream.add(token))
        if stream.stopped:
            break
    pieces.append(stream.end())
    assert "".join(pieces) == shown
    assert stream.stopped == (shown != text)
    assert not any("\N{REPLACEMENT CHARACTER}" in piece for piece in pieces)


def test_half_a_character_at_the_end_is_shown_as_such() -> None:
    stream = TextStream(Bytes())
    assert [stream.add(byte) for byte in "é".encode()[:1]] == [""]
    assert stream.end() == "\N{REPLACEMENT CHARACTER}"


def test_a_prompt_without_room_for_an_answer_is_refused(writer: Writer) -> None:
    with pytest.raises(InvalidRequestError, match="512 tokens leave no room"):
        writer.encode("x" * 512)
    pieces = list(writer.write(writer.encode("x" * 500), Sampling(99), (), lambda: False))
    assert len(pieces) == 12
    assert pieces[-1].finish == "length"


@pytest.mark.parametrize(
    ("task", "body", "message"),
    [
        ("text-generation", {}, "inputs: missing"),
        ("text-generation", {"inputs": "x", "stream": 1}, "stream: use true or false"),
        ("text-generation", {"inputs": "x", "parameters": {"stop": [""] * 17}}, "17 texts"),
        ("text-generation", {"inputs": "x", "parameters": {"best_of": 2}}, "parameters.best_of"),
        ("text-generation", {"inputs": "x", "parameters": {"seed": -1}}, "parameters.seed"),
        ("text-generation", {"inputs": "x", "parameters": {"top_p": 0}}, "parameters.top_p"),
        ("text-generation", {"inputs": "\ud800"}, "half a surrogate"),
        ("chat", {}, "messages: send a list"),
        ("chat", {"messages": ["x"]}, r"messages\[0\]: send a JSON object"),
        ("chat", {"messages": [{"content": "x"}]}, r"messages\[0\].role: expected a text"),
        ("chat", {"messages": [{"role": "user"}]}, r"messages\[0\].content: expected a text"),
        ("chat", {"messages": [{"role": "user", "content": "\ud800"}]}, "half a surrogate"),
        ("chat", {"messages": [{"role": "user", "content": "x"}], "n": 2}, "n: this hub"),
        ("chat", {"messages": [{"role": "user", "content": "x"}], "dance": 2}, "dance: unknown"),
        ("completions", {"prompt": ["a", "b"]}, "prompt: 2 texts are too many"),
        ("completions", {"prompt": "a", "max_tokens": 0}, "max_tokens: use a whole number"),
    ],
)
def test_a_bad_call_is_refused_by_field(task: str, body: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        task_module(task).parse(body)
