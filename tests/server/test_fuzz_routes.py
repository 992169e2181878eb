"""Random bodies, names, revisions and headers at every kind of door: refusals, never faults."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from phub_jupyter.identifiers import RepoId, RepoType

from ..hub.fuzzing import tries
from ..hub.test_fuzz_formats import SHARD, XORB, damaged, json_values

FIELDS = (
    "files paths path name type organization private visibility sdk gated tag message operation "
    "objects oid size transfers hash_algo ref title description content status comment newTitle "
    "pinned items item collection slug note position watched domains url secret events settings "
    "repoId fromRepo toRepo gitIgnore key value startingPoint overwrite inputs parameters expand "
    "pullRequest branch cursor limit sha rewriteHistory user level sleepTimeSeconds hardware"
).split()
words = st.sampled_from(["ada", "ada/own", "main", "model", "user", "upload", "a.bin", "0" * 64])
values = words | json_values
bodies = st.dictionaries(st.sampled_from(FIELDS), values | st.lists(values, max_size=3), max_size=8)
text = st.text(max_size=12) | st.sampled_from(
    ["..", ".", "main", "%00", "a/../b", "\x00", "\ud7ff"]
)

POSTS = [
    ("post", "/api/models/ada/own/preupload/main"),
    ("post", "/api/models/ada/own/commit/main"),
    ("post", "/api/models/ada/own/paths-info/main"),
    ("post", "/api/models/ada/own/branch/x"),
    ("post", "/api/models/ada/own/tag/main"),
    ("post", "/api/models/ada/own/super-squash/main"),
    ("put", "/api/models/ada/own/settings"),
    ("post", "/api/models/ada/own/discussions"),
    ("post", "/api/models/ada/own/discussions/1/comment"),
    ("post", "/api/models/ada/own/discussions/1/status"),
    ("post", "/api/models/ada/own/lfs-files/batch"),
    ("post", "/ada/own.git/info/lfs/objects/batch"),
    ("post", "/ada/own.git/info/lfs/locks"),
    ("post", "/ada/own.git/info/lfs/locks/verify"),
    ("post", "/api/repos/create"),
    ("post", "/api/repos/move"),
    ("post", "/api/collections"),
    ("post", "/api/settings/webhooks"),
    ("post", "/api/validate-yaml"),
    ("post", "/api/spaces/ada/own/secrets"),
    ("post", "/api/spaces/ada/own/variables"),
    ("post", "/api/buckets/ada/own/paths-info"),
    ("post", "/api/buckets/ada/own/batch"),
    ("put", "/api/buckets/ada/own/settings"),
    ("post", "/v1/telemetry"),
]


@pytest.fixture(scope="module")
def caller(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Ada, who may do anything to her own, in one long conversation."""
    from ..conftest import HubServer

    server = HubServer(tmp_path_factory.mktemp("fuzz") / "hub")
    server.add_user("ada")
    ada = server.hub.accounts.actor_for_user("ada")
    for repo_type in (RepoType.MODEL, RepoType.SPACE):
        server.hub.repositories.create(ada, repo_type, RepoId("ada", "own"), private=True)
    server.hub.buckets.create(ada, RepoId("ada", "own"), private=True)
    with requests.Session() as session:
        session.headers.update(server.headers())
        url = f"{server.endpoint}/api/models/ada/own/xet-write-token/main"
        token = session.get(url, timeout=10).json()

        def call(method: str, address: str, **options: Any) -> requests.Response:
            if address.startswith("/xet"):
                address = token["casUrl"].removeprefix(server.endpoint) + address[4:]
                options.setdefault("headers", {})["Authorization"] = (
                    f"Bearer {token['accessToken']}"
                )
            options = {"timeout": 60, "allow_redirects": False, **options}
            answer = session.request(method, server.endpoint + address, **options)
            fault = answer.status_code >= 500 and answer.status_code != 501
            assert not fault, f"{method} {address}: {answer.status_code} {answer.text[:300]}"
            if answer.status_code >= 400 and method != "head":
                assert answer.json()["error"] or answer.json()["message"]
            return answer

        yield call
    server.close()


