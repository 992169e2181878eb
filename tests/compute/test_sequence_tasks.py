"""Summarization and translation: what the model writes, told as it wants to be, within limits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from phub_jupyter.compute.inference import local
from phub_jupyter.compute.inference.pipelines import sequence_model, summarization, translation
from phub_jupyter.errors import InvalidRequestError
from tests.compute.tiny_models.translators import TASKS, make_marian, make_nllb, make_t5

pytestmark = pytest.mark.filterwarnings("ignore:Recommended. pip install sacremoses")
TEXTS = ["a good film was made in london", "dull", "who is bob? is it very bright, or not so long"]


@pytest.fixture(scope="module")
def t5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_t5(tmp_path_factory.mktemp("models") / "t5", TASKS)


@pytest.fixture(scope="module")
def nllb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_nllb(tmp_path_factory.mktemp("models") / "nllb")


@pytest.fixture(scope="module")
def marian(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_marian(tmp_path_factory.mktemp("models") / "marian")


def summarize(folder: Path, inputs: Any, **parameters: Any) -> Any:
    return local.infer(folder, "summarization", {"inputs": inputs, "parameters": parameters})


def translate(folder: Path, inputs: Any, **parameters: Any) -> Any:
    return local.infer(folder, "translation", {"inputs": inputs, "parameters": parameters})


def by_hand(folder: Path, text: str, **options: Any) -> str:
    """What transformers' own generate writes."""
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    source = options.pop("src_lang", None)
    if source is not None:
        tokenizer.src_lang = source
    tokens = tokenizer(text, return_tensors="pt", truncation=True)
    tokens.pop("token_type_ids", None)
    model = AutoModelForSeq2SeqLM.from_pretrained(folder).eval()
    ids = model.generate(**tokens, **options)
    return str(tokenizer.decode(ids[0], skip_special_tokens=True)).strip()


def test_a_summary_is_asked_for_as_the_model_wants_it(t5: Path) -> None:
    prefix = TASKS["summarization"]["prefix"]
    for text in TEXTS:
        expected = by_hand(t5, f"{prefix}{text}", max_new_tokens=7, num_beams=2)
        assert summarize(t5, text) == [{"summary_text": expected}]
        assert summarize(t5, f"{prefix}{text}") == [{"summary_text": expected}]


def test_texts_of_one_call_are_written_together_as_alone(t5: Path, marian: Path) -> None:
    for folder, ask in ((t5, summarize), (marian, translate)):
        together = ask(folder, TEXTS, max_new_tokens=6)
        assert together == [ask(folder, text, max_new_tokens=6)[0] for text in TEXTS]


def test_settings_of_the_caller_go_before_the_models(t5: Path) -> None:
    prefix = TASKS["summarization"]["prefix"]
    for parameters in (
        {"generate_parameters": {"max_new_tokens": 3, "num_beams": 1}},
        {"max_new_tokens": 3, "num_beams": 1},
    ):
        expected = by_hand(t5, f"{prefix}{TEXTS[0]}", max_new_tokens=3, num_beams=1)
        assert summarize(t5, TEXTS[0], **parameters) == [{"summary_text": expected}]


def test_different_settings_in_one_batch_do_not_mix(t5: Path) -> None:
    model = summarization.load(t5)
    requests = [
        summarization.parse({"inputs": TEXTS[0], "parameters": {"max_new_tokens": count}})
        for count in (2, 5, 2, 9)
    ]
    items = [item for request in requests for item in model.tokenise(request)]
    alone = [model.run([item])[0] for item in items]
    assert model.run(items) == alone
    assert alone[0] == alone[2]


@pytest.mark.parametrize(
    ("languages", "task"),
    [
        ({}, "translation_en_to_de"),
        ({"src_lang": "en", "tgt_lang": "de"}, "translation_en_to_de"),
        ({"src_lang": "en", "tgt_lang": "fr"}, "translation_en_to_fr"),
    ],
)
def test_t5_is_told_the_languages_in_words(t5: Path, languages: dict[str, str], task: str) -> None:
    expected = by_hand(t5, f"{TASKS[task]['prefix']}{TEXTS[0]}", max_new_tokens=9)
    assert translate(t5, TEXTS[0], **languages) == [{"translation_text": expected}]


def test_whoever_writes_the_words_is_not_corrected(t5: Path) -> None:
    french = f"{TASKS['translation_en_to_fr']['prefix']}{TEXTS[0]}"
    assert translate(t5, french) == [{"translation_text": by_hand(t5, french, max_new_tokens=9)}]


