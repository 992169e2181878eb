"""``git clone``, ``git fetch`` and ``git push`` over HTTP."""

from __future__ import annotations

from typing import IO, Any

from tornado.iostream import StreamClosedError

from phub_jupyter.errors import (
    AuthenticationError,
    GatedRepoError,
    InvalidRequestError,
    RepoNotFoundError,
)
from phub_jupyter.hub.access import Action
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.repos.smart_http import PackProcess, Program, greeting
from phub_server.base import HubHandler
from phub_server.body_file import BodyFile
from phub_server.routing import NAMESPACE, WEB_PREFIX, Route
from phub_server.uploads import UploadHandler

__all__ = ["ROUTES"]

_LARGEST_QUESTION = 64 << 20
_LARGEST_PUSH = 8 << 30


class _Answers(HubHandler):
    """How git wants to be answered."""

    async def git_repo(self, action: Action, plural: str | None, namespace: str, name: str) -> Repo:
        """The repository to read or write, whose name may end in ``.git``."""
        return await self.repo(action, plural, namespace, name.removesuffix(".git"))

    async def repo_to_push(self, plural: str | None, namespace: str, name: str) -> Repo:
        """The repository, if there is anything in it to which the caller may push."""
        repo = await self.git_repo(Action.READ, plural, namespace, name)
        await self.run(self.hub.pushes.require_entry, repo, self.actor)
        return repo

    def announce(self, program: Program, content: str) -> None:
        """Set the headers of an answer that a git program writes."""
        self.set_header("Content-Type", f"application/x-git-{program}-{content}")
        self.set_header("Cache-Control", "no-cache, max-age=0, must-revalidate")

    async def send(self, process: PackProcess) -> None:
        """Send what git writes, no faster than the client reads it."""
        async for piece in process.output():
            self.write(piece)
            await self.flush()

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Ask a caller without credentials for some: git tries without them first."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        hidden = AuthenticationError | RepoNotFoundError | GatedRepoError
        if self.actor.is_anonymous and isinstance(error, hidden):
            self.set_header("WWW-Authenticate", 'Basic realm="Private Hub", charset="UTF-8"')
        super().write_error(status_code, **kwargs)


class InfoRefsHandler(_Answers):
    """The first call of git: which refs there are."""

    async def get(self, namespace: str, name: str, plural: str | None = None) -> None:
        service = self.get_query_argument("service", "")
        writes = service == "git-receive-pack"
        if writes:
            repo = await self.repo_to_push(plural, namespace, name)
        else:
            repo = await self.git_repo(Action.CONTENT, plural, namespace, name)
        if service not in ("git-upload-pack", "git-receive-pack"):
            raise InvalidRequestError(
                "service: this hub speaks git's smart protocol only; use a git of 2012 or later."
            )
        program: Program = "receive-pack" if writes else "upload-pack"
        protocol = self.request.headers.get("Git-Protocol")
        process = await PackProcess.advertise(program, self.hub.repositories.path(repo), protocol)
        self.announce(program, "advertisement")
        if process.protocol != "version=2":
            self.write(greeting(program))
        await self.send(process)


class _PackHandler(_Answers, UploadHandler[BodyFile]):
    """Takes a question in: git reads all of it before it answers, and would block if nobody read
    the answer meanwhile. So it is complete in a file before git starts."""

    repository: Repo

    async def find(self, plural: str | None, namespace: str, name: str) -> Repo:
        """The repository that the question is about; subclasses implement it."""
        raise NotImplementedError

    async def open_sink(self) -> BodyFile:
        place = (self.path_kwargs[key] for key in ("plural", "namespace", "name"))
        self.repository = await self.find(*place)
        return BodyFile(self.hub.root / "uploads")

    async def question(self) -> IO[bytes]:
        """The whole body, unpacked."""
        body = await self.received()
        if self.request.headers.get("Content-Encoding", "") in ("gzip", "x-gzip"):
            await self.run(body.unzip, self.largest)
        return body.rewind()


class UploadPackHandler(_PackHandler):
    """Sends commits and files to git."""

    largest = _LARGEST_QUESTION

    async def find(self, plural: str | None, namespace: str, name: str) -> Repo:
        """Cloning is reading every file."""
        return await self.git_repo(Action.CONTENT, plural, namespace, name)

    async def post(self, namespace: str, name: str, plural: str | None = None) -> None:
        question = await self.question()
        protocol = self.request.headers.get("Git-Protocol")
        path = self.hub.repositories.path(self.repository)
        process = await PackProcess.serve(path, protocol, question)
        self.announce("upload-pack", "result")
        await self.send(process)


class ReceivePackHandler(_PackHandler):
    """Takes commits and files from git."""

    largest = _LARGEST_PUSH

    async def find(self, plural: str | None, namespace: str, name: str) -> Repo:
        """What may be pushed to which ref is decided once it is all here."""
        return await self.repo_to_push(plural, namespace, name)

    async def post(self, namespace: str, name: str, plural: str | None = None) -> None:
        question = await self.question()
        self.announce("receive-pack", "result")
        reached = True
        async for piece in self.hub.pushes.receive(
            self.repository, self.actor, question, self.context.executor
        ):
            if reached:  # what was accepted is completed, whoever still listens
                reached = await self._reaches(piece)

    async def _reaches(self, piece: bytes) -> bool:
        self.write(piece)
        try:
            await self.flush()
        except StreamClosedError:
            return False
        return True


_PLACE = rf"{WEB_PREFIX}{NAMESPACE}/(?P<name>[^/]+?)"

ROUTES: tuple[Route, ...] = (
    Route(rf"{_PLACE}/info/refs", InfoRefsHandler),
    Route(rf"{_PLACE}/git-upload-pack", UploadPackHandler),
    Route(rf"{_PLACE}/git-receive-pack", ReceivePackHandler),
)
