"""The text that stands for a large file."""

from __future__ import annotations

import pytest

from phub_jupyter.hub.repos.lfs_pointer import LfsPointer

SHA = "a" * 64


def test_text_is_exactly_what_git_lfs_writes() -> None:
    pointer = LfsPointer(SHA, 12345)
    assert pointer.text == (
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{SHA}\nsize 12345\n"
    )
    assert LfsPointer.parse(pointer.text.encode()) == pointer


def test_extension_lines_are_passed_over() -> None:
    text = (
        f"version https://git-lfs.github.com/spec/v1\next-0-x sha256:1\noid sha256:{SHA}\nsize 1\n"
    )
    assert LfsPointer.parse(text.encode()) == LfsPointer(SHA, 1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "version https://git-lfs.github.com/spec/v1\n",
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{SHA.upper()}\nsize 1\n",
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{SHA}\nsize -1\n",
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{SHA}\nsize 1\n" + "x" * 1024,
        f"# about\nversion https://git-lfs.github.com/spec/v1\noid sha256:{SHA}\nsize 1\n",
    ],
)
def test_other_texts_are_ordinary_files(text: str) -> None:
    assert LfsPointer.parse(text.encode()) is None
