"""The page on which a person lets an app in, in a browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from ..conftest import HubServer
from ..server.sign_in import Client, answered_address, register
from .lab_server import Lab

pytestmark = pytest.mark.browser


class Arrivals(BaseHTTPRequestHandler):
    """The app that people come back to."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<title>Welcome</title>")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def callback() -> Iterator[str]:
    """The address of an app on another origin than the hub."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Arrivals)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/callback"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_a_person_agrees_by_keyboard(
    hub_server: HubServer,
    browser: Browser,
    callback: str,
    tmp_path: Path,
    colours: Literal["light", "dark"],
) -> None:
    scopes = ["openid", "profile", "email", "write-repos"]
    app = register(hub_server, redirectUris=[callback], scopes=scopes)
    client = Client(hub_server, app, callback)
    address = client.ask(scope=" ".join(scopes)).request.url
    page = browser.new_page(color_scheme=colours, viewport={"width": 900, "height": 860})
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(address or "")
    expect(page.get_by_role("heading", name="Sign in to Notes")).to_be_visible()
    expect(page.get_by_label("token of yours")).to_be_focused()
    page.screenshot(path=str(tmp_path / "consent.png"))
    page.keyboard.type(hub_server.token())
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Allow")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"{callback}?**")
    assert [text for text in complaints if "favicon" not in text] == []
    assert client.exchange(answered_address(page.url)["code"]).status_code == 200
    page.close()


def test_inside_jupyter_nobody_types_anything(lab: Lab, page: Page, callback: str) -> None:
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {lab.api.token}"
    wanted = {"name": "Notes", "redirectUris": [callback], "confidential": False}
    apps = f"{lab.endpoint}/api/settings/oauth-apps"
    client = Client(lab, session.post(apps, json=wanted, timeout=30).json(), callback)
    page.goto(client.ask().request.url or "")
    expect(page.get_by_text("signed in to the hub as grace")).to_be_visible()
    cookies = {item["name"]: item["value"] for item in page.context.cookies()}
    forged = {**client.query(), "decision": "allow"}
    address = f"{lab.endpoint}/oauth/authorize"
    answer = requests.post(address, data=forged, cookies=cookies, allow_redirects=False, timeout=30)
    assert answer.status_code == 403
    page.get_by_role("button", name="Allow").press("Enter")
    page.wait_for_url(f"{callback}?**")
    tokens = client.exchange(answered_address(page.url)["code"]).json()
    assert client.call(tokens, "/oauth/userinfo").json()["preferred_username"] == "grace"
