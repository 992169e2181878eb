"""The object stores: objects are whole or absent, partial files invisible and swept."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from phub_jupyter.errors import InvalidRequestError, OverloadedError, StorageError
from phub_jupyter.hub.objects.store import PIECE, ObjectStore, fan_out
from phub_jupyter.hub.objects.stores.s3_address import S3Address
from phub_jupyter.hub.settings import StoreSettings

from ..stores import PAIRS, environment, settings_of

pytestmark = pytest.mark.both_stores

KEY = fan_out("lfs", "ab" * 32)


def opened(root: Path) -> ObjectStore:
    return StoreSettings.from_environment(root).open_objects(root)


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return opened(tmp_path)


def uploads(root: Path) -> list[Path]:
    return list((root / "uploads").iterdir())


def put(store: ObjectStore, key: str, data: bytes) -> None:
    file = store.new_file()
    file.write(data)
    file.publish(key)


def test_an_object_appears_only_when_published(store: ObjectStore, tmp_path: Path) -> None:
    file = store.new_file()
    file.write(b"hello ")
    file.write(b"world")
    file.flush()
    assert not store.exists(KEY)
    assert list(store.keys("lfs")) == list(store.keys("")) == []
    file.publish(KEY)
    assert store.exists(KEY)
    assert store.size(KEY) == 11
    assert b"".join(store.read(KEY)) == b"hello world"
    assert list(store.keys("lfs")) == list(store.keys("")) == [KEY]
    assert uploads(tmp_path) == []


def test_an_object_that_changed_after_a_flush(store: ObjectStore) -> None:
    file = store.new_file()
    file.write(b"chunks and footer")
    file.flush()
    file.truncate(6)
    file.flush()
    file.write(b"!")
    file.publish(KEY)
    assert b"".join(store.read(KEY)) == b"chunks!"
    assert list(store.keys("")) == [KEY]


def test_a_later_object_replaces_one_of_the_same_name(store: ObjectStore) -> None:
    put(store, KEY, b"damaged")
    put(store, KEY, b"whole")
    assert b"".join(store.read(KEY)) == b"whole"


def test_reading_a_part_comes_in_pieces_of_at_most_one_mebibyte(store: ObjectStore) -> None:
    data = os.urandom(9 * PIECE + 17)
    put(store, KEY, data)
    pieces = list(store.read(KEY, 5, len(data) - 3))
    assert b"".join(pieces) == data[5:-3]
    assert max(map(len, pieces)) <= PIECE
    assert list(store.read(KEY, 7, 7)) == []
    with store.open(KEY) as stream:
        assert stream.read(3) == data[:3]
        stream.seek(-5, os.SEEK_END)
        assert stream.read() == data[-5:]
        stream.seek(PIECE - 1)
        assert stream.read(PIECE + 2) == data[PIECE - 1 : 2 * PIECE + 1]


def test_a_missing_or_short_object_is_a_storage_error(store: ObjectStore) -> None:
    for look in (lambda: list(store.read(KEY)), lambda: store.size(KEY), lambda: store.open(KEY)):
        with pytest.raises(StorageError, match="missing"):
            look()
    put(store, KEY, b"short")
    for start in (0, 5, 50):
        with pytest.raises(StorageError, match="too early"):
            list(store.read(KEY, start, 100))


def test_discard_leaves_nothing_and_comes_too_late_after_publish(
    store: ObjectStore, tmp_path: Path
) -> None:
    file = store.new_file()
    file.write(b"x" * 100_000)
    file.flush()
    file.discard()
    file.discard()
    assert uploads(tmp_path) == []
    assert list(store.keys("")) == []
    file = store.new_file()
    file.write(b"kept")
    file.publish(KEY)
    file.discard()
    assert b"".join(store.read(KEY)) == b"kept"


def test_truncate_and_reader_see_what_was_written(store: ObjectStore) -> None:
    file = store.new_file()
    file.write(b"chunks" + b"footer")
    file.truncate(6)
    with file.reader() as stream:
        assert stream.read() == b"chunks"
    assert file.size == 6
    file.discard()


def test_keys_are_those_of_a_folder_in_order(store: ObjectStore) -> None:
    names = [fan_out("lfs", name * 32) for name in ("ff", "00", "a0")]
    for key in (*names, fan_out("lfs-other", "11" * 32)):
        put(store, key, b"x")
    assert list(store.keys("lfs")) == sorted(names)


def test_delete_is_idempotent(store: ObjectStore) -> None:
    store.delete(KEY)
    put(store, KEY, b"")
    assert store.size(KEY) == 0
    assert list(store.read(KEY)) == []
    store.delete(KEY)
    assert not store.exists(KEY)


def test_opening_the_store_spares_the_partial_files_of_the_living(
    store: ObjectStore, tmp_path: Path
) -> None:
    file = store.new_file()
    file.write(b"still writing")
    file.flush()
    opened(tmp_path)
    file.publish(KEY)
    assert b"".join(store.read(KEY)) == b"still writing"


def test_a_killed_writer_leaves_a_partial_file_that_the_next_start_removes(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path\n"
        "from phub_jupyter.hub.settings import StoreSettings\n"
        "root = Path(sys.argv[1])\n"
        "file = StoreSettings.from_environment(root).open_objects(root).new_file()\n"
        "file.write(b'half' * 100_000); print('ready', flush=True); time.sleep(60)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    variables = os.environ | environment(tmp_path)
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=variables) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"ready\n"
        writer.send_signal(signal.SIGKILL)
    assert len(uploads(tmp_path)) == 1
    store = opened(tmp_path)
    assert uploads(tmp_path) == []
    assert list(store.keys("")) == []


def test_a_bucket_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    address = settings_of(PAIRS[1], tmp_path).object_store.replace("s3://hubs/", "s3://none/")
    with pytest.raises(StorageError, match="s3://none/.*create it"):
        StoreSettings(object_store=address).open_objects(tmp_path)


def test_a_server_that_does_not_answer_is_busy_and_not_a_mistake(tmp_path: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
    address = f"s3://hubs/x?endpoint=http://127.0.0.1:{port}&region=us-east-1"
    with pytest.raises(OverloadedError, match="does not answer"):
        StoreSettings(object_store=address).open_objects(tmp_path)


def test_the_address_of_a_bucket() -> None:
    address = S3Address.parse("s3://b/deep/er/?endpoint=http://host:9000&region=eu&virtual_host=1")
    assert address == S3Address("b", "deep/er", "http://host:9000", "eu", True)
    assert address.plain_http
    assert not S3Address.parse("s3://b").plain_http
    for wrong in ("s3://", "s3://key:secret@b", "s3://b?secret=x", "s3://b?endpoint=host"):
        with pytest.raises(InvalidRequestError, match="^object store: "):
            S3Address.parse(wrong)


def test_another_kind_of_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match="begin with s3://"):
        StoreSettings(object_store="gs://bucket").open_objects(tmp_path)
