"""datasets: pushed, loaded and streamed, with the card and the configurations it writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .programs import Machine

PUSH = """
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value

features = Features({"text": Value("string"), "label": ClassLabel(names=["bad", "good"])})
rows = {"text": [f"text {number} \\u00fc" for number in range(300)], "label": [0, 1, 1] * 100}
whole = Dataset.from_dict(rows, features=features)
splits = DatasetDict(
    {
        "train": whole.select(range(200)),
        "validation": whole.select(range(200, 250)),
        "test": whole.select(range(250, 300)),
    }
)
splits.push_to_hub("ada/snippets", private=True)
splits["test"].push_to_hub("ada/snippets", "small", split="test", max_shard_size="1KB")
print("done")
"""

LOAD = """
from datasets import get_dataset_config_names, load_dataset
from huggingface_hub import DatasetCard

splits = load_dataset("ada/snippets", "default")
assert {name: len(split) for name, split in splits.items()} == {
    "train": 200, "validation": 50, "test": 50,
}
assert splits["train"].features["label"].names == ["bad", "good"]
assert splits["train"][7] == {"text": "text 7 \\u00fc", "label": 1}
assert get_dataset_config_names("ada/snippets") == ["default", "small"]
stream = load_dataset("ada/snippets", "small", split="test", streaming=True)
assert [row["text"] for row in stream] == [f"text {n} \\u00fc" for n in range(250, 300)]
assert DatasetCard.load("ada/snippets").data.to_dict()["configs"][0]["config_name"] == "default"
print("done")
"""

REFUSED = """
from datasets import load_dataset
from datasets.exceptions import DatasetNotFoundError

try:
    load_dataset("ada/snippets", "default")
except DatasetNotFoundError:
    print("done")
"""


@pytest.mark.slow
@pytest.mark.parametrize("xet", [True, False])
def test_a_private_dataset_is_pushed_loaded_and_streamed(
    hub_server: Any, tmp_path: Path, xet: bool
) -> None:
    assert Machine(hub_server, tmp_path / "ada", xet=xet).run(PUSH) == "done"
    assert Machine(hub_server, tmp_path / "other", xet=xet).run(LOAD) == "done"
    assert Machine(hub_server, tmp_path / "bob", user="bob").run(REFUSED) == "done"


@pytest.mark.slow
def test_below_a_path_as_inside_jupyter(prefixed_hub_server: Any, tmp_path: Path) -> None:
    assert Machine(prefixed_hub_server, tmp_path / "ada").run(PUSH) == "done"
    assert Machine(prefixed_hub_server, tmp_path / "other").run(LOAD) == "done"
