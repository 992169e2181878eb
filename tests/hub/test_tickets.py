"""Tickets: signed, bound to a purpose, short-lived."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from phub_jupyter.errors import ForbiddenError
from phub_jupyter.hub.objects.tickets import Tickets

HOUR = timedelta(hours=1)
CLAIMS = {"repo": "ab", "size": 7, "list": [1, 2]}


def test_a_ticket_gives_its_claims_back_and_can_stand_in_a_url() -> None:
    text = Tickets(b"s" * 32).issue("lfs", CLAIMS, HOUR)
    assert Tickets(b"s" * 32).open("lfs", text) == CLAIMS
    assert set(text) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")


def test_another_purpose_another_secret_and_any_change_are_refused() -> None:
    tickets = Tickets(b"s" * 32)
    text = tickets.issue("lfs", CLAIMS, HOUR)
    with pytest.raises(ForbiddenError, match="signature"):
        tickets.open("xet", text)
    with pytest.raises(ForbiddenError, match="signature"):
        Tickets(b"t" * 32).open("lfs", text)
    for at in range(0, len(text) - 1, 7):
        changed = text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]
        with pytest.raises(ForbiddenError):
            tickets.open("lfs", changed)


@pytest.mark.parametrize("text", ["", ".", "a.b", "ä.ö", "\ud800.x", "....", "hf_token"])
def test_rubbish_is_refused(text: str) -> None:
    with pytest.raises(ForbiddenError):
        Tickets(b"s" * 32).open("lfs", text)


def test_an_old_ticket_is_refused_after_its_leeway(monkeypatch: pytest.MonkeyPatch) -> None:
    tickets = Tickets(b"s" * 32)
    text = tickets.issue("lfs", CLAIMS, timedelta(seconds=60))
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 90)
    with pytest.raises(ForbiddenError, match="expired"):
        tickets.open("lfs", text)
    assert tickets.open("lfs", text, timedelta(seconds=60)) == CLAIMS
