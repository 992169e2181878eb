"""Names that strangers send."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phub_jupyter.errors import InvalidRequestError, UnprocessableError
from phub_jupyter.identifiers import RepoId, RepoType, parse_path, parse_revision


@pytest.mark.parametrize("text", ["ada/bert", "Ada/BERT-2.0_x", "a/b", f"{'n' * 96}/{'m' * 96}"])
def test_good_repo_ids(text: str) -> None:
    assert str(RepoId.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "bert", "a/b/c", "/b", "a/", "a/-b", "a/b.", "a/b--c", "a/b..c", "a/b.git", "api/x",
        "Datasets/x", "a b/c", "a/ü", f"a/{'x' * 97}", "../etc", "a/..",
    ],
)  # fmt: skip
def test_bad_repo_ids_name_the_field(text: str) -> None:
    with pytest.raises(InvalidRequestError, match=r"^(repo_id|namespace|name): "):
        RepoId.parse(text)


def test_ids_differ_by_more_than_case() -> None:
    assert RepoId.parse("Ada/Bert").key == RepoId.parse("ada/BERT").key


@pytest.mark.parametrize(
    "text",
    [
        "", "/etc/passwd", "../x", "a/../b", "a/./b", "a//b", "a\\b", ".git/config", "a/.GIT/x",
        "a/.git./x", "a/.git /x", "git~1/x", "a\x00b", "a\nb", "x" * 5000, f"{'y' * 256}/a",
    ],
)  # fmt: skip
def test_bad_paths(text: str) -> None:
    with pytest.raises(UnprocessableError, match=r"^path: "):
        parse_path(text)


@pytest.mark.parametrize("text", ["a", "a/b c/ü.txt", ".gitattributes", "dir/.gitignore", "a..b"])
def test_good_paths(text: str) -> None:
    assert parse_path(text) == text
    assert parse_path(text + "/") == text


@given(st.text(max_size=60))
def test_an_accepted_path_stays_inside(text: str) -> None:
    try:
        path = parse_path(text)
    except UnprocessableError:
        return
    assert not path.startswith("/")
    assert ".." not in path.split("/")
    assert ".git" not in path.lower().split("/")


@pytest.mark.parametrize(
    "text", ["", "-x", "a..b", "a b", "a~1", "a^", "x:y", "a.lock", "a/", "@{"]
)
def test_bad_revisions(text: str) -> None:
    with pytest.raises(InvalidRequestError, match=r"^revision: "):
        parse_revision(text)


@pytest.mark.parametrize("text", ["main", "refs/pr/1", "feature/x", "v1.0", "0123abc"])
def test_good_revisions(text: str) -> None:
    assert parse_revision(text) == text


def test_types() -> None:
    assert RepoType.parse(None) is RepoType.MODEL
    assert RepoType.DATASET.url_prefix == "datasets/"
    with pytest.raises(InvalidRequestError, match=r"^type: "):
        RepoType.parse("job")
