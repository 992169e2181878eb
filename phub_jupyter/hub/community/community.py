"""The community's services, wired together; parts of the hub that make commits call them here."""

from __future__ import annotations

from phub_jupyter.hub.community.attachments import Attachments
from phub_jupyter.hub.community.discussions import Discussions
from phub_jupyter.hub.community.inbox import Inbox
from phub_jupyter.hub.community.merges import Merges
from phub_jupyter.hub.community.pull_requests import PullRequests
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.events import Events
from phub_jupyter.hub.objects.store import ObjectStore
from phub_jupyter.hub.repos.references import References
from phub_jupyter.hub.repos.repositories import Repositories

__all__ = ["Community"]


class Community:
    """Discussions and pull requests of all repositories."""

    def __init__(
        self,
        database: Database,
        repositories: Repositories,
        references: References,
        events: Events,
        store: ObjectStore,
    ) -> None:
        self.discussions = Discussions(database, events)
        self.pull_requests = PullRequests(database, repositories, events)
        self.merges = Merges(database, repositories, references, events)
        self.inbox = Inbox(database)
        self.attachments = Attachments(database, store)

    def recover(self) -> None:
        """Complete what a crash left half way; a hub calls this before it serves."""
        self.merges.recover()
        self.pull_requests.catch_up()
