"""What is new for whom, and attachments."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from huggingface_hub import HfApi

pytestmark = pytest.mark.both_stores

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
PEOPLE = ("ada", "bob", "cy", "dan")


@pytest.fixture(scope="module")
def server(stores: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A hub with four people and the organization labs of ada's."""
    from ..conftest import HubServer

    server = HubServer(tmp_path_factory.mktemp("hub"))
    for name in PEOPLE:
        server.add_user(name)
    server.hub.accounts.add_org("labs", owner="ada")
    yield server
    server.close()


@pytest.fixture(scope="module")
def apis(server: Any) -> dict[str, HfApi]:
    """Each person's client."""
    return {name: HfApi(endpoint=server.endpoint, token=server.token(name)) for name in PEOPLE}


def call(server: Any, person: str | None, method: str, path: str, **kwargs: Any) -> Any:
    """Call an address of the hub."""
    headers = {} if person is None else server.headers(person, kwargs.pop("role", "write"))
    return requests.request(
        method, f"{server.endpoint}{path}", headers=headers, timeout=30, **kwargs
    )


def news(server: Any, person: str, query: str = "") -> list[tuple[str, str, bool]]:
    """Title, reason, and whether it was read."""
    body = call(server, person, "get", f"/api/notifications{query}").json()
    return [
        (item["discussion"]["title"], item["reason"], item["read"])
        for item in body["notifications"]
    ]


def test_who_hears_of_what(apis: dict[str, HfApi], server: Any) -> None:
    apis["ada"].create_repo("ada/m")
    number = apis["bob"].create_discussion("ada/m", "One", description="ask @Cy, not `@dan`").num
    assert news(server, "bob") == []
    assert news(server, "ada") == [("One", "watch", False)]
    assert news(server, "cy") == [("One", "mention", False)]
    assert news(server, "dan") == []
    apis["ada"].comment_discussion("ada/m", number, "mail me at ada@dan.example")
    assert news(server, "bob") == [("One", "author", False)]
    assert news(server, "dan") == []
    said = apis["cy"].comment_discussion("ada/m", number, "yes")
    apis["cy"].edit_discussion_comment("ada/m", number, said.id, "yes, (@dan) too")
    assert news(server, "dan") == [("One", "mention", False)]
    assert news(server, "ada") == [("One", "participant", False)]

    body = call(server, "ada", "get", "/api/notifications").json()
    assert body["count"] == {"view": 1, "unread": 1, "all": 1}
    uid = body["notifications"][0]["discussion"]["id"]
    mark = "/api/discussions/mark-as-read"
    assert call(server, "ada", "post", mark, json={"discussionIds": [uid]}).ok
    assert news(server, "ada") == [("One", "participant", True)]
    assert news(server, "ada", "?readStatus=unread") == []
    assert news(server, "cy") == [("One", "mention", False)]
    apis["bob"].comment_discussion("ada/m", number, "thanks")
    assert news(server, "ada", "?readStatus=unread") == [("One", "participant", False)]
    assert news(server, "ada", "?mention=mentions") == []
    assert news(server, "ada", "?repoName=ada/m") == news(server, "ada")
    assert call(server, "ada", "post", mark, json={"applyToAll": True}).ok
    assert call(server, "ada", "get", "/api/notifications").json()["count"]["unread"] == 0


def test_what_may_not_be_read_is_not_told(apis: dict[str, HfApi], server: Any) -> None:
    apis["ada"].create_repo("ada/later-private")
    apis["ada"].create_discussion("ada/later-private", "Psst @dan", description="@dan")
    title = ("Psst @dan", "mention", False)
    assert title in news(server, "dan")
    apis["ada"].update_repo_settings("ada/later-private", private=True)
    assert title not in news(server, "dan")
    refused = call(server, "dan", "get", "/api/notifications?repoName=ada/later-private")
    missing = call(server, "dan", "get", "/api/notifications?repoName=ada/nothing")
    assert refused.status_code == missing.status_code == 404
    assert refused.text == missing.text
    watch = {"add": [{"type": "model", "name": "ada/later-private"}]}
    assert call(server, "dan", "patch", "/api/settings/watch", json=watch).status_code == 404
    apis["ada"].delete_repo("ada/later-private")
    assert call(server, "ada", "get", "/api/notifications").status_code == 200


