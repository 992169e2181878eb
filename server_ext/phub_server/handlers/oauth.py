"""Logins of programs by a code that a person approves (OAuth 2.0 device flow)."""

from __future__ import annotations

from html import escape

from phub_jupyter.errors import HubError
from phub_jupyter.hub.access import ANONYMOUS, Actor
from phub_jupyter.hub.people.device_login import INTERVAL, LIFETIME
from phub_server.base import HubHandler
from phub_server.networks import network_of
from phub_server.pages import PAGE_POLICY, page
from phub_server.routing import Route

__all__ = ["ROUTES"]


class DeviceHandler(HubHandler):
    """Begins a login: a code for the person, and a secret for the program."""

    async def identify(self) -> Actor:
        """Nobody in particular: the program has no credentials yet."""
        return ANONYMOUS

    async def post(self) -> None:
        origin = network_of(self.request.remote_ip)
        started = await self.run(self.hub.device_logins.start, origin)
        address = f"{self.endpoint}/device"
        self.set_header("Cache-Control", "no-store")
        self.reply(
            {
                "device_code": started.device_code,
                "user_code": started.user_code,
                "verification_uri": address,
                "verification_uri_complete": f"{address}?code={started.user_code}",
                "interval": INTERVAL,
                "expires_in": int(LIFETIME.total_seconds()),
            }
        )


class ApprovalHandler(HubHandler):
    """The page on which a person approves the code that a program shows."""

    async def get(self) -> None:
        self._show(_FORM.format(code=escape(self.get_query_argument("code", "")[:40], quote=True),
                                xsrf=self._guard(), who=self._who()))  # fmt: skip

    async def post(self) -> None:
        approve = self.get_body_argument("decision", "") == "approve"
        code = self.get_body_argument("code", "")
        try:
            actor = self.actor
            token = self.get_body_argument("token", "").strip()
            if actor.is_anonymous and token:
                actor = await self.run(self.hub.accounts.actor_for_token, token)
            await self.run(self.hub.device_logins.decide, actor, code, approve)
        except HubError as error:
            self.set_status(error.status)
            self._show(f"<p>{escape(error.message)}</p><p><a href='device'>Try again</a></p>")
            return
        done = "The program is logged in now." if approve else "The program was turned away."
        self._show(f"<p>{done} You can close this page.</p>")

    def _show(self, body: str) -> None:
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Content-Security-Policy", PAGE_POLICY)
        self.set_header("Cache-Control", "no-store")
        self.finish(page("Let a program log in", body))

    def _who(self) -> str:
        if self.actor.is_anonymous:
            return (
                '<label for="token">A token of yours with the role write</label>'
                '<input id="token" name="token" type="password" autocomplete="off" required>'
            )
        return f"<p>It will act as <strong>{escape(self.actor.name or '')}</strong>.</p>"

    def _guard(self) -> str:
        # Jupyter wants the value of its cookie back, so that no other page can send this form.
        value = self.get_cookie("_xsrf", "") or ""
        return f'<input type="hidden" name="_xsrf" value="{escape(value, quote=True)}">'


_FORM = (
    "<p>A program asks to log in. Only go on if you started it, and it shows this code.</p>"
    '<form method="post">{xsrf}<label for="code">Code</label>'
    '<input id="code" name="code" value="{code}" autocomplete="off" required>{who}'
    '<button name="decision" value="approve">Let it in</button>'
    '<button name="decision" value="deny">Turn it away</button></form>'
)


ROUTES: tuple[Route, ...] = (
    Route(r"/oauth/device", DeviceHandler),
    Route(r"/device", ApprovalHandler),
)
