"""8-bit weights on request: used where they are faster, and never without saying how they agree."""

from __future__ import annotations

from pathlib import Path

import pytest

from phub_jupyter.compute.inference.int8 import agreement, is_wanted, sentences_of
from phub_jupyter.compute.inference.pipelines.text_classification import load, parse
from tests.compute.tiny_classifier import make_classifier

CARD = "---\nlicense: mit\ninference:\n  precision: int8\n---\n"
PROSE = " ".join(
    f"This is the sentence with the number {place} of the card." for place in range(20)
)


def write_card(folder: Path, text: str) -> Path:
    (folder / "README.md").write_text(text, "utf-8")
    return folder


def test_nobody_gets_it_unasked(tmp_path: Path) -> None:
    folder = write_card(make_classifier(tmp_path / "model"), f"---\nlicense: mit\n---\n{PROSE}")
    assert "int8" not in load(folder).describe()


def test_whoever_asks_is_told_the_agreement(tmp_path: Path) -> None:
    folder = write_card(make_classifier(tmp_path / "model"), CARD + PROSE)
    full = load(write_card(make_classifier(tmp_path / "full"), ""))
    pipeline = load(folder)
    told = pipeline.describe()["int8"]
    assert told["texts"] == 20
    assert 0.9 <= told["same_decision"] <= 1
    assert 0 < told["largest_difference"] < 0.1
    assert told["used"] == (told["speedup"] > 1)
    request = parse({"inputs": ["a good film", "dull"]})
    answers = [each.shape(request, each.run(each.tokenise(request))) for each in (full, pipeline)]
    for before, after in zip(*answers, strict=True):
        scores = {each["label"]: each["score"] for each in after}
        for each in before:
            assert scores[each["label"]] == pytest.approx(each["score"], abs=0.1)


@pytest.mark.parametrize(
    ("card", "wanted"),
    [
        (CARD, True),
        ("---\ninference:\n  precision: bf16\n---\n", False),
        ("---\ninference: false\n---\n", False),
        ("---\n- a\n---\n", False),
        ("---\na: [\n---\n", False),
        ("", False),
    ],
)
def test_the_card_decides(tmp_path: Path, card: str, wanted: bool) -> None:
    assert is_wanted(write_card(tmp_path, card)) is wanted


def test_a_folder_without_a_card_wants_nothing(tmp_path: Path) -> None:
    assert not is_wanted(tmp_path)
    assert len(sentences_of(tmp_path)) == 8


def test_sentences_are_prose_and_no_code(tmp_path: Path) -> None:
    code = "```python\nprint('this is a long line of code that ends here.')\n```\n"
    table = "| a table with many words that ends in a dot. | b |\n"
    found = sentences_of(write_card(tmp_path, f"{CARD}# Title\n{code}{table}{PROSE}"))
    assert len(found) == 20
    assert all(sentence.startswith("This is the sentence") for sentence in found)


def test_agreement_counts_texts_with_the_same_decision() -> None:
    import torch

    before = torch.tensor([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.5, 0.4]])
    after = torch.tensor([[0.8, 0.2], [0.4, 0.6], [0.2, 0.8], [0.5, 0.45]])
    found = agreement(list("abcd"), lambda _: before, lambda _: after, decides=True, speedup=2.0)
    assert (found.texts, found.same_decision, found.largest_difference) == (4, 0.75, 0.2)
