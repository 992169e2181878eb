"""Every table of the hub's database, one module a noun.

Git references are the truth for content; these tables are the truth for everything else, and an
index over the content that can be rebuilt from the repositories at any time.
"""

from phub_jupyter.hub.database.tables.accounts import (
    GroupMember,
    Member,
    Namespace,
    ResourceGroup,
    Token,
)
from phub_jupyter.hub.database.tables.apps import (
    App,
    AppLogin,
    AppRefresh,
    SubjectUse,
    TrustedPublisher,
)
from phub_jupyter.hub.database.tables.base import Base, Setting, UtcDateTime, utc_now
from phub_jupyter.hub.database.tables.buckets import BucketFile
from phub_jupyter.hub.database.tables.catalog import CardLink, DailyDownloads, Term
from phub_jupyter.hub.database.tables.collections import (
    Collection,
    CollectionItem,
    CollectionUpvote,
)
from phub_jupyter.hub.database.tables.community import (
    Attachment,
    CommentVersion,
    Discussion,
    DiscussionEvent,
    Notification,
    Watch,
)
from phub_jupyter.hub.database.tables.evaluations import EvalResultRow, EvaluationJob
from phub_jupyter.hub.database.tables.lfs import ErasedObject, FileLock, PushedCommit
from phub_jupyter.hub.database.tables.objects import (
    FileXorb,
    IndexedChunk,
    LfsObject,
    RepoObject,
    RepoXorb,
    XetFile,
    Xorb,
    XorbPromise,
)
from phub_jupyter.hub.database.tables.people import DeviceLogin, Follow, Login
from phub_jupyter.hub.database.tables.repositories import (
    AccessRequest,
    FormerName,
    Like,
    RemovedRepo,
    Repo,
    RepoTag,
)
from phub_jupyter.hub.database.tables.usage import ModelUsage
from phub_jupyter.hub.database.tables.webhooks import Webhook, WebhookDelivery, WebhookWatch

__all__ = [
    "AccessRequest",
    "App",
    "AppLogin",
    "AppRefresh",
    "Attachment",
    "Base",
    "BucketFile",
    "CardLink",
    "Collection",
    "CollectionItem",
    "CollectionUpvote",
    "CommentVersion",
    "DailyDownloads",
    "DeviceLogin",
    "Discussion",
    "DiscussionEvent",
    "ErasedObject",
    "EvalResultRow",
    "EvaluationJob",
    "FileLock",
    "FileXorb",
    "Follow",
    "FormerName",
    "GroupMember",
    "IndexedChunk",
    "LfsObject",
    "Like",
    "Login",
    "Member",
    "ModelUsage",
    "Namespace",
    "Notification",
    "PushedCommit",
    "RemovedRepo",
    "Repo",
    "RepoObject",
    "RepoTag",
    "RepoXorb",
    "ResourceGroup",
    "Setting",
    "SubjectUse",
    "Term",
    "Token",
    "TrustedPublisher",
    "UtcDateTime",
    "Watch",
    "Webhook",
    "WebhookDelivery",
    "WebhookWatch",
    "XetFile",
    "Xorb",
    "XorbPromise",
    "utc_now",
]
