"""The page on which a person lets an app in (OAuth 2.0 authorization code, OpenID Connect).

The browser leaves for an address that the app registered, or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from urllib.parse import urlencode, urlsplit

from phub_jupyter.errors import HubError, InvalidRequestError
from phub_jupyter.hub.access import Actor
from phub_jupyter.hub.apps.logins import Consent, check_challenge
from phub_jupyter.hub.apps.redirects import is_registered, is_within, origin_of
from phub_jupyter.hub.apps.registry import RegisteredApp
from phub_jupyter.hub.apps.scopes import SCOPES, parse_scopes
from phub_jupyter.hub.database.tables import App
from phub_server.base import HubHandler
from phub_server.handlers.spaces import app_address
from phub_server.pages import page, page_policy
from phub_server.routing import Route

__all__ = ["ROUTES"]

_FIELDS = (
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "prompt",
)
_LONGEST = {"state": 4000, "nonce": 500, "scope": 1000}
_LOCAL = frozenset({"127.0.0.1", "::1", "localhost"})


class _RefusedError(Exception):
    """The app is told, by the address that it registered, why it gets no code."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


@dataclass(frozen=True, slots=True)
class _Question:
    """What an app asks for, once it is known where the answer may go."""

    registered: RegisteredApp
    fields: dict[str, str]

    @property
    def redirect(self) -> str:
        return self.fields["redirect_uri"]

    def consent(self) -> Consent:
        """What there is to agree to. Raises _RefusedError."""
        app, fields = self.registered.app, self.fields
        if fields["response_type"] != "code":
            raise _RefusedError("unsupported_response_type", "response_type: send code.")
        if fields["response_mode"] not in ("", "query"):
            raise _RefusedError("invalid_request", "response_mode: only query is supported.")
        try:
            scopes = parse_scopes(fields["scope"])
        except InvalidRequestError as error:
            raise _RefusedError("invalid_scope", error.message) from None
        if not scopes or not set(scopes) <= set(app.scopes):
            allowed = " ".join(app.scopes)
            raise _RefusedError("invalid_scope", f"scope: this app may ask for {allowed}.")
        try:
            method = fields["code_challenge_method"]
            challenge = check_challenge(app, fields["code_challenge"] or None, method or None)
        except InvalidRequestError as error:
            raise _RefusedError("invalid_request", error.message) from None
        if "none" in fields["prompt"].split():  # every app is let in anew, by a person
            raise _RefusedError("interaction_required", "prompt: a person has to agree each time.")
        return Consent(app, scopes, self.redirect, challenge, fields["nonce"] or None)


