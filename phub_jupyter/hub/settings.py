"""What an administrator chooses for a hub: where its database and its large files are."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.objects.store import ObjectStore
from phub_jupyter.hub.objects.stores.folder import FolderStore

__all__ = ["StoreSettings"]


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """Both stores by their addresses; an empty one stands for files in the data folder."""

    database_url: str = ""
    object_store: str = ""

    @classmethod
    def from_environment(cls, root: Path) -> StoreSettings:
        """What the variables say about the hub in ``root``."""
        return cls(os.environ.get("PHUB_DATABASE_URL", ""), os.environ.get("PHUB_OBJECT_STORE", ""))

    def over(self, others: StoreSettings) -> StoreSettings:
        """These, and where nothing is said the others."""
        return StoreSettings(
            self.database_url or others.database_url, self.object_store or others.object_store
        )

    def open_database(self, root: Path) -> Database:
        """The database of the hub in ``root``. Raises InvalidRequestError for another address."""
        return Database(self.database_url or f"sqlite:///{root / 'hub.sqlite'}")

    def open_objects(self, root: Path) -> ObjectStore:
        """The object store of the hub in ``root``. Raises InvalidRequestError."""
        uploads = root / "uploads"
        if not self.object_store:
            return FolderStore(root / "objects", uploads)
        if not self.object_store.startswith("s3://"):
            raise InvalidRequestError(
                f"object store: '{self.object_store}' does not begin with s3://; leave it out to "
                "keep large files in the data folder."
            )
        # The client library takes a moment to load, which hubs with a folder can do without.
        from phub_jupyter.hub.objects.stores.s3 import S3Store
        from phub_jupyter.hub.objects.stores.s3_address import S3Address

        return S3Store(S3Address.parse(self.object_store), uploads)
