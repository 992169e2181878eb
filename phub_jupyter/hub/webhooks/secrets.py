"""Secrets of webhooks: the hub itself must read them, so they are encrypted where they are kept."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from phub_jupyter.errors import StorageError

__all__ = ["Sealer"]

_PURPOSE = b"phub webhook secrets"


class Sealer:
    """Encrypts with a key that is derived from the hub's secret, for this purpose alone."""

    def __init__(self, hub_secret: bytes) -> None:
        key = HKDF(SHA256(), length=32, salt=None, info=_PURPOSE).derive(hub_secret)
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def seal(self, text: str) -> bytes:
        """Make a text unreadable for whoever has only the database."""
        return self._fernet.encrypt(text.encode())

    def open(self, sealed: bytes) -> str:
        """Read it again. Raises StorageError if the hub's secret is not the one of then."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            raise StorageError(
                "A webhook's secret cannot be read: the hub's file 'secret' was replaced. Set the "
                "webhook's secret again."
            ) from None
