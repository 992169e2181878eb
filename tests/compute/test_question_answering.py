"""Question answering: probabilities over the whole text, right places, windows, no answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from phub_jupyter.compute.inference import local
from phub_jupyter.compute.inference.pipelines import question_answering
from phub_jupyter.errors import InvalidRequestError
from tests.compute.tiny_models.bert import make_bert

QUESTION = "who made it?"
CONTEXT = "ada made the film in london. Bob made music in \U0001f600 París!"
LONG = "the film was not very bright. bob made it in paris, " * 30


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bert(tmp_path_factory.mktemp("models") / "reader", "ForQuestionAnswering")


def infer(folder: Path, context: str, question: str = QUESTION, **parameters: Any) -> Any:
    body = {"inputs": {"question": question, "context": context}, "parameters": parameters}
    return local.infer(folder, "question-answering", body)


def by_hand(folder: Path, context: str, longest: int) -> tuple[dict[tuple[int, int], float], float]:
    """All spans of one window with the products of their shares, and that of no answer."""
    import torch
    from transformers import AutoModelForQuestionAnswering, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForQuestionAnswering.from_pretrained(folder).eval()
    encoding = tokenizer(QUESTION, context, return_tensors="pt", return_offsets_mapping=True)
    offsets = encoding.pop("offset_mapping")[0].tolist()
    with torch.inference_mode():
        output = model(**encoding)
    sides = encoding.sequence_ids(0)
    allowed = torch.tensor([side == 1 for side in sides])
    allowed[0] = True
    start = output.start_logits[0].masked_fill(~allowed, -torch.inf).softmax(-1)
    end = output.end_logits[0].masked_fill(~allowed, -torch.inf).softmax(-1)
    spans = {}
    for first, side in enumerate(sides):
        for last in range(first, min(first + longest, len(sides))):
            if side == 1 and sides[last] == 1:
                spans[offsets[first][0], offsets[last][1]] = float(start[first] * end[last])
    return spans, float(start[0] * end[0])


@pytest.mark.parametrize("longest", [1, 3, 15])
def test_scores_are_shares_of_first_and_last_token(
    folder: Path, full_precision: None, longest: int
) -> None:
    spans, _ = by_hand(folder, CONTEXT, longest)
    expected = sorted(spans.items(), key=lambda span: -span[1])[:5]
    answers = infer(folder, CONTEXT, top_k=5, max_answer_len=longest, align_to_words=False)
    assert [(answer["start"], answer["end"]) for answer in answers] == [
        place for place, _ in expected
    ]
    assert [answer["score"] for answer in answers] == pytest.approx(
        [score for _, score in expected], abs=1e-4
    )
    for answer in answers:
        assert answer["answer"] == CONTEXT[answer["start"] : answer["end"]]


def test_no_answer_competes_where_it_may(folder: Path, full_precision: None) -> None:
    _, missing = by_hand(folder, CONTEXT, 15)
    answers = infer(folder, CONTEXT, top_k=100, handle_impossible_answer=True)
    (none,) = [answer for answer in answers if answer["answer"] == ""]
    assert none["score"] == pytest.approx(missing, abs=1e-4)
    assert (none["start"], none["end"]) == (0, 0)
    assert "" not in [answer["answer"] for answer in infer(folder, CONTEXT, top_k=100)]


def test_one_answer_is_no_list(folder: Path) -> None:
    best = infer(folder, CONTEXT)
    assert best == infer(folder, CONTEXT, top_k=1)
    assert best == pytest.approx(infer(folder, CONTEXT, top_k=2)[0])
    assert set(best) == {"answer", "score", "start", "end"}


def test_words_are_not_cut_unless_that_is_wished(folder: Path) -> None:
    text = "zebras filmed xylophones"
    borders = {0, 6, 7, 13, 14, 24}
    for answer in infer(folder, text, top_k=50):
        assert {answer["start"], answer["end"]} <= borders
    parts = infer(folder, text, top_k=50, align_to_words=False)
    assert not all({part["start"], part["end"]} <= borders for part in parts)


def test_a_long_text_is_read_in_windows_to_its_end(folder: Path) -> None:
    answers = infer(folder, LONG, top_k=100, doc_stride=8)
    assert max(answer["end"] for answer in answers) > len(LONG) * 0.9
    assert sum(answer["score"] for answer in answers) <= 1
    places = [(answer["start"], answer["end"]) for answer in answers]
    assert len(set(places)) == len(places)
    for answer in answers:
        assert answer["answer"] == LONG[answer["start"] : answer["end"]]


def test_windows_that_overlap_agree_with_one_that_holds_all(
    folder: Path,
) -> None:
    model = question_answering.load(folder)
    body = {"inputs": {"question": QUESTION, "context": CONTEXT}, "parameters": {"top_k": 3}}
    request = question_answering.parse(body)
    items = model.tokenise(request)
    assert len(items) == 1
    once = model.shape(request, model.run(items))
    twice = model.shape(request, model.run([*items, *items]))
    for left, right in zip(once, twice, strict=True):
        assert left["answer"] == right["answer"]
        assert right["score"] == pytest.approx(left["score"], abs=0.02)


@pytest.mark.parametrize(
    ("inputs", "parameters", "message"),
    [
        ("who?", {}, "inputs: send a JSON object"),
        ({}, {}, r"inputs\.question: expected a text, got NoneType"),
        ({"question": "who?"}, {}, r"inputs\.context: expected a text"),
        ({"question": "", "context": "x"}, {}, r"inputs\.question: the text is empty"),
        ({"question": "x", "context": "  "}, {}, r"inputs\.context: the text is empty"),
        ({"question": "x", "context": "y", "table": {}}, {}, r"inputs\.table: unknown"),
        ({"question": "x", "context": "\ud800"}, {}, r"inputs\.context: the text has half"),
        ({"question": "x", "context": "y"}, {"top_k": 0}, r"parameters\.top_k: use a whole"),
        ({"question": "x", "context": "y"}, {"top_k": 101}, r"parameters\.top_k: use a whole"),
        ({"question": "x", "context": "y"}, {"doc_stride": "1"}, r"doc_stride: use a whole"),
        ({"question": "x", "context": "y"}, {"max_answer_len": 0}, r"max_answer_len: use a whole"),
        ({"question": "x", "context": "y"}, {"align_to_words": 1}, "align_to_words: use true"),
        ({"question": "x", "context": "y"}, {"topk": 1}, r"parameters\.topk: unknown"),
    ],
)
def test_a_bad_call_is_refused_by_field(
    inputs: Any, parameters: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        question_answering.parse({"inputs": inputs, "parameters": parameters})


def test_what_only_the_model_can_tell_is_refused_too(folder: Path) -> None:
    long = "who made it? " * 30
    with pytest.raises(InvalidRequestError, match="leave no room for the text"):
        infer(folder, CONTEXT, long)
    assert infer(folder, CONTEXT, long, max_question_len=8)["answer"]
    with pytest.raises(InvalidRequestError, match=r"inputs\.question: its 4 tokens leave no room"):
        infer(folder, CONTEXT, max_seq_len=5)
    with pytest.raises(InvalidRequestError, match=r"parameters\.doc_stride: the model sees 57"):
        infer(folder, CONTEXT, doc_stride=57)
    with pytest.raises(InvalidRequestError, match=r"inputs\.context: it makes \d+ windows"):
        infer(folder, "film " * 40_000)
    with pytest.raises(InvalidRequestError, match=r"inputs\.context: the model's tokenizer finds"):
        infer(folder, "\x01\x02")
    with pytest.raises(InvalidRequestError, match=r"inputs\.question: the model's tokenizer finds"):
        infer(folder, "x", "\x01")
