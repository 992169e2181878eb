"""Webhooks, made by the public client and received by a real server on this machine."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Queue
from threading import Thread
from typing import Any

import pytest
import requests
from huggingface_hub import CommitOperationAdd, HfApi, WebhookPayload
from huggingface_hub.errors import HfHubHTTPError
from sqlalchemy import select, update

from phub_jupyter.hub.database.tables import Webhook, WebhookDelivery, utc_now
from phub_jupyter.hub.webhooks.queue import DELAYS, MOST_FAILURES
from phub_jupyter.identifiers import RepoId, RepoType

from ..conftest import HubServer

pytestmark = pytest.mark.both_stores

SECRET = "open sesame 42"


class Receiver:
    """Takes messages on this machine; ``status`` is what it answers."""

    def __init__(self) -> None:
        self.messages: Queue[tuple[dict[str, str], dict[str, Any]]] = Queue()
        self.status = 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.messages.put((dict(self.headers), json.loads(body)))
                self.send_response(outer.status)
                if outer.status == 302:
                    self.send_header("Location", f"{outer.url}/elsewhere")
                self.end_headers()

            def log_message(self, *_args: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook?x=1"
        Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def next(self) -> tuple[dict[str, str], WebhookPayload]:
        """The next message, read by the class that receivers use."""
        headers, body = self.messages.get(timeout=20)
        return headers, WebhookPayload.model_validate(body)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def served(stores: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    server = HubServer(tmp_path_factory.mktemp("webhooks") / "hub")
    for name in ("ada", "bob"):
        server.add_user(name)
    ada = server.hub.accounts.actor_for_user("ada")
    for name, private in (("bert", False), ("secret", True)):
        server.hub.repositories.create(ada, RepoType.MODEL, RepoId("ada", name), private=private)
    yield server
    server.close()


@pytest.fixture
def receiver(served: HubServer) -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    for user in ("ada", "bob"):
        client = HfApi(endpoint=served.endpoint, token=served.token(user))
        for webhook in client.list_webhooks():
            client.delete_webhook(webhook.id)
    receiver.close()


@pytest.fixture
def ada(served: HubServer) -> HfApi:
    return HfApi(endpoint=served.endpoint, token=served.token("ada"))


@pytest.fixture
def bob(served: HubServer) -> HfApi:
    return HfApi(endpoint=served.endpoint, token=served.token("bob"))


def watch(client: HfApi, receiver: Receiver, kind: str, name: str, **more: Any) -> Any:
    item = {"type": kind, "name": name}
    return client.create_webhook(url=receiver.url, watched=[item], **more)


def commit(client: HfApi, repo_id: str, **more: Any) -> Any:
    file = CommitOperationAdd("notes.txt", f"{time.time_ns()}".encode())
    return client.create_commit(repo_id, [file], commit_message="note", **more)


def touch(client: HfApi, repo_id: str) -> None:
    """Change something small about a repository."""
    client.create_branch(repo_id, branch=f"b{time.time_ns()}")


def deliveries(served: HubServer, webhook: str, user: str = "ada") -> list[dict[str, Any]]:
    url = f"{served.endpoint}/api/settings/webhooks/{webhook}/deliveries"
    return list(requests.get(url, headers=served.headers(user), timeout=30).json())


def settled(served: HubServer, webhook: str) -> dict[str, Any]:
    """The last message once somebody tried to send it."""
    for _ in range(200):
        found = deliveries(served, webhook)
        if found and (found[0]["state"] != "pending" or found[0]["error"]):
            return found[0]
        time.sleep(0.05)
    raise AssertionError(f"nothing happened: {found}")


def test_the_life_of_a_webhook(served: HubServer, ada: HfApi, receiver: Receiver) -> None:
    made = watch(ada, receiver, "model", "ADA/bert", secret=SECRET)
    assert (made.url, made.disabled, made.secret) == (receiver.url, False, None)
    assert [(item.type, item.name) for item in made.watched] == [("model", "ada/bert")]
    assert made.domains == ["repo", "discussion"]
    assert ada.list_webhooks() == [made]
    changed = ada.update_webhook(made.id, domains=["repo"])
    assert (changed.watched, changed.domains) == (made.watched, ["repo"])
    assert ada.disable_webhook(made.id).disabled
    assert not ada.enable_webhook(made.id).disabled
    assert ada.get_webhook(made.id) == changed
    ada.delete_webhook(made.id)
    with pytest.raises(HfHubHTTPError) as error:
        ada.get_webhook(made.id)
    assert error.value.response.status_code == 404


def test_the_secret_is_kept_where_only_the_hub_reads_it(
    served: HubServer, ada: HfApi, receiver: Receiver
) -> None:
    made = watch(ada, receiver, "model", "ada/bert", secret=SECRET)
    url = f"{served.endpoint}/api/settings/webhooks/{made.id}"
    assert SECRET not in requests.get(url, headers=served.headers("ada"), timeout=30).text
    with served.hub.database.read() as session:
        sealed = session.scalar(select(Webhook.secret).where(Webhook.uid == made.id))
    assert sealed
    assert SECRET.encode() not in sealed


def test_a_commit_is_told_with_its_refs_and_the_secret(
    served: HubServer, ada: HfApi, receiver: Receiver
) -> None:
    watch(ada, receiver, "user", "ada", secret=SECRET)
    before = ada.model_info("ada/bert").sha
    done = commit(ada, "ada/bert")
    headers, said = receiver.next()
    assert headers["X-Webhook-Secret"] == SECRET
    assert (said.event.action, said.event.scope) == ("update", "repo.content")
    assert (said.repo.name, said.repo.type, said.repo.private) == ("ada/bert", "model", False)
    assert said.repo.url.web == f"{served.endpoint}/ada/bert"
    assert said.repo.url.api == f"{served.endpoint}/api/models/ada/bert"
    assert [(ref.ref, ref.oldSha, ref.newSha) for ref in said.updatedRefs or []] == [
        ("refs/heads/main", before, done.oid)
    ]


def test_the_life_of_a_repository_is_told(ada: HfApi, receiver: Receiver) -> None:
    watch(ada, receiver, "user", "ada")
    ada.create_repo("ada/moving", repo_type="dataset")
    ada.move_repo("ada/moving", "ada/moved", repo_type="dataset")
    ada.update_repo_settings("ada/moved", repo_type="dataset", private=True)
    ada.delete_repo("ada/moved", repo_type="dataset")
    said = [receiver.next()[1] for _ in range(4)]
    told = {(one.event.action, one.event.scope): one for one in said}
    assert set(told) == {
        ("create", "repo"),
        ("move", "repo"),
        ("update", "repo.config"),
        ("delete", "repo"),
    }
    moved = told["move", "repo"]
    assert moved.movedTo is not None
    assert (moved.repo.name, moved.movedTo.name) == ("ada/moving", "ada/moved")


def test_discussions_and_comments_are_told(ada: HfApi, receiver: Receiver) -> None:
    watch(ada, receiver, "model", "ada/bert", domains=["discussion"])
    opened = ada.create_discussion("ada/bert", "A question", token=ada.token, description="Why?")
    ada.comment_discussion("ada/bert", opened.num, comment="Because.")
    touch(ada, "ada/bert")
    said = [receiver.next()[1] for _ in range(2)]
    assert {one.event.scope for one in said} == {"discussion", "discussion.comment"}
    comment = next(one for one in said if one.event.scope == "discussion.comment")
    assert comment.discussion is not None
    assert comment.comment is not None
    assert (comment.discussion.num, comment.discussion.title) == (opened.num, "A question")
    assert comment.comment.content == "Because."
    with pytest.raises(Empty):  # commits are not discussions
        receiver.messages.get(timeout=0.3)


def test_nobody_hears_of_what_they_may_not_read(
    served: HubServer, ada: HfApi, bob: HfApi, receiver: Receiver
) -> None:
    watch(bob, receiver, "user", "ada")
    touch(ada, "ada/secret")
    touch(ada, "ada/bert")
    assert receiver.next()[1].repo.name == "ada/bert"
    with pytest.raises(HfHubHTTPError) as error:
        watch(bob, receiver, "model", "ada/secret")
    with pytest.raises(HfHubHTTPError) as missing:
        watch(bob, receiver, "model", "ada/phantom")
    texts = [one.value.response.text for one in (error, missing)]
    assert texts[0].replace("secret", "phantom") == texts[1]


def test_rights_count_when_a_message_is_sent(
    served: HubServer, ada: HfApi, bob: HfApi, receiver: Receiver
) -> None:
    ada.create_repo("ada/closing")
    webhook = watch(bob, receiver, "model", "ada/closing")
    receiver.status = 500
    touch(ada, "ada/closing")
    receiver.next()
    ada.update_repo_settings("ada/closing", private=True)
    receiver.status = 200
    _due_now(served, webhook.id)
    for _ in range(200):
        last = deliveries(served, webhook.id, "bob")[0]
        if last["state"] != "pending":
            break
        time.sleep(0.05)
    assert last["state"] == "failed"
    assert "no access" in last["error"]
    assert receiver.messages.empty()


def _due_now(served: HubServer, webhook: str) -> None:
    deadline = time.monotonic() + 20
    while deliveries_waiting(served, webhook) and time.monotonic() < deadline:
        time.sleep(0.05)
    own = select(Webhook.pk).where(Webhook.uid == webhook).scalar_subquery()
    with served.hub.database.write() as session:
        session.execute(
            update(WebhookDelivery)
            .where(WebhookDelivery.webhook_pk == own, WebhookDelivery.state == "pending")
            .values(next_at=utc_now())
        )
    served.hub.deliverer.wake()


def deliveries_waiting(served: HubServer, webhook: str) -> bool:
    """Whether a message was sent of which the outcome is not written down yet."""
    with served.hub.database.read() as session:
        rows = session.scalars(
            select(WebhookDelivery)
            .join(Webhook, Webhook.pk == WebhookDelivery.webhook_pk)
            .where(Webhook.uid == webhook, WebhookDelivery.state == "pending")
        ).all()
    return any(row.error is None for row in rows)


@pytest.mark.parametrize("status", [500, 302])
def test_a_failure_is_tried_again(
    served: HubServer, ada: HfApi, receiver: Receiver, status: int
) -> None:
    webhook = watch(ada, receiver, "model", "ada/bert")
    receiver.status = status
    touch(ada, "ada/bert")
    receiver.next()
    first = settled(served, webhook.id)
    assert (first["state"], first["attempts"], first["status"]) == ("pending", 1, status)
    assert receiver.messages.empty()  # a redirect is not followed
    receiver.status = 204
    _due_now(served, webhook.id)
    receiver.next()
    for _ in range(200):
        last = deliveries(served, webhook.id)[0]
        if last["state"] == "delivered":
            break
        time.sleep(0.05)
    assert (last["state"], last["attempts"], last["status"]) == ("delivered", 2, 204)


def test_a_message_is_replayed(served: HubServer, ada: HfApi, receiver: Receiver) -> None:
    webhook = watch(ada, receiver, "model", "ada/bert")
    touch(ada, "ada/bert")
    first = receiver.next()[1]
    sent = settled(served, webhook.id)
    base = f"{served.endpoint}/api/settings/webhooks/{webhook.id}/deliveries"
    url = f"{base}/{sent['id']}/replay"
    answer = requests.post(url, headers=served.headers("ada"), timeout=30)
    assert answer.json()["delivery"]["event"] == sent["event"]
    assert receiver.next()[1] == first
    assert len(deliveries(served, webhook.id)) == 2
    assert requests.post(url, headers=served.headers("bob"), timeout=30).status_code == 404


def test_what_fails_too_often_is_switched_off(
    served: HubServer, ada: HfApi, receiver: Receiver
) -> None:
    webhook = watch(ada, receiver, "model", "ada/bert")
    queue = served.hub.webhook_queue
    ada.disable_webhook(webhook.id)  # the deliverer keeps away; here the outcomes are made up
    with served.hub.database.write() as session:
        row = session.scalars(select(Webhook).where(Webhook.uid == webhook.id)).one()
        row.failures, row.disabled, row.url = MOST_FAILURES - 1, False, "http://127.0.0.1:9/"
    touch(ada, "ada/bert")
    for _ in range(len(DELAYS) + 1):
        settled(served, webhook.id)
        if ada.get_webhook(webhook.id).disabled:
            break
        with served.hub.database.write() as session:
            session.execute(update(WebhookDelivery).values(attempts=len(DELAYS)))
        _due_now(served, webhook.id)
        time.sleep(0.2)
    assert ada.get_webhook(webhook.id).disabled
    assert queue.next_due() is None
    assert not ada.enable_webhook(webhook.id).disabled


def test_webhooks_belong_to_one_person(
    served: HubServer, ada: HfApi, bob: HfApi, receiver: Receiver
) -> None:
    webhook = watch(ada, receiver, "model", "ada/bert")
    assert bob.list_webhooks() == []
    for call in (bob.get_webhook, bob.disable_webhook, bob.delete_webhook):
        with pytest.raises(HfHubHTTPError) as error:
            call(webhook.id)
        assert error.value.response.status_code == 404
    url = f"{served.endpoint}/api/settings/webhooks"
    assert requests.get(url, timeout=30).status_code == 401
    body = {"url": receiver.url, "watched": [{"type": "model", "name": "ada/bert"}]}
    headers = served.headers("ada", "read")
    assert requests.post(url, json=body, headers=headers, timeout=30).status_code == 403


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"url": "ftp://example.org"}, "url"),
        ({"url": "http://ada:pw@example.org"}, "url"),
        ({"url": "http://"}, "url"),
        ({"url": "http://[::1"}, "url"),
        ({"url": "http://example.org/\r\nX: y"}, "url"),
        ({"url": 5}, "url"),
        ({"watched": []}, "watched"),
        ({"watched": "all"}, "watched"),
        ({"watched": [{"type": "planet", "name": "mars"}]}, "planet"),
        ({"watched": [{"type": "user", "name": "nobody"}]}, "nobody"),
        ({"watched": [{"type": "user"}]}, "watched"),
        ({"domains": ["jobs"]}, "domains"),
        ({"secret": "a\r\nb"}, "secret"),
        ({"secret": "ü"}, "secret"),
    ],
)
def test_wishes_that_mean_nothing_are_refused(
    served: HubServer, change: dict[str, Any], word: str
) -> None:
    body = {"url": "https://example.org/x", "watched": [{"type": "user", "name": "ada"}], **change}
    url = f"{served.endpoint}/api/settings/webhooks"
    answer = requests.post(url, json=body, headers=served.headers("ada"), timeout=30)
    assert answer.status_code == 400
    assert word in answer.json()["error"]


def test_jobs_are_not_offered(ada: HfApi) -> None:
    with pytest.raises(HfHubHTTPError) as error:
        ada.create_webhook(job_id="ada/1", watched=[{"type": "user", "name": "ada"}])
    assert error.value.response.status_code == 501