def test_watching(apis: dict[str, HfApi], server: Any) -> None:
    settings = "/api/settings/watch"
    lab = {"type": "org", "name": "labs"}
    other = {"type": "dataset", "name": "labs/d"}
    apis["ada"].create_repo("labs/d", repo_type="dataset")
    apis["ada"].create_repo("labs/e", repo_type="dataset")
    for _ in range(2):
        answer = call(server, "cy", "patch", settings, json={"add": [lab], "delete": [other]})
        assert answer.json() == {"watched": [lab]}
    apis["ada"].create_discussion("labs/d", "Not for cy", repo_type="dataset")
    apis["ada"].create_discussion("labs/e", "For cy", repo_type="dataset")
    titles = [title for title, _, _ in news(server, "cy")]
    assert "For cy" in titles
    assert "Not for cy" not in titles
    answer = call(server, "cy", "patch", settings, json={"add": [other], "delete": [lab]})
    assert answer.json() == call(server, "cy", "get", settings).json() == {"watched": [other]}
    # People hear of their own repositories unless they say otherwise.
    apis["bob"].create_repo("bob/own")
    own = {"type": "user", "name": "bob"}
    assert call(server, "bob", "patch", settings, json={"delete": [own]}).ok
    apis["cy"].create_discussion("bob/own", "Silent")
    assert "Silent" not in [title for title, _, _ in news(server, "bob")]


def test_bad_requests(server: Any) -> None:
    settings, mark = "/api/settings/watch", "/api/discussions/mark-as-read"
    for method, path, body, status in (
        ("patch", settings, {"add": 1}, 400),
        ("patch", settings, {"add": [1]}, 400),
        ("patch", settings, {"add": [{"type": "model"}]}, 400),
        ("patch", settings, {"add": [{"type": "odd", "name": "ada"}]}, 400),
        ("patch", settings, {"add": [{"type": "user", "name": "nob\0dy"}]}, 404),
        ("patch", settings, {"add": [{"type": "user", "name": "labs"}]}, 404),
        ("patch", settings, {"add": [{"type": "model", "name": "a\0/b"}]}, 404),
        ("post", mark, {}, 400),
        ("post", mark, {"discussionIds": ["\0"]}, 400),
        ("post", mark, {"discussionIds": [1]}, 400),
        ("post", mark, {"applyToAll": "yes"}, 400),
    ):
        assert call(server, "cy", method, path, json=body).status_code == status, body
        assert call(server, "cy", method, path, json=body, role="read").status_code == 403
        assert call(server, None, method, path, json=body).status_code == 401
    assert call(server, None, "get", "/api/notifications").status_code == 401
    assert call(server, None, "get", settings).status_code == 401
    assert call(server, "cy", "get", "/api/notifications?readStatus=odd").status_code == 400
    assert call(server, "cy", "get", "/api/notifications?p=99999").json()["notifications"] == []


def test_attachments(server: Any, apis: dict[str, HfApi], tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(PNG)
    url = apis["ada"].upload_attachment(tmp_path / "a.png")
    assert url.startswith(f"{server.endpoint}/uploads/")
    shown = requests.get(url, timeout=30)
    assert shown.content == PNG
    assert shown.headers["Content-Type"] == "image/png"
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in shown.headers["Content-Security-Policy"]
    assert shown.headers["Content-Disposition"].startswith("inline")
    part = requests.get(url, headers={"Range": "bytes=4-7"}, timeout=30)
    assert (part.status_code, part.content) == (206, PNG[4:8])
    assert requests.head(url, timeout=30).headers["Content-Length"] == str(len(PNG))
    missing = url.replace(url[-52:-4], "0" * 48)
    assert requests.get(missing, timeout=30).status_code == 404


@pytest.mark.parametrize(
    ("content", "status", "disposition"),
    [
        (b"GIF89a....", 200, "inline"),
        (b"\xff\xd8\xff\xe0 jpeg", 200, "inline"),
        (b"RIFF\0\0\0\0WEBPVP8 ", 200, "inline"),
        (b"\0\0\0\x18ftypmp42....", 200, "attachment"),
        (b"\0\0\0\x14ftypqt  ....", 200, "attachment"),
        (b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\x82\x84webm", 200, "attachment"),
        (b"ID3\x04 sound", 200, "attachment"),
        (b"RIFF\0\0\0\0WAVEfmt ", 200, "attachment"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 400, ""),
        (b"<html><script>alert(1)</script>", 400, ""),
        (b"\0\0\0\x18ftypavif", 400, ""),
        (b"", 400, ""),
    ],
)
def test_what_may_be_attached(server: Any, content: bytes, status: int, disposition: str) -> None:
    answer = call(server, "ada", "post", "/uploads", data=content)
    assert answer.status_code == status
    if status == 200:
        assert answer.headers["Content-Type"].startswith("text/plain")
        shown = requests.get(answer.text, timeout=30)
        assert shown.content == content
        assert shown.headers["Content-Disposition"].startswith(disposition)


def test_only_people_who_may_write_attach(server: Any) -> None:
    assert call(server, None, "post", "/uploads", data=PNG).status_code == 401
    assert call(server, "ada", "post", "/uploads", data=PNG, role="read").status_code == 403
    objects = server.hub.root / "objects"
    before = sorted(objects.rglob("*"))
    assert call(server, "ada", "post", "/uploads", data=b"x" * (65 << 20)).status_code == 400
    assert sorted(objects.rglob("*")) == before
