"""Which paths go to git-lfs."""

from __future__ import annotations

from pathlib import Path

import pytest

from phub_jupyter.hub.access import Actor
from phub_jupyter.hub.repos.commits import initial_commit
from phub_jupyter.hub.repos.git_repository import GitRepository
from phub_jupyter.hub.repos.gitattributes import default_gitattributes, wants_lfs
from phub_jupyter.identifiers import RepoType


def repository(folder: Path, files: dict[str, str]) -> tuple[GitRepository, str]:
    git = GitRepository.init(folder / "r.git")
    content = {path: text.encode() for path, text in files.items()}
    return git, initial_commit(git, Actor(pk=1, name="ada"), content)


@pytest.mark.parametrize(
    ("path", "large"),
    [
        ("model.safetensors", True),
        ("deep/er/pytorch_model.bin", True),
        ("data/train-00000-of-00001.parquet", True),
        ("saved_model/a/variables.index", True),
        ("events.out.tfevents.1", True),
        ("tokenizer.json", False),
        ("README.md", False),
        ("bin", False),
        ("with space.zip", True),
    ],
)
def test_a_new_repository_keeps_weights_and_tables_outside_git(
    tmp_path: Path, path: str, large: bool
) -> None:
    text = default_gitattributes(RepoType.MODEL)
    git, commit = repository(tmp_path, {".gitattributes": text})
    assert wants_lfs(git, commit, path) is large


def test_datasets_keep_pictures_outside_git(tmp_path: Path) -> None:
    text = default_gitattributes(RepoType.DATASET)
    git, commit = repository(tmp_path, {".gitattributes": text})
    assert wants_lfs(git, commit, "images/cat.png")
    assert "png" not in default_gitattributes(RepoType.MODEL)


def test_later_rules_and_rules_in_folders_win(tmp_path: Path) -> None:
    git, commit = repository(
        tmp_path,
        {
            ".gitattributes": "*.bin filter=lfs\nsmall.bin !filter\n/top.txt filter=lfs\n",
            "sub/.gitattributes": "*.bin -filter\n*.txt filter=lfs\n",
        },
    )
    large = ["a.bin", "x/a.bin", "top.txt", "sub/top.txt"]
    small = ["small.bin", "x/small.bin", "sub/a.bin", "x/top.txt"]
    assert [path for path in large + small if wants_lfs(git, commit, path)] == large
