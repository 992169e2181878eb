"""Xet's hashes, against published vectors and against the client's own implementation."""

from __future__ import annotations

from pathlib import Path

import hf_xet
import pytest
from blake3 import blake3

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.objects.xet.hashing import (
    EMPTY,
    chunk_hash,
    file_hash,
    from_text,
    range_hash,
    to_text,
    tree_hash,
)

A = "cfc5d07f6f03c29bbf424132963fe08d19a37d5757aaf520bf08119f05cd56d6"
B = "c3e67584b5c4fc2a89837ec39e40f2c8a6bb0b2987ac94cd4b31e5fbdd210a72"
C = "0d2beb91b9196929a5ddec9f6e306924ddf4a24268e3e59fd8464738d525af37"

# The chunk lengths of the first mebibyte of BLAKE3's output for "xet-vector".
VECTOR_CHUNKS = (
    57358, 68187, 74906, 8795, 131072, 19505, 61275, 18428, 131072, 71178,
    19663, 32927, 32446, 131072, 13590, 22039, 26546, 50972, 64426, 13119,
)  # fmt: skip


@pytest.mark.parametrize(
    ("chunks", "tree", "file"),
    [
        ([(A, 100)], A, "8e16257caa3fe079d484d872a8975264b2ff683b0d6db9028cc7c0f968a45661"),
        (
            [(A, 100), (B, 200), (C, 300)],
            "71ec1275fca074724e2dd666921b3277c7cee603e4d025bcab2d4050015be2bc",
            "54e55dccc6653c612bdb5576c5d3cb34bb31bc4e100248abccf4c908b3ef7715",
        ),
        (
            [(A, 100)] * 4,
            "89f2ada89ff8c96763c6b25010e6dd76a4c05b1466207633ea559acf2093211b",
            "2cdba690d0e09563596e0cda626d43eb4c96ef1e994fe72d9b2f5a83cfcd36dd",
        ),
    ],
)
def test_trees_of_given_hashes(chunks: list[tuple[str, int]], tree: str, file: str) -> None:
    nodes = [(from_text(text), length) for text, length in chunks]
    assert to_text(tree_hash(nodes)) == tree
    assert to_text(file_hash(nodes)) == file


@pytest.mark.parametrize(
    ("data", "tree", "file"),
    [
        (
            b"0123456789",
            "7176c73a77080800b03f8e5789544a56e13538811768a79fa89edf09e0c6a2f7",
            "bcdabd01e6286721f6fc4f53bdc8eebeabbd1c260a1e2dc597638010acb294c5",
        ),
        (
            b"Hello World!\n",
            "e11d004e9968f3c8a9179dca907aafe0fc1cbb73f429fe142514db413b6552f6",
            "26bcb87aa2953ba3b5c282d9581ac5572a4c7481399a64c03cdff89242a9b3f2",
        ),
    ],
)
def test_one_chunk(data: bytes, tree: str, file: str) -> None:
    chunks = [(chunk_hash(data), len(data))]
    assert to_text(tree_hash(chunks)) == tree
    assert to_text(file_hash(chunks)) == file


def test_a_mebibyte_of_zeros() -> None:
    zeros = chunk_hash(bytes(131072))
    assert to_text(zeros) == "2e39f13c248013b27e22913ba2893a654120ed0ad8eb7ecbf3f05b9d708634fc"
    chunks = [(zeros, 131072)] * 8
    assert (
        to_text(tree_hash(chunks))
        == "8c15d5bfe292d5f8f3b992149581636a5c4078ce9c4349d43f1a762ba0609839"
    )
    assert (
        to_text(file_hash(chunks))
        == "1e671fe124cea35586b1d1c30b9d4fc6b4e05ee60c93406986444f7c23d54056"
    )


def test_twenty_chunks_also_as_the_client_hashes_them(tmp_path: Path) -> None:
    data = blake3(b"xet-vector").digest(length=1 << 20)
    chunks, offset = [], 0
    for length in VECTOR_CHUNKS:
        chunks.append((chunk_hash(data[offset : offset + length]), length))
        offset += length
    first = "7b79a8da019dc3fd2cfe5108419689f83a52d4a2ac7e7bfc3f3802785f7d418d"
    assert to_text(chunks[0][0]) == first
    assert (
        to_text(tree_hash(chunks))
        == "aefecd8571343b0fa7dcc26b2dffd919a8fec107b508a0fc51425ab473f453d0"
    )
    assert (
        to_text(range_hash(digest for digest, _ in chunks))
        == "b3fbc42f90f2ca268235f88f3d5084224c16b2bd24c1f0cd587026bdb2c77c06"
    )
    (tmp_path / "data").write_bytes(data)
    (info,) = hf_xet.hash_files([str(tmp_path / "data")])
    assert to_text(file_hash(chunks)) == info.hash
    assert info.hash == "7836a68e611d5598ad01adb77eac0c13f167ea7c86bc7dfc4040b209400cdb89"


def test_nothing_has_the_hash_zero() -> None:
    assert tree_hash([]) == file_hash([]) == EMPTY == bytes(32)


def test_the_text_form_reverses_groups_of_eight_bytes() -> None:
    text = "07060504030201000f0e0d0c0b0a090817161514131211101f1e1d1c1b1a1918"
    assert to_text(bytes(range(32))) == text
    assert from_text(text) == bytes(range(32))


@pytest.mark.parametrize("text", ["", "ab", "G" * 64, "A" * 64, "a" * 63 + "\n", "a" * 65])
def test_other_text_is_no_hash(text: str) -> None:
    with pytest.raises(InvalidRequestError, match="hash"):
        from_text(text)