class AuthorizeHandler(HubHandler):
    """Shows what an app asks for; a person's answer goes back to the app as a code or a no."""

    async def get(self) -> None:
        question = await self._question(from_body=False)
        if question is None:
            return
        try:
            self._show_question(question, question.consent())
        except _RefusedError as error:
            self._send_back(question, error=error.code, error_description=error.text)

    async def post(self) -> None:
        question = await self._question(from_body=True)
        if question is None:
            return
        try:
            consent = question.consent()
            if self.get_body_argument("decision", "") != "allow":
                raise _RefusedError("access_denied", "The person said no.")
        except _RefusedError as error:
            self._send_back(question, error=error.code, error_description=error.text)
            return
        try:
            code = await self.run(self.hub.app_logins.allow, await self._person(), consent)
        except HubError as error:
            self.set_status(error.status)
            self._show_question(question, consent, error.message)
            return
        self._send_back(question, code=code)

    async def _person(self) -> Actor:
        token = self.get_body_argument("token", "").strip()
        if self.actor.is_anonymous and token:
            return await self.run(self.hub.accounts.actor_for_token, token)
        return self.actor

    async def _question(self, *, from_body: bool) -> _Question | None:
        """The request, if it comes from an app of ours; else say so, and send nobody anywhere."""
        argument = self.get_body_argument if from_body else self.get_query_argument
        fields = {name: argument(name, "") for name in _FIELDS}
        found = await self.run(self.hub.apps.find, fields["client_id"])
        if found is None:
            self._refuse_page("client_id: no app of that id is registered with this hub.")
            return None
        if not await self._may_answer(found.app, fields["redirect_uri"]):
            self._refuse_page(
                "redirect_uri: the app has not registered this address; its owner can add it."
            )
            return None
        for name, longest in _LONGEST.items():
            if len(fields[name]) > longest:
                self._refuse_page(f"{name}: at most {longest} characters.")
                return None
        return _Question(found, fields)

    async def _may_answer(self, app: App, address: str) -> bool:
        if app.repo_pk is None:
            return is_registered(address, app.redirect_uris)
        # A Space is wherever it runs now, by the name that this browser knows the hub by.
        repo = await self.run(self.hub.apps.space_of, app)
        if repo is None:
            return False
        state = self.hub.spaces.state(repo)
        scheme = self.endpoint.partition(":")[0]
        here = app_address(scheme, self.request.host, state)
        return state.port is not None and is_within(address, origin_of(here))

    def _send_back(self, question: _Question, **answer: str) -> None:
        more = {**answer, "iss": self.endpoint}
        if question.fields["state"]:
            more["state"] = question.fields["state"]
        joint = "&" if urlsplit(question.redirect).query else "?"
        self._page_headers()
        self.set_status(303)  # a POST becomes a GET, so no form travels on
        self.set_header("Location", question.redirect + joint + urlencode(more))
        self.finish()

    def _show_question(self, question: _Question, consent: Consent, problem: str = "") -> None:
        app, owner = question.registered.app, question.registered.owner
        wishes = "".join(f"<li>{escape(SCOPES[scope])}</li>" for scope in consent.scopes)
        target = origin_of(question.redirect)
        self._page_headers(target)
        self.finish(
            page(
                f"Sign in to {app.name}",
                _PAGE.format(
                    problem=f'<p role="alert"><strong>{escape(problem)}</strong></p>'
                    if problem
                    else "",
                    app=escape(app.name),
                    owner=escape(owner),
                    wishes=wishes,
                    scopes=escape(" ".join(consent.scopes)),
                    redirect=escape(_shown(question.redirect)),
                    target=escape(target),
                    hidden=self._hidden(question),
                    who=self._who(),
                    note=_NOTE_OF_LOOPBACK if urlsplit(target).hostname in _LOCAL else "",
                ),
            )
        )

    def _hidden(self, question: _Question) -> str:
        # Jupyter wants the value of its cookie back, so that no other page can send this form.
        fields = {**question.fields, "_xsrf": self.get_cookie("_xsrf", "") or ""}
        return "".join(
            f'<input type="hidden" name="{name}" value="{escape(value, quote=True)}">'
            for name, value in fields.items()
        )

    def _who(self) -> str:
        if self.actor.is_anonymous:
            return (
                '<label for="token">Sign in with a token of yours, with the role write</label>'
                '<input id="token" name="token" type="password" autocomplete="off" autofocus>'
                '<p class="small">The app does not see this token.</p>'
            )
        name = escape(self.actor.name or "")
        return f"<p>You are signed in to the hub as <strong>{name}</strong>.</p>"

    def _refuse_page(self, text: str) -> None:
        self._page_headers()
        self.set_status(400)
        body = f"<p>{escape(text)}</p><p>Nothing was sent to any app.</p>"
        self.finish(page("This sign-in cannot go on", body))

    def _page_headers(self, target: str = "") -> None:
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Content-Security-Policy", page_policy(target))
        self.set_header("X-Frame-Options", "DENY")
        # Without any referrer browsers would hide where the form comes from, which Jupyter checks.
        self.set_header("Referrer-Policy", "same-origin")
        self.set_header("Cache-Control", "no-store")


_PAGE = (
    "{problem}<p><strong>{app}</strong>, an app registered by <strong>{owner}</strong>, wants "
    'to</p><ul>{wishes}</ul><p class="small">Scopes: <code>{scopes}</code></p>'
    "<p>Your answer goes to <strong>{target}</strong><br>"
    '<code class="small">{redirect}</code></p>{note}'
    '<form method="post" action="authorize">{hidden}{who}'
    '<button class="main" name="decision" value="allow">Allow</button>'
    '<button class="other" name="decision" value="deny" formnovalidate>Deny</button></form>'
    '<p class="small">Allow only what you asked for yourself. The app never gets more than you '
    "may do, and you can end it any time among your connected apps.</p>"
)
_NOTE_OF_LOOPBACK = '<p class="small">That is a program on your own machine.</p>'


def _shown(address: str) -> str:
    return address if len(address) < 200 else f"{address[:200]}…"


ROUTES: tuple[Route, ...] = (Route(r"/oauth/authorize", AuthorizeHandler),)
