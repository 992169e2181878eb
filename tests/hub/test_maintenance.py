"""Repacking in the background: quicker afterwards, and nothing is lost meanwhile."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from pygit2.enums import FileMode

from phub_jupyter.hub.check import check
from phub_jupyter.hub.repos import maintenance
from phub_jupyter.hub.repos.git_repository import MAIN, GitRepository, signature
from phub_jupyter.hub.repos.maintenance import needs_work, tidy
from phub_jupyter.hub.repos.operations import AddFile

from .repo_fixtures import Workshop


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """A hub that repacks early."""
    monkeypatch.setattr(maintenance, "_MOST_LOOSE", 256)
    monkeypatch.setattr(maintenance, "_PAUSE", -1.0)
    return Workshop.open(tmp_path / "hub")


def test_commits_survive_being_repacked_all_the_time(workshop: Workshop) -> None:
    path = workshop.hub.repositories.path(workshop.repo)
    lost = workshop.git.raw.create_blob(b"a commit that is being made may refer to this")
    failures: list[Exception] = []

    def commit(name: str) -> None:
        try:
            for number in range(30):
                content = {f"{name}/{number}/{item}": f"{name} {item}" for item in range(10)}
                workshop.commit(*(AddFile(file, text.encode()) for file, text in content.items()))
                workshop.git.raw.create_blob(f"{name} {number}".encode())
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=commit, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        workshop.hub.maintenance._enqueue(path)
        workshop.hub.maintenance.wait()
    workshop.hub.maintenance._enqueue(path)
    workshop.hub.maintenance.wait()
    assert failures == []
    assert len(workshop.git.log(workshop.head, limit=1000)) == 61
    files = [e for e in workshop.git.tree(workshop.head, recursive=True) if e.kind == "file"]
    assert len(files) == 601
    assert workshop.git.raw[lost].data.startswith(b"a commit")
    assert list(check(workshop.hub)) == []
    packs = list((path / "objects/pack").glob("*.pack"))
    assert len(packs) == len(list((path / "objects/pack").glob("*.bitmap"))) == 1
    assert (path / "objects/info/commit-graph").exists()


def test_a_slow_repository_is_noticed(workshop: Workshop) -> None:
    path = workshop.hub.repositories.path(workshop.repo)
    assert not needs_work(path)
    raw, person = workshop.git.raw, signature("ada")
    builder = raw.TreeBuilder()
    while not list((path / "objects").glob("17/?*")):
        number = len(builder)
        builder.insert(str(number), raw.create_blob(b"%d" % number), FileMode.BLOB)
    raw.create_commit("refs/heads/other", person, person, "loose", builder.write(), [])
    assert needs_work(path)
    workshop.commit(AddFile("a", b"a"))
    workshop.hub.maintenance.wait()
    assert not needs_work(path)


def test_only_old_leftovers_are_removed(workshop: Workshop) -> None:
    path = workshop.hub.repositories.path(workshop.repo)
    old, new = path / "objects/tmp_objdir-incoming-a", path / "objects/tmp_objdir-incoming-b"
    for folder in (old, new):
        (folder / "pack").mkdir(parents=True)
    (path / "objects/pack/tmp_pack_x").touch()
    for item in (old, path / "objects/pack/tmp_pack_x"):
        os.utime(item, (1, 1))
    tidy(path)
    assert not old.exists()
    assert new.exists()
    assert not (path / "objects/pack/tmp_pack_x").exists()


def test_a_stopped_hub_starts_no_more(workshop: Workshop) -> None:
    workshop.hub.maintenance.stop()
    workshop.hub.maintenance._enqueue(workshop.hub.repositories.path(workshop.repo))
    workshop.hub.maintenance.wait()
    assert GitRepository(workshop.git.path).find(MAIN) == workshop.head
