"""What a hub shows of its repositories, in the form in which clients note what they do."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import quote

import requests

__all__ = ["Observer"]

Repo = dict[str, Any]


class Observer:
    """Looks at everything that one person may see."""

    def __init__(self, endpoint: str, token: str, seen: set[str]) -> None:
        self._endpoint = endpoint
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"
        self._seen = seen

    def close(self) -> None:
        self._session.close()

    def names(self, user: str) -> list[str]:
        """The repositories of a person."""
        return sorted(repo["id"] for repo in self._get(f"/api/models?author={user}&limit=1000"))

    def repo(self, name: str) -> Repo | None:
        """A repository under its present name; None if there is none."""
        answer = self._session.get(
            f"{self._endpoint}/api/models/{name}", allow_redirects=False, timeout=30
        )
        if answer.status_code in (307, 404):
            return None
        assert answer.status_code == 200, answer.text
        info = answer.json()
        refs = self._get(f"/api/models/{name}/refs?include_prs=1")
        main = next(ref for ref in refs["branches"] if ref["name"] == "main")
        files = self._files(name, main["targetCommit"])
        assert info["sha"] == main["targetCommit"], f"{name}: the index is behind"
        listed = {file["rfilename"] for file in info["siblings"]} - {".gitattributes"}
        assert listed == set(files), f"{name}: the index lists other files"
        return {
            "name": info["id"],
            "private": info["private"],
            "branches": self._by_name(name, refs["branches"]),
            "tags": self._by_name(name, refs["tags"]),
            "pulls": self._pulls(name, refs, files),
        }

    def _by_name(self, name: str, refs: list[dict[str, Any]]) -> dict[str, dict[str, str]]:
        return {ref["name"]: self._files(name, ref["targetCommit"]) for ref in refs}

    def _pulls(self, name: str, refs: dict[str, Any], main: dict[str, str]) -> dict[str, Any]:
        found = {}
        commits = {ref["ref"]: ref["targetCommit"] for ref in refs["pullRequests"]}
        for one in self._get(f"/api/models/{name}/discussions?limit=100")["discussions"]:
            merged = one["status"] == "merged"
            files = self._files(name, commits[f"refs/pr/{one['num']}"])
            added = {path: oid for path, oid in files.items() if path.endswith(".md")}
            files = {} if merged else {p: o for p, o in added.items() if main.get(p) != o}
            found[one["title"]] = {"status": one["status"], "files": files}
        return found

    def _files(self, name: str, commit: str) -> dict[str, str]:
        """The files of a commit by their digests; large ones are read once."""
        tree = self._get(f"/api/models/{name}/tree/{commit}?recursive=1")
        files = {}
        for entry in tree:
            if entry["type"] != "file" or entry["path"] == ".gitattributes":
                continue
            if "lfs" in entry:
                files[entry["path"]] = entry["lfs"]["oid"]
                self._read(name, commit, entry)
            else:
                files[entry["path"]] = entry["oid"]
        return files

    def _read(self, name: str, commit: str, entry: dict[str, Any]) -> None:
        digest = entry["lfs"]["oid"]
        if digest in self._seen:
            return
        address = f"{self._endpoint}/{name}/resolve/{commit}/{quote(entry['path'])}"
        answer = self._session.get(address, timeout=30)
        assert answer.status_code == 200, answer.text
        assert hashlib.sha256(answer.content).hexdigest() == digest, f"{name}: {entry['path']}"
        self._seen.add(digest)

    def _get(self, path: str) -> Any:
        answer = self._session.get(f"{self._endpoint}{path}", timeout=30)
        assert answer.status_code == 200, f"{path}: {answer.text}"
        return answer.json()
