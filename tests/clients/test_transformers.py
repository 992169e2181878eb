"""transformers: a small model of our own is pushed and comes back as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .programs import Machine

PUSH = """
import pathlib
import torch
from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad", "film"]
pathlib.Path("vocab.txt").write_text("\\n".join(words))
tokenizer = BertTokenizerFast("vocab.txt")
torch.manual_seed(0)
config = BertConfig(
    vocab_size=len(words), hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
    intermediate_size=16, max_position_embeddings=32, id2label={0: "NEGATIVE", 1: "POSITIVE"},
)
model = BertForSequenceClassification(config).eval()
model.push_to_hub("ada/tiny", private=True)
tokenizer.push_to_hub("ada/tiny")
model.push_to_hub("ada/tiny", revision="second", commit_message="again")
with torch.no_grad():
    print(model(**tokenizer("good film", return_tensors="pt")).logits.tolist())
"""

LOAD = """
import sys
import torch
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

revision = sys.argv[1]
config = AutoConfig.from_pretrained("ada/tiny", revision=revision)
assert config.id2label == {0: "NEGATIVE", 1: "POSITIVE"}
tokenizer = AutoTokenizer.from_pretrained("ada/tiny")
model = AutoModelForSequenceClassification.from_pretrained("ada/tiny", revision=revision).eval()
with torch.no_grad():
    print(model(**tokenizer("good film", return_tensors="pt")).logits.tolist())
"""

MISSING = """
from transformers import AutoConfig

for name in ("ada/tiny", "ada/nope"):
    try:
        AutoConfig.from_pretrained(name)
    except OSError as error:
        assert "is not a valid model identifier" in str(error) or "gated" in str(error), error
    else:
        raise AssertionError(name)
print("done")
"""


@pytest.mark.slow
@pytest.mark.parametrize("server", ["hub_server", "prefixed_hub_server"])
def test_a_model_comes_back_as_it_was(
    request: pytest.FixtureRequest, tmp_path: Path, server: str
) -> None:
    hub: Any = request.getfixturevalue(server)
    logits = Machine(hub, tmp_path / "ada").run(PUSH)
    assert logits.startswith("[[")
    other = Machine(hub, tmp_path / "other", xet=False)
    assert other.run(LOAD, "main") == logits
    assert other.run(LOAD, "second") == logits
    assert Machine(hub, tmp_path / "bob", user="bob").run(MISSING) == "done"
