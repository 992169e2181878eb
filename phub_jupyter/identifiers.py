"""Names that strangers send, parsed once and valid ever after.

The rules for repository ids are those of the public client's validator, so that whatever the
client lets through is either accepted here or refused with the same reason.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from phub_jupyter.errors import InvalidRequestError, UnprocessableError

__all__ = ["RepoId", "RepoType", "parse_namespace", "parse_path", "parse_revision"]

_PART = re.compile(r"[A-Za-z0-9_.-]{1,96}")
_REVISION = re.compile(r"[^\x00-\x20\x7f~^:?*\[\\]{1,255}")
_DEEPEST_PATH = 200  # folders are walked by functions that call themselves
_RESERVED = frozenset(
    "api datasets spaces models kernels buckets collections jobs papers settings oauth uploads "
    "docs login join organizations v1 v2 resolve xet lab .well-known".split()
)


class RepoType(StrEnum):
    """What a repository holds; the value is the singular used in JSON bodies."""

    MODEL = "model"
    DATASET = "dataset"
    SPACE = "space"
    KERNEL = "kernel"
    BUCKET = "bucket"  # files without history: it has a name, owners and rights like the others

    @property
    def plural(self) -> str:
        """The segment after ``/api/``: ``models``, ``datasets``, ``spaces`` …"""
        return f"{self.value}s"

    @property
    def url_prefix(self) -> str:
        """What precedes the id in web and git URLs: nothing for models, else ``datasets/`` …"""
        return "" if self is RepoType.MODEL else f"{self.plural}/"

    @classmethod
    def parse(cls, text: str | None) -> RepoType:
        """Read a type from JSON; absent means model. Raises InvalidRequestError."""
        if text is None:
            return cls.MODEL
        try:
            return cls(text)
        except ValueError:
            raise InvalidRequestError(
                f"type: '{text}' is not a repository type; use model, dataset, space, kernel or "
                "bucket."
            ) from None


@dataclass(frozen=True, slots=True)
class RepoId:
    """``namespace/name`` as a person wrote it; two ids are the same repo when ``key`` is equal."""

    namespace: str
    name: str

    @classmethod
    def parse(cls, text: str) -> RepoId:
        """Read ``namespace/name``. Raises InvalidRequestError naming the part and the rule."""
        namespace, slash, name = text.partition("/")
        if not slash or "/" in name:
            raise InvalidRequestError(
                f"repo_id: '{text}' must have the form namespace/name, for example ada/bert."
            )
        return cls(parse_namespace(namespace), _parse_part("name", name))

    @property
    def key(self) -> str:
        """The lower-case form under which ids are compared."""
        return str(self).lower()

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


def parse_namespace(text: str) -> str:
    """Check the name of a user or organization. Raises InvalidRequestError."""
    if text.lower() in _RESERVED:
        raise InvalidRequestError(f"namespace: '{text}' is reserved; choose another name.")
    return _parse_part("namespace", text)


def _parse_part(field: str, text: str) -> str:
    if (
        not _PART.fullmatch(text)
        or text[0] in "-."
        or text[-1] in "-."
        or "--" in text
        or ".." in text
        or text.endswith(".git")
    ):
        raise InvalidRequestError(
            f"{field}: '{text}' is not valid; use 1 to 96 letters, digits, '-', '_' and '.', not "
            "starting or ending with '-' or '.', without '--' or '..', not ending with '.git'."
        )
    return text


def parse_revision(text: str) -> str:
    """Check a branch, tag, commit id or full ref as git would. Raises InvalidRequestError."""
    if (
        not _REVISION.fullmatch(text)
        or ".." in text
        or "@{" in text
        or "//" in text
        or text.startswith(("-", "/", "."))
        or text.endswith(("/", ".", ".lock"))
    ):
        raise InvalidRequestError(
            f"revision: '{text}' is not a name that git allows for a branch or tag."
        )
    return text


def parse_path(text: str) -> str:
    """Check the path of a file inside a repository and return it without a trailing slash.

    Raises UnprocessableError for absolute and endless paths, backslashes, empty, ``.`` and ``..``
    segments, control characters, and any segment that git would take for its own folder.
    """
    path = text.removesuffix("/")
    segments = path.split("/")
    bad = (
        not path
        or "\\" in path
        or any(_is_unprintable(character) for character in path)
        or len(path.encode()) > 4096
        or len(segments) > _DEEPEST_PATH
        or any(_is_unsafe(segment) for segment in segments)
    )
    if bad:
        raise UnprocessableError(
            f"path: '{text}' is not allowed; use a relative path with '/' between its parts, "
            f"of at most {_DEEPEST_PATH} parts, without '..', '.', '.git', backslashes or control "
            "characters."
        )
    return path


def _is_unprintable(character: str) -> bool:
    # Half of a surrogate pair can come out of JSON, but cannot be written as UTF-8.
    return character < " " or character == "\x7f" or "\ud800" <= character <= "\udfff"


def _is_unsafe(segment: str) -> bool:
    # git on Windows and macOS also takes "git~1", ".git " and ".git." for its own folder.
    folded = segment.lower().rstrip(" .")
    return segment in ("", ".", "..") or folded in (".git", "git~1") or len(segment.encode()) > 255
