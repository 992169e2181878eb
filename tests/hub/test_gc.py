"""Clean-ups take away what nobody can need, and nothing that anybody may still ask for."""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.buckets.changes import read_changes
from phub_jupyter.hub.check import check
from phub_jupyter.hub.database.tables import RepoObject, Xorb, utc_now
from phub_jupyter.hub.gc import Report
from phub_jupyter.hub.objects.store import ObjectStore, fan_out
from phub_jupyter.hub.objects.xet.hashing import chunk_hash, to_text
from phub_jupyter.hub.repos.operations import AddFile, AddLargeFile, Remove
from phub_jupyter.hub.repos.squash import squash
from phub_jupyter.hub.settings import StoreSettings
from phub_jupyter.identifiers import RepoId

from .repo_fixtures import Workshop
from .xet_bodies import ClientFile, ClientSegment, ClientXorb, shard

pytestmark = pytest.mark.both_stores

_RANDOM = random.Random(23)
XORB = ClientXorb(tuple(_RANDOM.randbytes(9000) for _ in range(4)))
FILE = ClientFile((ClientSegment(XORB, 0, 4),))
SHA256 = hashlib.sha256(FILE.content).hexdigest()
DAY = timedelta(days=1)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Workshop]:
    shop = Workshop.open(tmp_path / "hub")
    yield shop
    shop.hub.close()


def put_xorb(shop: Workshop, xorb: ClientXorb = XORB) -> None:
    body = shop.hub.cas.new_body()
    body.write(xorb.body)
    shop.hub.cas.put_xorb(shop.repo.pk, xorb.hash, body)


def put_shard(shop: Workshop, file: ClientFile = FILE) -> None:
    body = shop.hub.cas.new_body()
    body.write(shard([file]))
    shop.hub.cas.put_shard(shop.repo.pk, body)


def store_of(shop: Workshop) -> ObjectStore:
    return StoreSettings.from_environment(shop.hub.root).open_objects(shop.hub.root)


def kept(shop: Workshop) -> set[str]:
    """The names of all objects in the store."""
    return {key.rpartition("/")[2] for key in store_of(shop).keys("")}


def collect(shop: Workshop, after: timedelta, delete: bool = True) -> Report:
    return shop.hub.garbage.collect(delete=delete, now=utc_now() + after)


def dropped(shop: Workshop, path: str) -> None:
    """Remove a file, and the history that knew it."""
    shop.commit(Remove(path))
    squash(shop.git, "main", "squashed", shop.ada)


def test_what_refs_lead_to_is_kept_for_ever(shop: Workshop) -> None:
    whole = shop.upload(b"first" * 1000)
    put_xorb(shop)
    put_shard(shop)
    shop.commit(AddLargeFile("a.bin", whole), AddLargeFile("b.bin", SHA256))
    shop.commit(Remove("a.bin"), Remove("b.bin"))  # they are in the history still
    report = collect(shop, 1000 * DAY)
    assert [freed.count for freed in report.lines] == [0, 0, 0, 0]
    assert report.skipped == []
    assert kept(shop) == {whole, XORB.hash}
    assert list(check(shop.hub)) == []


@pytest.mark.parametrize("ref", ["refs/tags/v1", "refs/pr/1", "refs/convert/parquet"])
def test_any_ref_keeps_what_it_leads_to(shop: Workshop, ref: str) -> None:
    whole = shop.upload(b"first" * 1000)
    shop.commit(AddLargeFile("a.bin", whole))
    shop.git.create_ref(ref, shop.head)
    dropped(shop, "a.bin")
    collect(shop, 1000 * DAY)
    assert kept(shop) == {whole}
    shop.git.delete_ref(ref)
    collect(shop, 1000 * DAY)
    assert kept(shop) == set()
    assert list(check(shop.hub)) == []


def test_a_dry_run_says_the_same_and_removes_nothing(shop: Workshop) -> None:
    whole = shop.upload(b"first" * 1000)
    put_xorb(shop)
    put_shard(shop)
    shop.commit(AddLargeFile("a.bin", whole), AddLargeFile("b.bin", SHA256))
    shop.commit(Remove("a.bin"))
    dropped(shop, "b.bin")
    objects = set(shop.git.raw.odb)
    dry = collect(shop, 30 * DAY, delete=False)
    assert kept(shop) == {whole, XORB.hash}
    assert set(shop.git.raw.odb) == objects
    assert (dry.whole.count, dry.whole.size) == (1, 5000)
    assert (dry.xorbs.count, dry.xorbs.size) == (1, len(XORB.body))
    assert dry.history.count > 3
    assert collect(shop, 30 * DAY) == dry
    assert kept(shop) == set()
    assert collect(shop, 30 * DAY, delete=False) == Report()
    assert list(check(shop.hub)) == []


