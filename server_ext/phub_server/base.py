"""The base of all handlers: identity, errors, JSON and streaming, each in one place."""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any, ClassVar, ParamSpec, TypeVar
from urllib.parse import urlencode

from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, RequestHandler, stream_request_body

from phub_jupyter.errors import (
    GatedRepoError,
    HubError,
    InvalidRequestError,
    MovedError,
    OverloadedError,
    RangeNotSatisfiableError,
    RepoNotFoundError,
    StorageError,
)
from phub_jupyter.hub.access import ANONYMOUS, Action, Actor
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.hub import Hub
from phub_jupyter.identifiers import RepoType
from phub_server.context import ServerContext
from phub_server.disk_failures import is_disk_failure
from phub_server.redirects import redirected
from phub_server.sending import direct_stream, send_direct

__all__ = ["HubHandler", "StreamingHubHandler"]

P = ParamSpec("P")
T = TypeVar("T")

_METHODS = ("get", "head", "post", "put", "patch", "delete", "options")
_LONGEST_HEADER = 2000  # a sentence may repeat what a stranger sent, and clients read 64 KiB
_LOG = logging.getLogger("phub")
_WORTH_A_THREAD = 1 << 20


class HubHandler(RequestHandler):
    """One request to the hub.

    `prepare` finds out who is calling before anything else; every repository is then reached
    through `repo`, that is, through the one access function.
    """

    SUPPORTED_METHODS = ("GET", "HEAD", "POST", "DELETE", "PATCH", "PUT", "OPTIONS")
    context: ServerContext
    actor: Actor = ANONYMOUS
    _repo: Repo | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Tell Jupyter that these methods bring their own guard, which is `prepare`."""
        super().__init_subclass__(**kwargs)
        for name in _METHODS:
            method = cls.__dict__.get(name)
            if method is not None:
                setattr(method, "__allow_unauthenticated", True)

    @property
    def hub(self) -> Hub:
        """The hub that this server serves."""
        return self.context.hub

    @property
    def endpoint(self) -> str:
        """The hub's address as this client wrote it; all addresses in answers start with it."""
        forwarded = self.request.headers.get("X-Forwarded-Proto", "")
        scheme = forwarded if forwarded in ("http", "https") else self.request.protocol
        return f"{scheme}://{self.request.host}{self.context.prefix}"

    def web_address(self, repo_type: RepoType, name: str) -> str:
        """The address of a repository, in which every client finds its type and name again."""
        prefix = repo_type.url_prefix
        # Clients before 1.0 take the segment before namespace and name for the type of the
        # repository, even if it belongs to the path under which the hub is mounted.
        old = "hf_hub/0." in self.request.headers.get("User-Agent", "")
        if not prefix and old and self.context.prefix:
            prefix = "models/"
        return f"{self.endpoint}/{prefix}{name}"

    def set_default_headers(self) -> None:
        """Name the request in every answer: tornado forgets other headers before a refusal."""
        self.set_header("X-Request-Id", self._request_id())

    async def prepare(self) -> None:
        """Identify the caller, then let the handler prepare."""
        self.context = ServerContext.of(self.settings)
        self.actor = await self.identify()
        await self.prepare_request()

    async def identify(self) -> Actor:
        """Find out who is calling; overridden where the address itself says who."""
        return await self.context.identity.identify(self)

    async def prepare_request(self) -> None:
        """Hook for subclasses, called once the caller is known."""

    def check_xsrf_cookie(self) -> None:
        """Leave the check to the identity, which makes it for callers known by a cookie."""

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run blocking work in a thread of the server's pool.

        What fails because the repository was deleted meanwhile raises RepoNotFoundError.
        """
        work = partial(function, *args, **kwargs)
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self.context.executor, work)
        except Exception as error:
            is_refusal = isinstance(error, HubError) and not isinstance(error, StorageError)
            if self._repo is not None and not is_refusal:
                uid = self._repo.uid
                await loop.run_in_executor(self.context.executor, self.hub.repositories.by_uid, uid)
            raise

    async def repo(self, action: Action, plural: str | None, namespace: str, name: str) -> Repo:
        """The repository named in the path, if the caller may do ``action`` to it."""
        repo_type = RepoType((plural or "models").removesuffix("s"))
        self._repo = await self.run(
            self.hub.repositories.find, self.actor, action, repo_type, f"{namespace}/{name}"
        )
        return self._repo

    def json_body(self) -> dict[str, Any]:
        """The body as a JSON object. Raises InvalidRequestError."""
        try:
            body = json.loads(self.request.body or b"{}")
        except (ValueError, RecursionError) as error:
            raise InvalidRequestError(f"body: not valid JSON ({error}).") from None
        if not isinstance(body, dict):
            raise InvalidRequestError("body: send a JSON object.")
        return body

    def query_flag(self, name: str, default: bool = False) -> bool:
        """A boolean of the query string, as all client generations spell it."""
        text = self.get_query_argument(name, None)
        return default if text is None else text.lower() in ("true", "1", "yes")

    def whole_number(self, name: str, default: int) -> int:
        """A number of the query string that is not negative. Raises InvalidRequestError."""
        text = self.get_query_argument(name, str(default))
        if not (text.isascii() and text.isdecimal() and len(text) < 16):
            raise InvalidRequestError(f"{name}: '{text}' is not a whole number from 0 up.")
        return int(text)

    def reply(self, body: Any, status: int = 200) -> None:
        """Answer with JSON."""
        self.set_status(status)
        self.set_header("Content-Type", "application/json; charset=utf-8")
        # JSON lets half a character through, and an answer may quote what was sent.
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        self.finish(text.encode("utf-8", "replace"))

    def reply_page(self, items: list[Any], next_params: Mapping[str, Any] | None) -> None:
        """Answer one page of a list; ``next_params`` is the whole query of the next page."""
        if next_params is not None:
            origin = self.endpoint.removesuffix(self.context.prefix)
            query = urlencode(next_params, doseq=True)
            self.set_header("Link", f'<{origin}{self.request.path}?{query}>; rel="next"')
        self.reply(items)

    async def stream(self, pieces: Iterator[bytes]) -> None:
        """Send pieces that are produced in a worker thread, no faster than the client reads."""
        length = int(self._headers.get("Content-Length", "0"))
        if length >= _WORTH_A_THREAD and self.request.method != "HEAD":
            await self.flush()
            connection: Any = self.request.connection
            stream = direct_stream(connection)
            # Whoever has changed the answer on its way out, to compress it, has taken the length.
            if stream is not None and "Content-Length" in self._headers:
                sent = await send_direct(stream, pieces, self.context.senders)
                connection._expected_content_remaining -= sent
                return
        while (piece := await self.run(next, pieces, None)) is not None:
            self.write(piece)
            await self.flush()

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Turn whatever was raised into status, headers and JSON."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(error, HubError):
            self._refuse(error)
            return
        code, message = "InternalError", "The hub made a mistake; its log says more."
        if isinstance(error, HTTPError):
            phrase = HTTPStatus(status_code).phrase
            code, message = phrase.replace(" ", ""), error.log_message or f"{phrase}."
        elif is_disk_failure(error):
            status_code, code = 507, "InsufficientStorage"
            message = "The hub's disk is full or read-only; nothing was changed."
        self._finish_error(status_code, code, message, {})

    def _refuse(self, error: HubError) -> None:
        status = error.status
        if isinstance(error, MovedError):
            moved = redirected(self, error)
            if moved is None:  # the old name stood in the body or query
                status = RepoNotFoundError.status
            else:
                self.set_header("Location", moved)
        if isinstance(error, RepoNotFoundError | GatedRepoError) and self.actor.is_anonymous:
            status = 401
        if isinstance(error, OverloadedError):
            self.set_header("Retry-After", str(error.retry_after))
        if isinstance(error, RangeNotSatisfiableError):
            self.set_header("Content-Range", f"bytes */{error.size}")
        self._finish_error(status, error.code, error.message, error.extra)

    def _finish_error(self, status: int, code: str, message: str, extra: dict[str, Any]) -> None:
        self.set_status(status)
        body = getattr(self.request, "_body_future", None)
        if body is not None and not body.done():  # tornado hangs up on the rest, so say it
            self.set_header("Connection", "close")
        self.set_header("X-Error-Code", code)
        header = message.encode("latin-1", "replace").decode("latin-1")
        header = "".join(char if char.isprintable() else " " for char in header)
        self.set_header("X-Error-Message", " ".join(header.split())[:_LONGEST_HEADER])
        self.reply({"error": message, **extra}, status)

    def log_exception(self, typ: Any, value: BaseException | None, tb: Any) -> None:
        """Refusals are one line; a client that went away is none; the rest has its trace."""
        if isinstance(value, HubError):
            _LOG.info("%s %s refused: %s", self.request.method, self.request.path, value)
        elif isinstance(value, HTTPError):
            super().log_exception(typ, value, tb)
        elif not isinstance(value, StreamClosedError):  # tornado's own line shows the query
            _LOG.error("%s failed", self._request_summary(), exc_info=value)

    def _request_summary(self) -> str:
        """What the log says of a request: not its query, which may hold a signature."""
        return f"{self.request.method} {self.request.path} ({self.request.remote_ip})"

    def _request_id(self) -> str:
        given = self.request.headers.get("X-Amzn-Trace-Id", "")
        return given if given.isascii() and given.isprintable() and given else uuid.uuid4().hex


@stream_request_body
class StreamingHubHandler(HubHandler):
    """A handler that gets its body in pieces, through ``data_received``, after `prepare`."""

    max_body_size: ClassVar[int] = 1 << 40

    async def prepare(self) -> None:
        """Raise the connection's body limit to this handler's, then prepare as always."""
        connection: Any = self.request.connection
        connection.set_max_body_size(self.max_body_size)
        await super().prepare()

    async def data_received(self, chunk: bytes) -> None:
        """Take one piece of the body; the connection waits until this returns."""
        raise NotImplementedError
