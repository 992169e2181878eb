"""The folder store: atomic, partial files invisible and swept."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from phub_jupyter.errors import StorageError
from phub_jupyter.hub.objects.store import PIECE, fan_out
from phub_jupyter.hub.objects.stores.folder import FolderStore

KEY = fan_out("lfs", "ab" * 32)


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "objects", tmp_path / "uploads")


def uploads(root: Path) -> list[Path]:
    return list((root / "uploads").iterdir())


def test_an_object_appears_only_when_published(store: FolderStore, tmp_path: Path) -> None:
    file = store.new_file()
    file.write(b"hello ")
    file.write(b"world")
    assert not store.exists(KEY)
    assert list(store.keys("lfs")) == []
    file.publish(KEY)
    assert store.exists(KEY)
    assert store.size(KEY) == 11
    assert b"".join(store.read(KEY)) == b"hello world"
    assert list(store.keys("lfs")) == [KEY]
    assert (tmp_path / "objects/lfs/ab/ab" / ("ab" * 32)).is_file()
    assert uploads(tmp_path) == []


def test_reading_a_part_comes_in_pieces_of_at_most_one_mebibyte(store: FolderStore) -> None:
    data = os.urandom(2 * PIECE + 17)
    file = store.new_file()
    file.write(data)
    file.publish(KEY)
    pieces = list(store.read(KEY, 5, len(data) - 3))
    assert b"".join(pieces) == data[5:-3]
    assert max(map(len, pieces)) <= PIECE
    assert list(store.read(KEY, 7, 7)) == []


def test_a_missing_or_short_object_is_a_storage_error(store: FolderStore) -> None:
    with pytest.raises(StorageError, match="missing"):
        list(store.read(KEY))
    with pytest.raises(StorageError, match="missing"):
        store.size(KEY)
    file = store.new_file()
    file.write(b"short")
    file.publish(KEY)
    with pytest.raises(StorageError, match="too early"):
        list(store.read(KEY, 0, 100))


def test_discard_leaves_nothing_and_comes_too_late_after_publish(
    store: FolderStore, tmp_path: Path
) -> None:
    file = store.new_file()
    file.write(b"x" * 100_000)
    file.discard()
    file.discard()
    assert uploads(tmp_path) == []
    file = store.new_file()
    file.write(b"kept")
    file.publish(KEY)
    file.discard()
    assert b"".join(store.read(KEY)) == b"kept"


def test_truncate_and_reader_see_what_was_written(store: FolderStore) -> None:
    file = store.new_file()
    file.write(b"chunks" + b"footer")
    file.truncate(6)
    with file.reader() as stream:
        assert stream.read() == b"chunks"
    assert file.size == 6
    file.write(b"!")
    file.publish(KEY)
    assert b"".join(store.read(KEY)) == b"chunks!"


def test_delete_is_idempotent(store: FolderStore) -> None:
    store.delete(KEY)
    file = store.new_file()
    file.publish(KEY)
    store.delete(KEY)
    assert not store.exists(KEY)


def test_opening_the_store_spares_the_partial_files_of_the_living(
    store: FolderStore, tmp_path: Path
) -> None:
    file = store.new_file()
    file.write(b"still writing")
    FolderStore(tmp_path / "objects", tmp_path / "uploads")
    file.publish(KEY)
    assert b"".join(store.read(KEY)) == b"still writing"


def test_a_killed_writer_leaves_a_partial_file_that_the_next_start_removes(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path\n"
        "from phub_jupyter.hub.objects.stores.folder import FolderStore\n"
        "root = Path(sys.argv[1])\n"
        "file = FolderStore(root / 'objects', root / 'uploads').new_file()\n"
        "file.write(b'half' * 100_000); print('ready', flush=True); time.sleep(60)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"ready\n"
        writer.send_signal(signal.SIGKILL)
    assert len(uploads(tmp_path)) == 1
    store = FolderStore(tmp_path / "objects", tmp_path / "uploads")
    assert uploads(tmp_path) == []
    assert list(store.keys("")) == []
