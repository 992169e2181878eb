"""What strangers send is read or refused in words; nothing else happens, whatever it is."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from phub_jupyter.errors import (
    ConflictError,
    EntryNotFoundError,
    ForbiddenError,
    InvalidRequestError,
    RangeNotSatisfiableError,
    RevisionNotFoundError,
    UnprocessableError,
)
from phub_jupyter.hub.cards.front_matter import parse
from phub_jupyter.hub.objects.ranges import ByteRange
from phub_jupyter.hub.objects.tickets import Tickets
from phub_jupyter.hub.objects.xet.shard import read_shard
from phub_jupyter.hub.objects.xet.shard_answer import ShownXorb, write_answer
from phub_jupyter.hub.objects.xet.xorb import read_xorb, unpack_chunks
from phub_jupyter.hub.repos.git_repository import GitRepository, signature
from phub_jupyter.hub.repos.lfs_pointer import LfsPointer
from phub_jupyter.hub.repos.operations import AddFile, AddLargeFile, Remove, read_commit
from phub_jupyter.hub.repos.pkt_line import lines, packets
from phub_jupyter.hub.repos.tree_edit import TreeEdit
from phub_jupyter.identifiers import RepoId, parse_namespace, parse_path, parse_revision

from .fuzzing import tries
from .xet_bodies import ClientFile, ClientSegment, ClientXorb, shard

REFUSALS = (InvalidRequestError, UnprocessableError)

XORB = ClientXorb((b"a" * 300, bytes(range(256)) * 3, b"short"))
FILE = ClientFile((ClientSegment(XORB, 0, 2), ClientSegment(XORB, 2, 3)), claimed_sha256="ab" * 32)
SHARD = shard([FILE], [XORB])

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)


def damaged(valid: bytes) -> st.SearchStrategy[bytes]:
    """A valid body with bytes changed, cut out, doubled, cut off or put behind it."""
    at = st.integers(0, len(valid))

    def changed(place: int, data: bytes) -> bytes:
        return valid[:place] + data + valid[place + len(data) :]

    return st.one_of(
        st.builds(changed, at, st.binary(min_size=1, max_size=8)),
        st.builds(lambda low, high: valid[:low] + valid[high:], at, at),
        st.builds(lambda place, data: valid[:place] + data + valid[place:], at, st.binary()),
        st.binary(max_size=200),
    )


@tries(100)
@given(damaged(XORB.body + XORB.old_footer()))
def test_xorbs(body: bytes) -> None:
    try:
        index = read_xorb(io.BytesIO(body))
    except InvalidRequestError:
        return
    assert index.size <= len(body)
    assert len(list(unpack_chunks(body[: index.size]))) == len(index.lengths)


@tries(100)
@given(damaged(XORB.body))
def test_parts_of_xorbs(body: bytes) -> None:
    try:
        total = sum(len(chunk) for chunk in unpack_chunks(body))
    except InvalidRequestError:
        return
    assert total <= 131072 * (len(body) // 8 + 1)


@tries(100)
@given(damaged(SHARD))
@example(SHARD[:48] + b"\0" * 36 + b"\xff" * 12)
def test_shards(body: bytes) -> None:
    try:
        found = read_shard(io.BytesIO(body))
    except InvalidRequestError:
        return
    assert sum(len(file.segments) for file in found.files) <= len(body) // 96


@tries(50)
@given(st.frozensets(st.integers(0, 2)))
def test_answers_are_shards_too(places: frozenset[int]) -> None:
    index = read_xorb(io.BytesIO(XORB.body))
    answer = write_answer([ShownXorb(XORB.hash, index, places)], timedelta(days=1))
    assert read_shard(io.BytesIO(answer)).files == ()


header = st.builds(lambda value: {"key": "header", "value": value}, json_values)
VALID_LINES = [
    {"key": "header", "value": {"summary": "x", "description": ""}},
    {"key": "file", "value": {"path": "a.txt", "content": "aGk=", "encoding": "base64"}},
    {"key": "lfsFile", "value": {"path": "b", "algo": "sha256", "oid": "0" * 64, "size": 3}},
    {"key": "deletedFolder", "value": {"path": "c/"}},
    {"key": "deletedFile", "value": {"path": "d"}},
]
VALID_COMMIT = b"".join(json.dumps(line).encode() + b"\n" for line in VALID_LINES)
replaced = st.builds(
    lambda number, field, value: [
        {**line, "value": {**line["value"], field: value}} if at == number else line  # type: ignore[dict-item]
        for at, line in enumerate(VALID_LINES)
    ],
    st.integers(0, 4),
    st.sampled_from(
        ["path", "content", "summary", "oid", "size", "algo", "encoding", "parentCommit"]
    ),
    json_values,
)


@tries(100)
@given(
    damaged(VALID_COMMIT)
    | st.builds(lambda items: b"".join(json.dumps(i).encode() + b"\n" for i in items), replaced)
    | st.builds(lambda items: "\n".join(map(json.dumps, items)).encode(), st.lists(json_values))
)
def test_commits(body: bytes) -> None:
    try:
        head, operations = read_commit(io.BytesIO(body))
        found = list(operations)
    except REFUSALS:
        return
    assert head.summary.strip()
    for operation in found:
        assert isinstance(operation, AddFile | AddLargeFile | Remove)
        assert parse_path(operation.path) == operation.path


@tries(100)
@given(st.binary() | damaged(b"0032want 0123456789012345678901234567890123456789\n00000009done\n"))
def test_packets(data: bytes) -> None:
    try:
        found, rest = packets(data)
    except ValueError:
        return
    assert b"".join(found) + rest == data
    assert len(list(lines(data))) <= len(found)


POINTER = LfsPointer("0" * 64, 12345)


@tries(100)
@given(damaged(POINTER.text.encode()))
def test_pointers(data: bytes) -> None:
    found = LfsPointer.parse(data)
    if found is not None:
        assert LfsPointer.parse(found.text.encode()) == found
        assert found.sha256.encode() in data


CARD = "---\nlicense: mit\ntags: [a, b]\nmodel-index:\n- name: x\n  results: []\n---\n# Title\n"
yaml_text = st.text(
    alphabet="ab:-[]{}&*!|>'\"#%@` \n\t?,0123456789._~<=\x00\x85\ud800", max_size=80
)


@tries(100)
@given(st.builds("---\n{}\n---\n{}".format, yaml_text, st.text(max_size=20)) | st.text())
@example(CARD)
@example("---\na: &a [*a]\n---")
@example("---\n? [1, 2]\n: 3\n---")
@example("---\na: 0x" + "f" * 5000 + "\n---")
@example("---\nwhen: 2001-99-99\n---")
def test_cards(readme: str) -> None:
    try:
        card = parse(readme)
    except InvalidRequestError:
        return
    json.dumps(card.data)
    assert readme.endswith(card.text)


numbers = st.integers(0, 30)
range_headers = st.one_of(
    st.builds("bytes={}-{}".format, numbers, numbers),
    st.builds("bytes={}-".format, numbers),
    st.builds("bytes=-{}".format, numbers),
    st.lists(st.builds("{}-{}".format, numbers, numbers)).map(lambda r: "bytes=" + ",".join(r)),
    st.text(alphabet="bytes=0123456789-, ٣", max_size=30),
    st.just("bytes=" + "9" * 5000 + "-"),
)


@tries(100)
@given(range_headers, st.integers(0, 25))
def test_ranges(header: str, size: int) -> None:
    for read in (ByteRange.parse, ByteRange.parse_several):
        try:
            found = read(header, size)
        except RangeNotSatisfiableError:
            continue
        for part in found if isinstance(found, list) else [found]:
            if part is not None:
                assert 0 <= part.start < part.stop <= size


paths = st.text(max_size=30) | st.lists(
    st.sampled_from(["a", "..", ".", "", ".git", ".GIT", "git~1", "b.txt", "\0", "\ud800", "c\\d"]),
    max_size=4,
).map("/".join)


@pytest.fixture(scope="module")
def git(tmp_path_factory: pytest.TempPathFactory) -> GitRepository:
    """A repository with one file, on ``main``."""
    made = GitRepository.init(tmp_path_factory.mktemp("fuzz") / "r.git")
    edit = TreeEdit(made.raw, None)
    edit.put("a/b.txt", made.raw.create_blob(b"x"))
    person = signature("a")
    made.raw.create_commit("refs/heads/main", person, person, "x", edit.write(), [])
    return made


@tries(100)
@given(paths)
def test_paths(git: GitRepository, path: str) -> None:
    with contextlib.suppress(EntryNotFoundError):
        git.entry(git.head("refs/heads/main"), path)
    try:
        kept = parse_path(path)
    except REFUSALS:
        return
    edit = TreeEdit(git.raw, git.root(git.head("refs/heads/main")))
    try:
        edit.put(kept, git.raw.create_blob(b"new"))
        tree = edit.write()
    except REFUSALS:
        return
    assert not any(part in ("", ".", "..") or part.lower() == ".git" for part in kept.split("/"))
    assert git.raw[tree][kept].data == b"new"


revisions = st.text(max_size=40) | st.sampled_from(
    ["main", "HEAD", "main^", "main~1", "@{-1}", "refs/heads/main", "refs/../x", ":/x", "a" * 300]
)


@tries(100)
@given(revisions)
def test_revisions(git: GitRepository, text: str) -> None:
    with contextlib.suppress(RevisionNotFoundError):
        assert git.resolve(text) == git.head("refs/heads/main")
    try:
        ref = f"refs/heads/x/{parse_revision(text)}"
        git.create_ref(ref, git.head("refs/heads/main"))
    except (*REFUSALS, ConflictError):
        return
    assert git.find(ref)
    git.delete_ref(ref)


@tries(100)
@given(st.text(max_size=40) | st.from_regex(r"[A-Za-z0-9_.-]{0,20}/[A-Za-z0-9_.-]{0,20}"))
def test_names(text: str) -> None:
    readers: list[Callable[[str], object]] = [RepoId.parse, parse_namespace]
    for read in readers:
        try:
            read(text)
        except REFUSALS:
            continue
        assert "\0" not in text
        assert ".." not in text


TICKETS = Tickets(b"s" * 32)
TICKET = TICKETS.issue("xet", {"repo": "r"}, timedelta(hours=1))


@tries(100)
@given(damaged(TICKET.encode()).map(lambda data: data.decode("latin-1")) | st.text())
@example("e30.")
@example(base64.urlsafe_b64encode(b"[]").decode() + ".AAAA")
def test_tickets(text: str) -> None:
    assume(text != TICKET)
    with pytest.raises(ForbiddenError):
        TICKETS.open("xet", text)
    with pytest.raises(ForbiddenError):
        TICKETS.open("lfs", TICKET)


def test_the_examples_are_valid() -> None:
    """Otherwise the tests above would try refusals only."""
    assert len(read_xorb(io.BytesIO(XORB.body)).lengths) == 3
    assert len(read_shard(io.BytesIO(SHARD)).files) == 1
    assert len(list(read_commit(io.BytesIO(VALID_COMMIT))[1])) == 4
    assert LfsPointer.parse(POINTER.text.encode()) == POINTER
    assert parse(CARD).data["license"] == "mit"
    assert TICKETS.open("xet", TICKET) == {"repo": "r"}
    with tempfile.TemporaryDirectory() as folder:
        assert GitRepository.init(Path(folder, "r.git"))
