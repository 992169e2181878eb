"""Every refusal of the hub, as one exception tree.

::

    HubError                        code                    HTTP
    ├── InvalidRequestError         InvalidRequest          400
    │   └── UnprocessableError      Unprocessable           422
    ├── AuthenticationError         Unauthorized            401
    ├── ForbiddenError              Forbidden               403
    ├── GatedRepoError              GatedRepo               403 (401 to an anonymous caller)
    ├── MovedError                  Moved                   307 to the new name
    ├── NotFoundError               NotFound                404
    │   ├── RepoNotFoundError       RepoNotFound            404 (401 to an anonymous caller)
    │   ├── RevisionNotFoundError   RevisionNotFound        404
    │   └── EntryNotFoundError      EntryNotFound           404
    ├── ConflictError               Conflict                409
    ├── StaleParentError            StaleParent             412
    ├── RangeNotSatisfiableError    RangeNotSatisfiable     416
    ├── OverloadedError             Overloaded              503 with Retry-After
    │   └── TooManyCallsError       TooManyRequests         429 with Retry-After
    ├── TimedOutError               TimedOut                504
    ├── NotSupportedError           NotSupported            501
    └── StorageError                StorageFailed           500

The codes travel in ``X-Error-Code``; the client libraries choose their exception by them.
"""

from __future__ import annotations

from typing import Any, ClassVar

__all__ = [
    "AuthenticationError",
    "ConflictError",
    "EntryNotFoundError",
    "ForbiddenError",
    "GatedRepoError",
    "HubError",
    "InvalidRequestError",
    "MovedError",
    "NotFoundError",
    "NotSupportedError",
    "OverloadedError",
    "RangeNotSatisfiableError",
    "RepoNotFoundError",
    "RevisionNotFoundError",
    "StaleParentError",
    "StorageError",
    "TimedOutError",
    "TooManyCallsError",
    "UnprocessableError",
]


class HubError(Exception):
    """A refusal with a sentence for a person and a code for a program.

    ``extra`` holds keys that the answer's JSON body carries beside ``error`` (for example the
    ``url`` of a repository that exists already).
    """

    code: ClassVar[str] = "HubError"
    status: ClassVar[int] = 500

    def __init__(self, message: str, **extra: Any) -> None:
        super().__init__(message)
        self.message = message
        self.extra = extra


class InvalidRequestError(HubError):
    """The request is malformed; the message names the field and the remedy."""

    code = "InvalidRequest"
    status = 400


class UnprocessableError(InvalidRequestError):
    """The request is well formed but its content cannot be accepted (for example a path)."""

    code = "Unprocessable"
    status = 422


class AuthenticationError(HubError):
    """No credentials where some are needed, or credentials that are not valid."""

    code = "Unauthorized"
    status = 401


class ForbiddenError(HubError):
    """The caller is known and may see the thing, but may not do this to it."""

    code = "Forbidden"
    status = 403


class GatedRepoError(HubError):
    """The repository may be seen, but its files are only for people who were let in."""

    code = "GatedRepo"
    status = 403


class MovedError(HubError):
    """The repository that was called ``former`` is called ``name`` by now."""

    code = "Moved"
    status = 307

    def __init__(self, name: str, former: str) -> None:
        super().__init__(f"This repository is called {name} by now.")
        self.name = name
        self.former = former


class NotFoundError(HubError):
    """Something that is not a repository, revision or entry is missing."""

    code = "NotFound"
    status = 404


class RepoNotFoundError(NotFoundError):
    """The repository is missing, or private to somebody else: the two look the same."""

    code = "RepoNotFound"


class RevisionNotFoundError(NotFoundError):
    """The branch, tag or commit does not exist in the repository."""

    code = "RevisionNotFound"


class EntryNotFoundError(NotFoundError):
    """The file or folder does not exist at that revision."""

    code = "EntryNotFound"


class ConflictError(HubError):
    """The thing exists already, or changed meanwhile."""

    code = "Conflict"
    status = 409


class StaleParentError(HubError):
    """The branch moved since the caller looked at it."""

    code = "StaleParent"
    status = 412


class RangeNotSatisfiableError(HubError):
    """The requested byte range lies outside the file; ``size`` is the file's size in bytes."""

    code = "RangeNotSatisfiable"
    status = 416

    def __init__(self, size: int) -> None:
        super().__init__(f"The requested range is outside the file, which has {size} bytes.")
        self.size = size


class OverloadedError(HubError):
    """A bounded queue is full; ``retry_after`` says in how many seconds to ask again."""

    code = "Overloaded"
    status = 503

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TooManyCallsError(OverloadedError):
    """The caller has too much under way at a time."""

    code = "TooManyRequests"
    status = 429


class TimedOutError(HubError):
    """The work took longer than the hub, or the caller, lets it; it was ended."""

    code = "TimedOut"
    status = 504


class NotSupportedError(HubError):
    """This part of the hub is not built yet; nothing was changed."""

    code = "NotSupported"
    status = 501


class StorageError(HubError):
    """The disk or database failed, or holds something other than it should."""

    code = "StorageFailed"
    status = 500