def test_packed_history_goes_too(shop: Workshop) -> None:
    whole = shop.upload(b"first" * 1000)
    shop.commit(AddLargeFile("a.bin", whole), *(AddFile(f"{n}.txt", b"%d" % n) for n in range(30)))
    dropped(shop, "a.bin")
    git = ["git", "-c", "safe.directory=*", "-C", str(shop.git.path)]
    subprocess.run([*git, "repack", "-a", "-d", "-k", "-q"], check=True)
    subprocess.run([*git, "commit-graph", "write", "--reachable"], check=True)
    young = collect(shop, timedelta(0))
    assert young.history.count == 0
    assert collect(shop, 30 * DAY).history.count > 0
    assert kept(shop) == set()
    assert len(set(shop.git.raw.odb)) == 33  # a commit, its tree, .gitattributes and the 30
    assert list(check(shop.hub)) == []


def test_uploads_have_a_day_to_become_a_commit(shop: Workshop) -> None:
    whole = shop.upload(b"first" * 1000)
    put_xorb(shop)
    put_shard(shop)
    collect(shop, 0.9 * DAY)
    shop.commit(AddLargeFile("a.bin", whole), AddLargeFile("b.bin", SHA256))
    assert list(check(shop.hub)) == []


def test_what_was_claimed_again_is_young_again(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = shop.upload(b"first" * 1000)
    put_xorb(shop)
    put_shard(shop)
    later = utc_now() + 5 * DAY
    with monkeypatch.context() as future:
        for module in ("objects.large_files", "objects.xet.promises"):
            future.setattr(f"phub_jupyter.hub.{module}.utc_now", lambda: later)
        assert whole in shop.hub.large_files.claim(shop.repo.pk, [whole, "0" * 64])
        put_shard(shop)
    report = shop.hub.garbage.collect(delete=True, now=later + 0.9 * DAY)
    assert report == Report()
    collect(shop, 6.5 * DAY)
    assert shop.hub.large_files.claim(shop.repo.pk, [whole, SHA256]) == {}
    assert kept(shop) == {XORB.hash}  # promised


def test_clients_may_refer_to_a_xorb_for_three_weeks(shop: Workshop) -> None:
    put_xorb(shop)
    put_shard(shop)
    collect(shop, 21.5 * DAY)
    put_shard(shop)  # all that a client sends which remembers
    assert SHA256 in shop.hub.large_files.find(shop.repo.pk, [SHA256])
    assert list(check(shop.hub)) == []
    collect(shop, 22.5 * DAY)
    assert kept(shop) == set()
    with pytest.raises(InvalidRequestError, match="no xorb"):
        put_shard(shop)


@pytest.mark.parametrize("how", ["chunk", "grant", "xorb", "shard"])
def test_every_answer_renews_the_promise(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    put_xorb(shop)
    put_shard(shop)
    later = utc_now() + 20 * DAY
    with monkeypatch.context() as future:
        future.setattr("phub_jupyter.hub.objects.xet.promises.utc_now", lambda: later)
        cas, person = shop.hub.cas, (shop.ada, shop.repo)
        if how == "chunk":
            assert cas.answer_chunk(*person, to_text(chunk_hash(XORB.chunks[0])))
        elif how == "grant":
            assert cas.size_of_xorb(*person, XORB.hash) == len(XORB.body)
        elif how == "xorb":
            put_xorb(shop)
        else:
            put_shard(shop)
    collect(shop, 41 * DAY)
    assert kept(shop) == {XORB.hash}
    put_shard(shop)
    collect(shop, 43 * DAY)
    assert kept(shop) == set()


def test_a_deleted_repository_takes_its_files_along(shop: Workshop) -> None:
    whole = shop.upload(b"first" * 1000)
    put_xorb(shop)
    put_shard(shop)
    shop.commit(AddLargeFile("a.bin", whole), AddLargeFile("b.bin", SHA256))
    shop.hub.repositories.delete(shop.ada, shop.repo)
    collect(shop, timedelta(0))
    assert kept(shop) == {whole, XORB.hash}
    collect(shop, 2 * DAY)
    assert kept(shop) == {XORB.hash}
    collect(shop, 23 * DAY)
    assert kept(shop) == set()


def test_objects_that_a_killed_process_left(shop: Workshop) -> None:
    store = store_of(shop)
    for key in (fan_out("lfs", "a" * 64), fan_out("xorbs", "b" * 64), "attachments/aa/bb/x"):
        file = store.new_file()
        file.write(b"12345")
        file.publish(key)
    assert list(check(shop.hub)) == []
    report = collect(shop, timedelta(0))
    assert (report.strays.count, report.strays.size) == (2, 10)
    assert kept(shop) == {"x"}


def test_a_damaged_repository_keeps_everything(shop: Workshop) -> None:
    whole = shop.upload(b"first" * 1000)
    shop.commit(AddLargeFile("a.bin", whole))
    head = shop.head
    commit = shop.git.path / "objects" / head[:2] / head[2:]
    commit.chmod(0o600)
    commit.write_bytes(b"nonsense")
    report = collect(shop, 1000 * DAY)
    assert len(report.skipped) == 1
    assert "ada/m" in report.skipped[0]
    assert kept(shop) == {whole}


def test_an_upload_that_arrives_during_a_clean_up(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bytes are there, the row is not linked yet: the clean-up leaves them alone."""
    content = b"late" * 1000
    publish_done = threading.Event()
    store = shop.hub.large_files._store
    new_file = store.new_file

    def watched() -> Any:
        file = new_file()
        publish = file.publish

        def published(key: str) -> None:
            publish(key)
            collect(shop, 0.5 * DAY)
            publish_done.set()

        monkeypatch.setattr(file, "publish", published, raising=False)
        return file

    monkeypatch.setattr(store, "new_file", watched)
    sha256 = shop.upload(content)
    assert publish_done.is_set()
    shop.commit(AddLargeFile("late.bin", sha256))
    assert list(check(shop.hub)) == []


def test_uploads_and_clean_ups_at_the_same_time(shop: Workshop) -> None:
    """Nothing that was acknowledged is missing, however they interleave."""
    stop = threading.Event()
    failures: list[BaseException] = []
    moment: list[datetime] = []

    def clean() -> None:
        try:
            while not stop.is_set():
                moment.append(utc_now())
                shop.hub.garbage.collect(delete=True)
        except BaseException as error:
            failures.append(error)

    cleaner = threading.Thread(target=clean)
    cleaner.start()
    try:
        for number in range(8):
            xorb = ClientXorb((os.urandom(9000),))
            file = ClientFile((ClientSegment(xorb, 0, 1),))
            put_xorb(shop, xorb)
            put_shard(shop, file)
            whole = shop.upload(os.urandom(1000))
            shop.commit(
                AddLargeFile(f"{number}.xet", hashlib.sha256(file.content).hexdigest()),
                AddLargeFile(f"{number}.lfs", whole),
            )
            if number % 3 == 2:
                squash(shop.git, "main", "squashed", shop.ada)
    finally:
        stop.set()
        cleaner.join()
    assert failures == []
    assert len(moment) > 1
    assert list(check(shop.hub)) == []


def test_a_clean_up_that_is_killed_goes_on_next_time(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows are gone, one object is, the others are not."""
    names = {shop.upload(b"%d" % number * 1000) for number in range(4)}
    store = shop.hub.garbage._store
    delete = store.delete
    deleted: list[str] = []

    def once(key: str) -> None:
        if deleted:
            raise KeyboardInterrupt
        deleted.append(key)
        delete(key)

    with monkeypatch.context() as killed:
        killed.setattr(store, "delete", once)
        with pytest.raises(KeyboardInterrupt):
            collect(shop, 2 * DAY)
    assert len(kept(shop)) == 3
    assert list(check(shop.hub)) == []
    assert shop.upload(b"0" * 1000) in names  # and it may come back meanwhile
    report = collect(shop, 2 * DAY)
    assert report.whole.count + report.strays.count >= 3
    assert kept(shop) == set()


def test_files_of_buckets_are_needed(shop: Workshop) -> None:
    bucket = shop.hub.buckets.create(shop.ada, RepoId("ada", "b"), private=True)
    shop.repo = bucket
    put_xorb(shop)
    put_shard(shop)
    change = {"type": "addFile", "path": "a.bin", "xetHash": FILE.hash, "mtime": 1000}
    changes = read_changes(json.dumps(change).encode())
    result = shop.hub.bucket_batches.apply(shop.ada, bucket, changes)
    assert result.failed == []
    assert collect(shop, 1000 * DAY) == Report()
    assert kept(shop) == {XORB.hash}
    assert list(check(shop.hub)) == []
    with shop.hub.database.write() as session:
        session.execute(delete(RepoObject))
    assert list(check(shop.hub)) == ["The bucket ada/b has lost the content of a.bin."]


def test_the_database_itself_lets_no_needed_xorb_go(shop: Workshop) -> None:
    put_xorb(shop)
    put_shard(shop)
    with pytest.raises(IntegrityError), shop.hub.database.write() as session:
        session.execute(delete(Xorb))
