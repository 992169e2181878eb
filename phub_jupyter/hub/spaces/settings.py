"""What the card of a Space says about how to run it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phub_jupyter.errors import HubError, InvalidRequestError
from phub_jupyter.hub.apps.scopes import parse_scopes
from phub_jupyter.hub.cards.front_matter import listed, parse
from phub_jupyter.identifiers import parse_path

__all__ = ["SDK", "AppFileMissingError", "SpaceSettings"]

SDK = "voila"
"""The one kind of Space that this hub runs."""


class AppFileMissingError(InvalidRequestError):
    """The notebook to serve is not in the repository."""


@dataclass(frozen=True, slots=True)
class SpaceSettings:
    """The notebook to serve, the repositories that it needs to read, and whether it signs in.

    ``oauth_scopes`` is None for a Space that signs nobody in.
    """

    app_file: str
    models: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    oauth_scopes: tuple[str, ...] | None = None
    oauth_minutes: int = 480

    @classmethod
    def read(cls, folder: Path) -> SpaceSettings:
        """Read the README of a checkout.

        Raises InvalidRequestError naming the key to change, or AppFileMissingError.
        """
        readme = folder / "README.md"
        data = parse(readme.read_text("utf-8", "replace")).data if readme.is_file() else {}
        sdk = data.get("sdk", SDK)
        if sdk != SDK:
            raise InvalidRequestError(f"sdk: this hub runs Spaces of sdk '{SDK}', not '{sdk}'.")
        app_file = data.get("app_file", "app.ipynb")
        try:
            app_file = parse_path(str(app_file))
        except HubError as error:
            raise InvalidRequestError(f"app_file: {error.message}") from None
        if not app_file.endswith(".ipynb"):
            raise InvalidRequestError(f"app_file: {app_file} is not a notebook (.ipynb).")
        if not (folder / app_file).is_file():
            raise AppFileMissingError(
                f"The notebook {app_file} is missing; publish one, or name another as app_file in "
                "README.md."
            )
        minutes = data.get("hf_oauth_expiration_minutes")
        return cls(
            app_file,
            tuple(listed(data.get("models"))),
            tuple(listed(data.get("datasets"))),
            _oauth_scopes(data),
            minutes if type(minutes) is int else 480,
        )


def _oauth_scopes(data: Mapping[str, Any]) -> tuple[str, ...] | None:
    """What the Space may ask its visitors for. Raises InvalidRequestError for a scope of none."""
    if data.get("hf_oauth") is not True:
        return None
    try:
        return tuple(parse_scopes(["openid", "profile", *listed(data.get("hf_oauth_scopes"))]))
    except InvalidRequestError as error:
        raise InvalidRequestError(f"hf_oauth_scopes: {error.message}") from None
