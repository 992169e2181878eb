"""A database with two repositories and a store, for the tests of large files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import Namespace, Repo
from phub_jupyter.hub.objects.large_files import LargeFile, LargeFiles
from phub_jupyter.hub.objects.store import ObjectStore
from phub_jupyter.hub.objects.xet.cas import Cas
from phub_jupyter.hub.settings import StoreSettings


@dataclass
class Objects:
    """The services over one folder, and the pks of two repositories."""

    root: Path
    database: Database
    store: ObjectStore
    large_files: LargeFiles
    cas: Cas
    here: int
    there: int

    def upload(self, repo_pk: int, data: bytes, sha256: str, size: int | None = None) -> LargeFile:
        """Send a whole file in two pieces."""
        upload = self.large_files.new_upload()
        upload.write(data[: len(data) // 2])
        upload.write(data[len(data) // 2 :])
        return self.large_files.finish(upload, repo_pk, sha256, len(data) if size is None else size)

    def put_xorb(self, name: str, body: bytes) -> bool:
        """Send a xorb."""
        file = self.cas.new_body()
        file.write(body)
        return self.cas.put_xorb(self.here, name, file)

    def put_shard(self, repo_pk: int, body: bytes) -> bool:
        """Send a shard."""
        file = self.cas.new_body()
        file.write(body)
        return self.cas.put_shard(repo_pk, file)

    def kept(self) -> list[str]:
        """The names of all objects of the store, and of all partial files."""
        partial = [path.name for path in (self.root / "uploads").iterdir()]
        return sorted([*(key.rpartition("/")[2] for key in self.store.keys("")), *partial])

    def bytes_of(self, key: str) -> bytes:
        """A whole object."""
        return b"".join(self.store.read(key))

    def damage(self, key: str, data: bytes) -> None:
        """Put other bytes where an object is."""
        file = self.store.new_file()
        file.write(data)
        file.publish(key)


def open_objects(root: Path) -> Iterator[Objects]:
    """Open the services in an empty folder."""
    database = StoreSettings.from_environment(root).open_database(root)
    database.migrate()
    with database.write() as session:
        ada = Namespace(uid="u1", key="ada", name="ada", kind="user")
        session.add(ada)
        session.flush()
        repos = [
            Repo(
                uid=f"r{name}",
                key=f"model/ada/{name}",
                type="model",
                namespace_pk=ada.pk,
                namespace="ada",
                name=name,
                created_by=ada.pk,
            )
            for name in ("here", "there")
        ]
        session.add_all(repos)
        session.flush()
        here, there = repos[0].pk, repos[1].pk
    store = StoreSettings.from_environment(root).open_objects(root)
    large_files = LargeFiles(database, store)
    cas = Cas(database, store, large_files)
    yield Objects(root, database, store, large_files, cas, here, there)
    database.close()
