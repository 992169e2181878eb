"""Where a bucket is: ``s3://bucket/folder?endpoint=https://host&region=eu-1``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from phub_jupyter.errors import InvalidRequestError

__all__ = ["S3Address"]

_QUERY = ("endpoint", "region", "virtual_host")


@dataclass(frozen=True, slots=True)
class S3Address:
    """A bucket, the folder in it, and how to reach its server.

    Credentials are no part of it: they come from the variables that all S3 programs read.
    """

    bucket: str
    prefix: str = ""
    endpoint: str | None = None
    region: str | None = None
    virtual_host: bool = False

    @classmethod
    def parse(cls, url: str) -> S3Address:
        """Read an address. Raises InvalidRequestError that says what is wrong with it."""
        parts = urlsplit(url)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        unknown = sorted(set(query) - set(_QUERY))
        if parts.scheme != "s3" or not parts.netloc or "@" in parts.netloc or unknown:
            wrong = f" '{unknown[0]}' is not an option." if unknown else ""
            raise InvalidRequestError(
                f"object store: write s3://BUCKET/FOLDER?endpoint=URL&region=NAME.{wrong} "
                "Credentials go into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
            )
        endpoint = query.get("endpoint")
        if endpoint is not None and not endpoint.startswith(("http://", "https://")):
            raise InvalidRequestError(
                f"object store: endpoint: '{endpoint}' does not begin with http:// or https://."
            )
        return cls(
            bucket=parts.netloc,
            prefix=parts.path.strip("/"),
            endpoint=endpoint,
            region=query.get("region"),
            virtual_host=query.get("virtual_host", "").lower() in ("1", "true", "yes"),
        )

    @property
    def name(self) -> str:
        """How messages call it."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    @property
    def plain_http(self) -> bool:
        """Whether the bytes travel without TLS."""
        return self.endpoint is not None and self.endpoint.startswith("http://")

    def options(self) -> dict[str, Any]:
        """The address as the client library wants it."""
        chosen: dict[str, Any] = {
            "checksum_algorithm": "SHA256",
            "disable_bulk_delete": True,
            "virtual_hosted_style_request": self.virtual_host or self.endpoint is None,
        }
        if self.endpoint is not None:
            chosen["endpoint"] = self.endpoint
        if self.region is not None:
            chosen["region"] = self.region
        return chosen
