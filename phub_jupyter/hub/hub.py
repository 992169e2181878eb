"""Opens the stores of one hub and wires its services; the only place that does."""

from __future__ import annotations

import os
import secrets
from contextlib import ExitStack
from errno import EACCES
from pathlib import Path

from phub_jupyter.errors import StorageError
from phub_jupyter.hub.accounts import Accounts
from phub_jupyter.hub.apps.issuers import Issuers
from phub_jupyter.hub.apps.logins import AppLogins
from phub_jupyter.hub.apps.publishers import TrustedPublishers
from phub_jupyter.hub.apps.registry import Apps
from phub_jupyter.hub.apps.signing_keys import SigningKeys
from phub_jupyter.hub.buckets.batches import BucketBatches
from phub_jupyter.hub.buckets.buckets import Buckets
from phub_jupyter.hub.buckets.listing import BucketListing
from phub_jupyter.hub.catalog.downloads import Downloads
from phub_jupyter.hub.catalog.full_text import FullText, SqliteFullText
from phub_jupyter.hub.catalog.index import CatalogIndex
from phub_jupyter.hub.catalog.search import CatalogSearch
from phub_jupyter.hub.catalog.suggest import Suggestions
from phub_jupyter.hub.collections.collections import Collections
from phub_jupyter.hub.community.community import Community
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.evaluations.jobs import EvaluationJobs
from phub_jupyter.hub.evaluations.publication import Publication
from phub_jupyter.hub.evaluations.results import EvalResults
from phub_jupyter.hub.evaluations.runner import EvaluationRunner
from phub_jupyter.hub.evaluations.signatures import Signatures
from phub_jupyter.hub.events import Events
from phub_jupyter.hub.gates import Gates
from phub_jupyter.hub.gc import GarbageCollector
from phub_jupyter.hub.likes import Likes
from phub_jupyter.hub.objects.large_files import LargeFiles
from phub_jupyter.hub.objects.multipart import MultipartUploads
from phub_jupyter.hub.objects.passes import Passes
from phub_jupyter.hub.objects.tickets import Tickets
from phub_jupyter.hub.objects.xet.cas import Cas
from phub_jupyter.hub.people.device_login import DeviceLogins
from phub_jupyter.hub.people.organizations import Organizations
from phub_jupyter.hub.people.profiles import Profiles
from phub_jupyter.hub.people.tokens import Tokens
from phub_jupyter.hub.repos.commits import Commits
from phub_jupyter.hub.repos.duplicates import Duplicates
from phub_jupyter.hub.repos.file_locks import FileLocks
from phub_jupyter.hub.repos.lfs_listing import LfsListing
from phub_jupyter.hub.repos.lfs_removal import LfsRemoval
from phub_jupyter.hub.repos.maintenance import Maintenance
from phub_jupyter.hub.repos.moves import Moves
from phub_jupyter.hub.repos.pushers import Pushers
from phub_jupyter.hub.repos.pushes import Pushes
from phub_jupyter.hub.repos.references import References
from phub_jupyter.hub.repos.relations import Relations
from phub_jupyter.hub.repos.repositories import Repositories
from phub_jupyter.hub.repos.snapshots import Snapshots
from phub_jupyter.hub.repos.storage import Storage
from phub_jupyter.hub.repos.weights import Weights
from phub_jupyter.hub.serving.limits import ServingLimits
from phub_jupyter.hub.serving.serve_gateway import ServeGateway
from phub_jupyter.hub.serving.serving import Serving
from phub_jupyter.hub.serving.usage import Usage
from phub_jupyter.hub.serving.usage_report import UsageReports
from phub_jupyter.hub.serving.widgets import Widgets
from phub_jupyter.hub.settings import StoreSettings
from phub_jupyter.hub.spaces.hardware import Hardware
from phub_jupyter.hub.spaces.spaces import Spaces
from phub_jupyter.hub.webhooks.deliverer import Deliverer
from phub_jupyter.hub.webhooks.queue import Queue
from phub_jupyter.hub.webhooks.secrets import Sealer
from phub_jupyter.hub.webhooks.webhooks import Webhooks
from phub_jupyter.serve_settings import ServeSettings

__all__ = ["Hub"]