@pytest.mark.parametrize(("method", "address"), POSTS)
def test_bodies(caller: Any, method: str, address: str) -> None:
    @tries(6)
    @given(bodies, st.booleans())
    def attempt(body: dict[str, Any], as_form: bool) -> None:
        if as_form:
            caller(method, address, data=json.dumps(body).encode())
        else:
            lines = [{"key": "header", "value": body}, {"key": "file", "value": body}, body]
            caller(method, address, data="\n".join(map(json.dumps, lines)).encode())

    attempt()


GETS = [
    "/ada/own/resolve/{a}/{b}",
    "/ada/own/raw/{a}/{b}",
    "/api/models/ada/own/tree/{a}/{b}",
    "/api/models/ada/own/commits/{a}?limit={b}&cursor={a}",
    "/api/models/ada/own/revision/{a}?expand={b}",
    "/api/models/ada/own/compare/{a}..{b}",
    "/api/models/ada/own/xet-read-token/{a}",
    "/api/models/ada/own/xet-write-token/{a}?create_pr={b}",
    "/api/models/{a}/{b}",
    "/api/models?search={a}&filter={b}&sort={a}&limit={b}&cursor={a}",
    "/api/datasets?author={a}&tags={b}",
    "/api/phub/search?q={a}&tag={b}&limit={a}&offset={b}",
    "/api/users/{a}/overview",
    "/api/collections/{a}/{b}",
    "/api/models/ada/own/discussions?p={a}&status={b}",
    "/api/models/ada/own/discussions/{a}",
    "/api/buckets/ada/own/tree/{a}?cursor={b}",
    "/buckets/ada/own/resolve/{a}/{b}",
    "/{a}/{b}.git/info/refs?service={a}",
    "/xet/{a}/{b}",
]


@pytest.mark.parametrize("address", GETS)
def test_addresses(caller: Any, address: str) -> None:
    @tries(6)
    @given(text, text, st.sampled_from(["get", "head"]))
    def attempt(first: str, second: str, method: str) -> None:
        caller(method, address.format(a=quote(first, safe=""), b=quote(second, safe="")))

    attempt()


@tries(30)
@given(
    st.text("bytes=0123456789-, xX", max_size=30), st.sampled_from(["/ada/own/resolve/main/", "x"])
)
def test_range_headers(caller: Any, header: str, base: str) -> None:
    address = f"{base}.gitattributes" if base != "x" else f"/xet/v1/reconstructions/{'0' * 64}"
    caller("get", address, headers={"Range": header.strip()})


@tries(25)
@given(damaged(XORB.body), st.sampled_from([XORB.hash, "0" * 64]))
def test_xorbs(caller: Any, body: bytes, name: str) -> None:
    caller("post", f"/xet/v1/xorbs/default/{name}", data=body)


@tries(25)
@given(damaged(SHARD), st.sampled_from(["v1", "v2"]))
def test_shards(caller: Any, body: bytes, version: str) -> None:
    caller("post", f"/xet/{version}/shards", data=body)


@tries(20)
@given(
    st.binary(max_size=100) | damaged(b"0032want 0123456789012345678901234567890123456789\n0000")
)
def test_git_requests(caller: Any, body: bytes) -> None:
    for service in ("upload-pack", "receive-pack"):
        headers = {"Content-Type": f"application/x-git-{service}-request"}
        caller("post", f"/ada/own.git/git-{service}", data=body, headers=headers)


@tries(20)
@given(st.text(max_size=60), st.sampled_from(["", "e30.", "a.b"]))
def test_tickets(caller: Any, name: str, ticket: str) -> None:
    query = f"?auth={quote(ticket + name)}"
    caller("get", f"/xet/ranges/{'0' * 64}{query}", headers={"Range": "bytes=0-1"})
    caller("put", f"/ada/own.git/info/lfs/objects/{'0' * 64}{query}", data=b"x")
    caller("get", f"/ada/own.git/info/lfs/objects/{'0' * 64}{query}")
