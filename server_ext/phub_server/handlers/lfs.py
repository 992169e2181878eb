"""git-lfs: tells clients where to bring and get large files."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.access import Action
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.objects.large_files import LargeFile
from phub_jupyter.hub.objects.passes import Pass
from phub_jupyter.identifiers import RepoType
from phub_server.base import HubHandler
from phub_server.routing import NAME, NAMESPACE, WEB_PREFIX, Route

__all__ = [
    "COMPLETE",
    "DOWNLOAD",
    "LFS",
    "PART",
    "ROUTES",
    "SHA256",
    "UPLOAD",
    "LfsHandler",
    "Pointer",
]

_MEDIA_TYPE = "application/vnd.git-lfs+json"
SHA256 = re.compile(r"[0-9a-f]{64}")
_LIFETIME = timedelta(hours=6)  # the files of one batch are moved one after the other
_LONG_LIFETIME = timedelta(hours=24)  # and so are the parts of a very large one
UPLOAD = "lfs-upload"
DOWNLOAD = "lfs-download"
PART = "lfs-part"
COMPLETE = "lfs-complete"
_MOST_OBJECTS = 1000


@dataclass(frozen=True, slots=True)
class Pointer:
    """What a client calls a large file by."""

    oid: str
    size: int

    @classmethod
    def parse(cls, body: Any) -> Pointer:
        """Read ``{"oid", "size"}``. Raises InvalidRequestError."""
        fields = body if isinstance(body, dict) else {}
        oid, size = fields.get("oid"), fields.get("size")
        if not isinstance(oid, str) or not SHA256.fullmatch(oid):
            raise InvalidRequestError("oid: send the SHA-256 as 64 lower-case hex digits.")
        if type(size) is not int or size < 0:
            raise InvalidRequestError("size: send the number of bytes.")
        return cls(oid, size)

    @property
    def fields(self) -> dict[str, Any]:
        """The same in JSON."""
        return {"oid": self.oid, "size": self.size}


class LfsHandler(HubHandler):
    """Answers in the media type of git-lfs, with the headers that make git ask for a password."""

    def reply(self, body: Any, status: int = 200) -> None:
        """Answer with JSON; git-lfs shows ``message`` to the person."""
        if status == 401:
            self.set_header("LFS-Authenticate", 'Basic realm="Private Hub"')
            self.set_header("WWW-Authenticate", 'Basic realm="Private Hub"')
        if "error" in body:
            body = {"message": body["error"], **body}
        self.set_status(status)
        self.set_header("Content-Type", _MEDIA_TYPE)
        self.finish(json.dumps(body))


class BatchHandler(LfsHandler):
    """Tells a client where to put or get each of its files."""

    async def post(self, plural: str | None, namespace: str, name: str) -> None:
        body = self.json_body()
        uploads = _is_upload(body.get("operation"))
        action = Action.PROPOSE if uploads else Action.CONTENT
        repo = await self.repo(action, plural, namespace, name)
        if body.get("hash_algo", "sha256") != "sha256":
            raise InvalidRequestError("hash_algo: this hub knows sha256 only.")
        wanted = _pointers(body.get("objects"))
        large_files = self.hub.large_files
        known = await self.run(
            large_files.find if action is Action.CONTENT else large_files.claim,
            repo.pk,
            [pointer.oid for pointer in wanted],
        )
        self._right = Pass(self.actor, action, repo)
        self._base = f"{self.endpoint}/{_web(repo)}.git/info/lfs/objects"
        new = [pointer.size for pointer in wanted if pointer.oid not in known]
        transfer = self._transfer(body.get("transfers"), new) if uploads else "basic"
        answers = {
            "basic": self._upload,
            "multipart": self._upload_in_parts,
            "xet": self._upload_by_xet,
        }
        answer = answers[transfer] if uploads else self._download
        objects = [answer(pointer, known.get(pointer.oid)) for pointer in wanted]
        self.reply({"transfer": transfer, "objects": objects, "hash_algo": "sha256"})

    def _transfer(self, offered: Any, sizes: list[int]) -> str:
        """How files should come: by Xet if the client can, else in parts if one is large."""
        offered = offered if isinstance(offered, list) else []
        if "xet" in offered:
            return "xet"
        large = any(size >= self.hub.multipart.large_enough for size in sizes)
        return "multipart" if large and "multipart" in offered else "basic"

    def _upload(self, pointer: Pointer, known: LargeFile | None) -> dict[str, Any]:
        if known is not None:
            return _present(pointer, known)
        ticket = self._ticket(UPLOAD, pointer)
        return self._actions(pointer, _link(f"{self._base}/{pointer.oid}?auth={ticket}"))

    def _upload_in_parts(self, pointer: Pointer, known: LargeFile | None) -> dict[str, Any]:
        if known is not None:
            return _present(pointer, known)
        plan = self.hub.multipart.plan(pointer.size)
        claims = {"upload": self.hub.multipart.new_id(), "part_size": plan.part_size}
        place = f"{self._base}/{pointer.oid}/parts"
        # Padded, because git-lfs sorts the numbers as texts before it hands them on.
        parts = {
            f"{number:05d}": f"{place}/{number}?auth="
            + self._ticket(PART, pointer, **claims, number=number)
            for number in range(1, plan.count + 1)
        }
        ticket = self._ticket(COMPLETE, pointer, **claims)
        link = _link(f"{place}?auth={ticket}")
        return self._actions(
            pointer, {**link, "header": {"chunk_size": str(plan.part_size), **parts}}
        )

    def _upload_by_xet(self, pointer: Pointer, known: LargeFile | None) -> dict[str, Any]:
        if known is not None:
            return _present(pointer, known)
        repo = self._right.repo
        api = f"{self.endpoint}/api/{repo.type}s/{repo.namespace}/{repo.name}"
        return self._actions(pointer, _link(f"{api}/xet-write-token/main"))

    def _actions(self, pointer: Pointer, upload: dict[str, Any]) -> dict[str, Any]:
        verify = _link(f"{self._base}/verify?auth={self._ticket(UPLOAD, pointer)}")
        actions = {"upload": upload, "verify": verify}
        return {**pointer.fields, "authenticated": True, "actions": actions}

    def _download(self, pointer: Pointer, known: LargeFile | None) -> dict[str, Any]:
        if known is None or known.size != pointer.size:
            message = "The repository has no such file; whoever committed it has not uploaded it."
            return {**pointer.fields, "error": {"code": 404, "message": message}}
        link = _link(f"{self._base}/{pointer.oid}?auth={self._ticket(DOWNLOAD, pointer)}")
        return {**pointer.fields, "authenticated": True, "actions": {"download": link}}

    def _ticket(self, purpose: str, pointer: Pointer, **claims: Any) -> str:
        right = replace(self._right, claims={**pointer.fields, **claims})
        lifetime = _LONG_LIFETIME if purpose in (PART, COMPLETE) else _LIFETIME
        return self.hub.passes.issue(purpose, right, lifetime)


def _is_upload(operation: Any) -> bool:
    if operation not in ("upload", "download"):
        raise InvalidRequestError("operation: send 'upload' or 'download'.")
    return bool(operation == "upload")


def _present(pointer: Pointer, known: LargeFile) -> dict[str, Any]:
    if known.size == pointer.size:
        return pointer.fields
    message = f"The file with this SHA-256 has {known.size} bytes, not {pointer.size}."
    return {**pointer.fields, "error": {"code": 422, "message": message}}


def _web(repo: Repo) -> str:
    return f"{RepoType(repo.type).url_prefix}{repo.namespace}/{repo.name}"


def _pointers(objects: Any) -> list[Pointer]:
    if not isinstance(objects, list) or len(objects) > _MOST_OBJECTS:
        raise InvalidRequestError(f"objects: send a list of at most {_MOST_OBJECTS} objects.")
    return [Pointer.parse(item) for item in objects]


def _link(href: str) -> dict[str, Any]:
    return {"href": href, "expires_in": int(_LIFETIME.total_seconds())}


LFS = rf"{WEB_PREFIX}{NAMESPACE}/{NAME}\.git/info/lfs"

ROUTES: tuple[Route, ...] = (Route(rf"{LFS}/objects/batch", BatchHandler),)