class Hub:
    """All services of one hub over one data folder. Open it with `Hub.open`, end with `close`."""

    def __init__(self, root: Path, stores: StoreSettings) -> None:
        self.root = root
        self.database = stores.open_database(root)
        self.database.migrate()
        secret = _secret(root / "secret")
        self.tickets = Tickets(secret)
        store = stores.open_objects(root)
        self.events = Events()
        self.accounts = Accounts(self.database)
        self.passes = Passes(self.tickets, self.database, self.accounts)
        self.large_files = LargeFiles(self.database, store)
        self.cas = Cas(self.database, store, self.large_files)
        full_text = _full_text(self.database)
        self.signatures = Signatures(self.tickets)
        self.index = CatalogIndex(
            self.database, self.large_files, root / "repos", full_text, self.signatures
        )
        self.eval_results = EvalResults(self.database)
        self.search = CatalogSearch(self.database, full_text)
        self.suggestions = Suggestions(self.database, full_text)
        self.likes = Likes(self.database)
        self.downloads = Downloads(self.database)
        self.gates = Gates(self.database)
        self.collections = Collections(self.database)
        sealer = Sealer(secret)
        self.webhooks = Webhooks(self.database, sealer)
        self.webhook_queue = Queue(self.database, self.accounts)
        self.deliverer = Deliverer(self.webhook_queue, sealer)
        self.events.listen(self.deliverer.hear)
        self.repositories = Repositories(self.database, root / "repos", self.index, self.events)
        self.garbage = GarbageCollector(self.database, store, self.repositories)
        self.profiles = Profiles(self.database)
        self.organizations = Organizations(self.database)
        self.tokens = Tokens(self.database, self.accounts, self.repositories)
        self.device_logins = DeviceLogins(self.database, self.accounts)
        self.apps = Apps(self.database, self.accounts)
        self.app_logins = AppLogins(self.database, self.accounts)
        self.signing_keys = SigningKeys(root / "signing-keys.json")
        self.publishers = TrustedPublishers(
            self.database, self.accounts, Issuers.from_environment()
        )
        self.moves = Moves(self.database, self.index, self.events)
        self.duplicates = Duplicates(self.database, self.repositories)
        self.storage = Storage(self.database)
        self.relations = Relations(self.database)
        self.weights = Weights(self.repositories, self.large_files)
        self.buckets = Buckets(self.database, self.events)
        self.bucket_files = BucketListing(self.database, self.large_files)
        self.bucket_batches = BucketBatches(
            self.database, self.repositories, self.large_files, self.events
        )
        self.references = References(self.repositories, self.index, self.events)
        self.commits = Commits(self.repositories, self.large_files, self.references)
        self.community = Community(
            self.database, self.repositories, self.references, self.events, store
        )
        self.multipart = MultipartUploads(root / "parts", self.large_files)
        self.file_locks = FileLocks(self.database)
        self.lfs_listing = LfsListing(self.database, self.repositories)
        self.lfs_removal = LfsRemoval(
            self.database, self.repositories, self.references, self.large_files
        )
        self.pushers = Pushers(self.database)
        self.pushes = Pushes(
            self.repositories,
            self.large_files,
            self.references,
            self.community,
            self.pushers,
            root / "hooks",
        )
        self.maintenance = Maintenance(self.repositories)
        self.events.listen(self.maintenance.hear)
        self.snapshots = Snapshots(self.repositories, self.large_files, root / "cache/snapshots")
        self.evaluation_jobs = EvaluationJobs(self.database, self.repositories, self.passes)
        self.evaluation_runner = EvaluationRunner(
            self.evaluation_jobs,
            self.snapshots,
            Publication(
                self.repositories, self.commits, self.community.pull_requests, self.signatures
            ),
            root / "evaluations",
        )
        limits = ServingLimits.from_environment()
        self.serving = Serving(
            self.snapshots, root / "cache", limits=limits, gateway=self._serve_gateway(root)
        )
        self.widgets = Widgets(self.repositories)
        self.usage = Usage(self.database)
        self.usage_reports = UsageReports(self.database, self.usage)
        self.spaces = Spaces(
            self.repositories,
            self.accounts,
            self.snapshots,
            root / "spaces",
            self.apps,
            hardware=Hardware.from_environment(),
        )
        self.events.listen(self.spaces.hear)

    @classmethod
    def open(cls, root: Path, stores: StoreSettings | None = None) -> Hub:
        """Open the hub in ``root``, creating it if it is new; without ``stores`` as configured.

        Raises StorageError when the folder was written by a newer release or cannot be written.
        """
        root = root.absolute()  # git and the Spaces run in folders of their own
        _make_folders(root)
        hub = cls(root, stores or StoreSettings.from_environment(root))
        hub.repositories.remove_leftovers()
        hub.spaces.remove_leftovers()
        hub.community.recover()
        hub.evaluation_jobs.recover()
        hub.index.catch_up()
        return hub

    def _serve_gateway(self, root: Path) -> ServeGateway | None:
        settings = ServeSettings.from_environment()
        if settings is None:
            return None
        return ServeGateway(root / "cache" / "serve", settings, self.passes)

    async def stop(self) -> None:
        """End worker, evaluation and Space processes, then give the database back."""
        await self.spaces.stop_all()
        await self.evaluation_runner.stop()
        await self.serving.stop()
        self.close()

    def close(self) -> None:
        """Give the database connections back, and leave the repositories alone."""
        with ExitStack() as last:  # what fails must not keep the others open
            for end in (self.database.close, self.usage.close, self.downloads.write):
                last.callback(end)
            last.callback(self.deliverer.stop)
            self.maintenance.stop()


def _make_folders(root: Path) -> None:
    try:
        for folder in ("repos", "objects", "uploads", "cache", "spaces"):
            (root / folder).mkdir(parents=True, exist_ok=True, mode=0o700)
        if not os.access(root / "uploads", os.W_OK):  # says no for read-only disks as well
            raise PermissionError(EACCES, "it is read-only for this user or as a whole")
    except OSError as error:
        raise StorageError(
            f"data: the hub cannot write to {root} ({error.strerror}); make it writable, or name "
            "another folder, and start again."
        ) from error


def _full_text(database: Database) -> FullText:
    if database.kind == "sqlite":
        return SqliteFullText()
    from phub_jupyter.hub.catalog.postgres_full_text import PostgresFullText

    return PostgresFullText()


def _secret(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        partial = path.with_name(f"secret.{os.getpid()}")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(32))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(partial, path)  # fails if another process was first: then its secret counts
        except FileExistsError:
            pass
        finally:
            partial.unlink()
        return path.read_bytes()