def test_a_model_of_many_languages_begins_with_the_token_of_the_target(nllb: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(nllb)
    answers = set()
    for source, target in (("eng_Latn", "deu_Latn"), ("eng_Latn", "fra_Latn"), ("fra_Latn",) * 2):
        forced = tokenizer.convert_tokens_to_ids(target)
        expected = by_hand(
            nllb, "a film", src_lang=source, forced_bos_token_id=forced, max_new_tokens=8
        )
        answer = translate(nllb, "a film", src_lang=source, tgt_lang=target, max_new_tokens=8)
        assert answer == [{"translation_text": expected}]
        answers.add(expected)
    assert len(answers) > 1
    with pytest.raises(InvalidRequestError, match=r"parameters\.src_lang: .*deu_Latn, eng_Latn"):
        translate(nllb, "a film")
    with pytest.raises(InvalidRequestError, match=r"parameters\.tgt_lang: the model has no 'xx'"):
        translate(nllb, "a film", src_lang="eng_Latn", tgt_lang="xx")


def test_a_model_of_two_languages_needs_no_telling(marian: Path) -> None:
    expected = by_hand(marian, TEXTS[0], max_new_tokens=8)
    answer = translate(marian, TEXTS[0], max_new_tokens=8)
    assert answer == [{"translation_text": expected}]
    told = translate(marian, TEXTS[0], max_new_tokens=8, src_lang="en", tgt_lang="de")
    assert told == answer
    with pytest.raises(InvalidRequestError, match=r"parameters\.tgt_lang: .* into another, 'de'"):
        translate(marian, TEXTS[0], tgt_lang="fr")


def test_a_pair_that_t5_does_not_know_is_refused(t5: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match="translates only en to de, en to fr"):
        translate(t5, TEXTS[0], src_lang="de", tgt_lang="en")
    plain = make_t5(tmp_path / "plain")
    with pytest.raises(InvalidRequestError, match="leave it out, or use another model"):
        translate(plain, TEXTS[0], src_lang="de", tgt_lang="en")
    assert translate(plain, TEXTS[0], max_new_tokens=4)


def test_long_texts_are_cut_unless_that_is_refused(t5: Path) -> None:
    long = "film " * 300
    assert summarize(t5, long) == summarize(t5, long * 2)
    with pytest.raises(InvalidRequestError, match=r"text 2 has \d+ tokens, and the model sees 64"):
        summarize(t5, ["dull", long], truncation="do_not_truncate")


def test_whatever_the_repository_wishes_there_are_limits(tmp_path: Path) -> None:
    wild = {"summarization": {"max_length": 10**9, "num_beams": 10**6, "prefix": 7}}
    folder = make_t5(tmp_path / "wild", wild)
    path = folder / "generation_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "num_beams": 400, "max_length": 5}))
    assert summarize(folder, "dull") == [
        {"summary_text": by_hand(folder, "dull", num_beams=8, max_new_tokens=5)}
    ]


def test_writing_that_takes_too_long_is_refused(t5: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequence_model, "_SECONDS", 0.0)
    with pytest.raises(InvalidRequestError, match="ask for fewer new tokens"):
        summarize(t5, "dull")


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"generate_parameters": 3}, r"parameters\.generate_parameters: send a JSON object"),
        ({"generate_parameters": {"max_new_tokens": 10**6}}, "max_new_tokens: use a whole number"),
        ({"generate_parameters": {"num_beams": 9}}, "num_beams: use a whole number from 1 to 8"),
        ({"generate_parameters": {"prefix": "x"}}, r"generate_parameters\.prefix: unknown"),
        ({"max_length": 0}, r"parameters\.max_length: use a whole number"),
        ({"repetition_penalty": 0}, "repetition_penalty: use a number above 0"),
        ({"truncation": "all"}, r"parameters\.truncation: use do_not_truncate"),
        ({"clean_up_tokenization_spaces": 1}, "clean_up_tokenization_spaces: use true"),
        ({"length": 3}, r"parameters\.length: unknown"),
    ],
)
@pytest.mark.parametrize("task", [summarization, translation])
def test_a_bad_call_is_refused_by_field(
    task: Any, parameters: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        task.parse({"inputs": "x", "parameters": parameters})
    with pytest.raises(InvalidRequestError, match="inputs: the text is empty"):
        task.parse({"inputs": " "})


def test_languages_must_be_texts() -> None:
    with pytest.raises(InvalidRequestError, match=r"parameters\.src_lang: expected a text"):
        translation.parse({"inputs": "x", "parameters": {"src_lang": 3}})
