"""Random uploads, commits, deletions, clean-ups and weeks that pass: nothing needed is missing."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import select

from phub_jupyter.hub.check import check
from phub_jupyter.hub.database.tables import LfsObject, Repo, RepoObject, Xorb, XorbPromise
from phub_jupyter.hub.hub import Hub
from phub_jupyter.hub.objects.xet.hashing import chunk_hash, from_text, to_text
from phub_jupyter.hub.repos.garbage import large_files_of
from phub_jupyter.hub.repos.operations import AddLargeFile, CommitHeader, Operation, Remove
from phub_jupyter.hub.repos.squash import squash
from phub_jupyter.identifiers import RepoId, RepoType

from .fuzzing import tries
from .xet_bodies import ClientFile, ClientSegment, ClientXorb, shard

_RANDOM = random.Random(31)
XORBS = tuple(ClientXorb(tuple(_RANDOM.randbytes(900) for _ in range(3))) for _ in range(2))
WHOLE = tuple(_RANDOM.randbytes(500) for _ in range(2))
REMEMBERED = timedelta(days=21)
PATHS = ("a.bin", "b.bin", "c/d.bin")

xorbs = st.sampled_from(XORBS)
places = st.sampled_from(PATHS)
repos = st.sampled_from([0, 0, 0, 1])


class Weeks(RuleBasedStateMachine):
    """Two repositories, a client with a memory, and a clean-up now and then."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="phub-weeks-"))
        self.hub = Hub.open(self.root / "hub")
        self.hub.accounts.add_user("ada")
        self.ada = self.hub.accounts.actor_for_user("ada")
        self.repos = [self.made("r0"), self.made("r1")]
        self.remembered: dict[str, timedelta] = {}  # by xorb: until when, counted from the start
        self.age = timedelta(0)
        # By repository: files that were uploaded, and when.
        self.uploaded: list[dict[str, timedelta]] = [{}, {}]
        self.content: dict[str, bytes] = {}

    def made(self, name: str) -> Repo:
        return self.hub.repositories.create(
            self.ada, RepoType.MODEL, RepoId("ada", name), private=True
        )

    def commit(self, at: int, *operations: Operation) -> None:
        header = CommitHeader("x")
        self.hub.commits.commit(self.repos[at], "main", header, operations, self.ada)

    def remembers(self, xorb: ClientXorb) -> bool:
        return self.remembered.get(xorb.hash, self.age) > self.age

    def note(self, at: int, content: bytes) -> str:
        sha256 = hashlib.sha256(content).hexdigest()
        self.content[sha256] = content
        self.uploaded[at][sha256] = self.age
        return sha256

    @rule(at=repos, first=xorbs, second=xorbs, start=st.integers(0, 2))
    def upload_by_xet(self, at: int, first: ClientXorb, second: ClientXorb, start: int) -> None:
        """The client sends the xorbs that it does not remember, and then a shard."""
        for xorb in (first, second):
            if not self.remembers(xorb):
                body = self.hub.cas.new_body()
                body.write(xorb.body)
                self.hub.cas.put_xorb(self.repos[at].pk, xorb.hash, body)
        file = ClientFile((ClientSegment(first, start, 3), ClientSegment(second, 0, start + 1)))
        body = self.hub.cas.new_body()
        body.write(shard([file]))
        self.hub.cas.put_shard(self.repos[at].pk, body)
        for xorb in (first, second):
            self.remembered[xorb.hash] = self.age + REMEMBERED
        self.note(at, file.content)

    @rule(at=repos, content=st.sampled_from(WHOLE))
    def upload_whole(self, at: int, content: bytes) -> None:
        """Only if the hub does not say that it has the file."""
        sha256 = hashlib.sha256(content).hexdigest()
        if not self.hub.large_files.claim(self.repos[at].pk, [sha256]):
            upload = self.hub.large_files.new_upload()
            upload.write(content)
            self.hub.large_files.finish(upload, self.repos[at].pk, sha256, len(content))
        self.note(at, content)

    @rule(at=repos, xorb=xorbs)
    def ask_for_a_chunk(self, at: int, xorb: ClientXorb) -> None:
        """What the hub tells, the client remembers."""
        chunk = to_text(chunk_hash(xorb.chunks[0]))
        answer = self.hub.cas.answer_chunk(self.ada, self.repos[at], chunk)
        for told in XORBS:
            if answer is not None and from_text(told.hash) in answer:
                self.remembered[told.hash] = self.age + REMEMBERED

    @rule(at=repos, path=places, choice=st.randoms(use_true_random=False))
    def commit_what_was_uploaded(self, at: int, path: str, choice: random.Random) -> None:
        """Within a day after the upload."""
        fresh = [
            sha256
            for sha256, when in self.uploaded[at].items()
            if self.age - when < timedelta(hours=23)
        ]
        if fresh:
            self.commit(at, AddLargeFile(path, choice.choice(sorted(fresh))))

    @rule(at=repos, path=places)
    def remove(self, at: int, path: str) -> None:
        git = self.hub.repositories.open(self.repos[at])
        if any(entry.path == path for entry in git.tree(git.resolve("main"), recursive=True)):
            self.commit(at, Remove(path))

    @rule(at=repos)
    def forget_history(self, at: int) -> None:
        squash(self.hub.repositories.open(self.repos[at]), "main", "squashed", self.ada)

    @rule(at=repos, number=st.integers(1, 2))
    def open_or_drop_a_pull_request(self, at: int, number: int) -> None:
        git = self.hub.repositories.open(self.repos[at])
        ref = f"refs/pr/{number}"
        if git.find(ref) is None:
            git.create_ref(ref, git.resolve("main"))
        else:
            git.delete_ref(ref)

    @rule(at=repos)
    def replace_a_repository(self, at: int) -> None:
        self.hub.repositories.delete(self.ada, self.repos[at])
        self.uploaded[at] = {}
        self.repos[at] = self.made(f"r{at}")

    @rule(hours=st.sampled_from([1, 20, 30, 24 * 10, 24 * 22]), clean=st.booleans())
    def let_time_pass(self, hours: int, clean: bool) -> None:
        self.grow_older(hours)
        if clean:
            self.clean_up()

    @rule(at=repos, days=st.sampled_from([1, 10, 20]), first=xorbs, second=xorbs)
    def come_back_later(self, at: int, days: int, first: ClientXorb, second: ClientXorb) -> None:
        """What the client remembers after that time, the hub has kept."""
        self.grow_older(24 * days)
        self.clean_up()
        self.upload_by_xet(at, first, second, 1)

    @rule(at=repos, content=st.sampled_from(WHOLE), path=places)
    def take_two_attempts(self, at: int, content: bytes, path: str) -> None:
        """The second one is told that nothing need be sent."""
        self.upload_whole(at, content)
        self.grow_older(20)
        self.upload_whole(at, content)
        self.grow_older(20)
        self.clean_up()
        self.commit(at, AddLargeFile(path, hashlib.sha256(content).hexdigest()))

    def grow_older(self, hours: int) -> None:
        delta = timedelta(hours=hours)
        self.age += delta
        with self.hub.database.write() as session:
            for link in session.scalars(select(RepoObject)):
                link.created_at -= delta
                link.claimed_at = link.claimed_at and link.claimed_at - delta
            for whole in session.scalars(select(LfsObject)):
                whole.created_at -= delta
            for xorb in session.scalars(select(Xorb)):
                xorb.created_at -= delta
            for promise in session.scalars(select(XorbPromise)):
                promise.until -= delta
        for path in (self.root / "hub/repos").rglob("objects/**/*"):
            if path.is_file():
                moment = path.stat().st_mtime - delta.total_seconds()
                path.chmod(0o644)
                os.utime(path, (moment, moment))

    def clean_up(self) -> None:
        dry = self.hub.garbage.collect(delete=False)
        done = self.hub.garbage.collect(delete=True)
        assert (done.whole, done.xorbs, done.links) == (dry.whole, dry.xorbs, dry.links)
        assert done.skipped == []
        left = self.hub.garbage.collect(delete=False)
        assert [freed.count for freed in left.lines] == [0, 0, 0, 0]

    @precondition(lambda self: self.content)
    @invariant()
    def everything_reads_back(self) -> None:
        for repo in self.repos:
            needed = large_files_of(self.hub.repositories.open(repo))
            found = self.hub.large_files.find(repo.pk, needed)
            for sha256 in needed:
                assert b"".join(self.hub.large_files.read(found[sha256])) == self.content[sha256]

    def teardown(self) -> None:
        problems = list(check(self.hub))
        self.hub.close()
        shutil.rmtree(self.root)
        assert problems == []


TestWeeks = Weeks.TestCase
TestWeeks.settings = tries(6, steps=20)
