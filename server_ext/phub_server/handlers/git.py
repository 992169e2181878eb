"""``git clone`` and ``git fetch`` over HTTP."""

from __future__ import annotations

from typing import Any

from phub_jupyter.errors import (
    AuthenticationError,
    InvalidRequestError,
    NotSupportedError,
    RepoNotFoundError,
)
from phub_jupyter.hub.access import Action
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.repos.smart_http import UPLOAD_PACK_GREETING, UploadPack
from phub_server.base import HubHandler
from phub_server.body_file import BodyFile
from phub_server.routing import NAMESPACE, WEB_PREFIX, Route
from phub_server.uploads import UploadHandler

__all__ = ["ROUTES"]

_LARGEST_REQUEST = 64 * 1024 * 1024


class _Answers(HubHandler):
    """How git wants to be answered."""

    async def git_repo(self, plural: str | None, namespace: str, name: str) -> Repo:
        """The repository to read, whose name may end in ``.git``."""
        return await self.repo(Action.CONTENT, plural, namespace, name.removesuffix(".git"))

    async def send_pack(self, process: UploadPack, content: str, greeting: bytes = b"") -> None:
        """Send what git writes, no faster than the client reads it."""
        self.set_header("Content-Type", f"application/x-git-upload-pack-{content}")
        self.set_header("Cache-Control", "no-cache, max-age=0, must-revalidate")
        if greeting:
            self.write(greeting)
        async for piece in process.output():
            self.write(piece)
            await self.flush()

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Ask a caller without credentials for some: git tries without them first."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        if self.actor.is_anonymous and isinstance(error, AuthenticationError | RepoNotFoundError):
            self.set_header("WWW-Authenticate", 'Basic realm="Private Hub", charset="UTF-8"')
        super().write_error(status_code, **kwargs)


class InfoRefsHandler(_Answers):
    """The first call of git: which refs there are."""

    async def get(self, namespace: str, name: str, plural: str | None = None) -> None:
        service = self.get_query_argument("service", "")
        repo = await self.git_repo(plural, namespace, name)
        if service == "git-receive-pack":
            await _refuse_push(self, repo)
        if service != "git-upload-pack":
            raise InvalidRequestError(
                "service: this hub speaks git's smart protocol only; use a git of 2012 or later."
            )
        protocol = self.request.headers.get("Git-Protocol")
        process = await UploadPack.advertise(self.hub.repositories.path(repo), protocol)
        greeting = b"" if process.protocol == "version=2" else UPLOAD_PACK_GREETING
        await self.send_pack(process, "advertisement", greeting)


class UploadPackHandler(_Answers, UploadHandler[BodyFile]):
    """Sends commits and files to git."""

    largest = _LARGEST_REQUEST
    _repo: Repo

    async def open_sink(self) -> BodyFile:
        place = self.path_kwargs
        self._repo = await self.git_repo(place["plural"], place["namespace"], place["name"])
        return BodyFile(self.hub.root / "uploads")

    async def post(self, namespace: str, name: str, plural: str | None = None) -> None:
        # git reads the whole question before it answers, and an answer that nobody reads yet
        # would block it: so the question is complete in a file before git starts.
        body = await self.received()
        if self.request.headers.get("Content-Encoding", "") in ("gzip", "x-gzip"):
            await self.run(body.unzip, _LARGEST_REQUEST)
        protocol = self.request.headers.get("Git-Protocol")
        path = self.hub.repositories.path(self._repo)
        process = await UploadPack.serve(path, protocol, body.rewind())
        await self.send_pack(process, "result")


class ReceivePackHandler(_Answers):
    """Would take commits from git."""

    async def post(self, namespace: str, name: str, plural: str | None = None) -> None:
        await _refuse_push(self, await self.git_repo(plural, namespace, name))


async def _refuse_push(handler: HubHandler, repo: Repo) -> None:
    await handler.repo(Action.WRITE, f"{repo.type}s", repo.namespace, repo.name)
    raise NotSupportedError(
        "git push is not built yet in this hub; nothing was changed. Upload with 'hf upload' or "
        "huggingface_hub.HfApi().upload_folder instead."
    )


_PLACE = rf"{WEB_PREFIX}{NAMESPACE}/(?P<name>[^/]+?)"

ROUTES: tuple[Route, ...] = (
    Route(rf"{_PLACE}/info/refs", InfoRefsHandler),
    Route(rf"{_PLACE}/git-upload-pack", UploadPackHandler),
    Route(rf"{_PLACE}/git-receive-pack", ReceivePackHandler),
)
