"""How each file should be uploaded."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.access import Actor
from phub_jupyter.hub.repos.commits import initial_commit
from phub_jupyter.hub.repos.git_repository import GitRepository
from phub_jupyter.hub.repos.preupload import PlannedFile, place


def modes(folder: Path, attributes: str, *files: PlannedFile) -> list[str]:
    """Upload modes in a repository with that ``.gitattributes``."""
    git = GitRepository.init(folder / "r.git")
    ada = Actor(pk=1, name="ada")
    commit = initial_commit(git, ada, {".gitattributes": attributes.encode()})
    return [placement.upload_mode for placement in place(git, commit, files, None)]


def test_the_rules_of_the_repository_decide_first(tmp_path: Path) -> None:
    files = [PlannedFile(path, 5, b"hello") for path in ("a.csv", "a.bin", "sub/b.csv")]
    assert modes(tmp_path, "*.csv filter=lfs\n", *files) == ["lfs", "regular", "lfs"]


def test_what_git_should_not_keep_is_large_without_a_rule(tmp_path: Path) -> None:
    limit = 10 * 1024 * 1024
    files = [
        PlannedFile("binary", 3, b"\0ab"),
        PlannedFile("latin", 4, b"caf\xe9"),
        PlannedFile("cut", 600, ("x" * 511 + "é").encode()[:512]),
        PlannedFile("full", limit, b"text"),
        PlannedFile("over", limit + 1, b"text"),
    ]
    expected = ["lfs", "regular", "regular", "regular", "lfs"]
    assert modes(tmp_path, "", *files) == expected


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (None, "files: each needs a path"),
        ({"size": 1}, "files: each needs a path"),
        ({"path": "../x", "size": 1}, "path: '../x'"),
        ({"path": "a\\b", "size": 1}, "path"),
        ({"path": "x"}, "x: size"),
        ({"path": "x", "size": -1}, "x: size"),
        ({"path": "x", "size": True}, "x: size"),
        ({"path": "x", "size": 1, "sample": "%"}, "x: sample"),
        ({"path": "x", "size": 1, "sample": 3}, "x: sample"),
    ],
)
def test_malformed_questions_name_the_field(item: Any, message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        PlannedFile.parse(item)


def test_a_question_is_read() -> None:
    sample = base64.b64encode(b"hi").decode()
    assert PlannedFile.parse({"path": "a/b", "size": 2, "sample": sample}) == PlannedFile(
        "a/b", 2, b"hi"
    )
