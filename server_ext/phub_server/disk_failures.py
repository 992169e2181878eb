"""Tells a disk that is full or read-only from other failures, whoever reports it."""

from __future__ import annotations

import errno
import os

import pygit2
from sqlalchemy.exc import OperationalError

__all__ = ["is_disk_failure"]

_ERRNOS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG)
_TEXTS = tuple(os.strerror(number) for number in _ERRNOS)
_DATABASES = ("disk is full", "disk I/O error", "readonly database", "could not extend file")


def is_disk_failure(error: BaseException | None) -> bool:
    """Whether an error of the system, of git or of a database says that nothing can be written."""
    if isinstance(error, OSError):
        return error.errno in _ERRNOS
    if isinstance(error, pygit2.GitError):
        return any(text in str(error) for text in _TEXTS)
    if isinstance(error, OperationalError):
        return any(text in str(error.orig) for text in (*_DATABASES, *_TEXTS))
    return False
