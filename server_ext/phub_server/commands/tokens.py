"""``phub token``: the credentials of programs."""

from __future__ import annotations

import argparse
import sys
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from phub_server.commands.data_folder import existing_hub, opened_hub

if TYPE_CHECKING:
    from phub_jupyter.hub.hub import Hub

__all__ = ["add_token", "list_tokens", "revoke_token", "scope_named"]


def scope_named(text: str) -> dict[str, Any]:
    """``TYPE:NAME:RIGHT`` as the service that makes tokens wants it."""
    kind, _, rest = text.partition(":")
    name, _, right = rest.partition(":")
    if not kind or not name or right not in ("read", "write"):
        raise argparse.ArgumentTypeError(
            f"'{text}' is not a scope; write TYPE:NAME:read or TYPE:NAME:write, "
            "such as model:acme/bert:read or org:acme:write"
        )
    return {"type": kind, "name": name, "rights": [right]}


def add_token(options: argparse.Namespace) -> int:
    """Make a token and print it, this once."""
    with opened_hub(options) as hub:
        token = _made(hub, options)
    # The explanation goes elsewhere, so that a script can take the output as it is.
    print(f"A token of {options.user} with role {options.role}; copy it now:", file=sys.stderr)
    print(token)
    return 0


def _made(hub: Hub, options: argparse.Namespace) -> str:
    from phub_jupyter.hub.people.tokens import Wish

    lifetime = None if options.days is None else timedelta(days=options.days)
    if options.role == "fineGrained" or options.scope or options.reads_gated:
        # The person must be able to see what the token names.
        person = hub.accounts.actor_for_user(options.user)
        scopes = tuple(options.scope)
        wish = Wish(options.name, options.role, scopes, lifetime, options.reads_gated)
        return hub.tokens.add(person, wish)
    return hub.accounts.add_token(
        options.user, name=options.name, role=options.role, lifetime=lifetime
    )


def list_tokens(options: argparse.Namespace) -> int:
    """Print a person's tokens, a line each, without their texts."""
    with existing_hub(options) as hub:
        tokens = hub.accounts.tokens_of(options.user)
    for token in tokens:
        ends = f"until {_day(token.expires_at)}" if token.expires_at else "for ever"
        used = f"used {_day(token.last_used_at)}" if token.last_used_at else "never used"
        print(f"{token.pk}\t{token.role}\t{ends}\t{used}\t{_printable(token.name)}")
    return 0


def revoke_token(options: argparse.Namespace) -> int:
    """Make a token worthless, with everything that it opened."""
    with existing_hub(options) as hub:
        person = hub.accounts.actor_for_user(options.user)
        hub.tokens.revoke(person, options.id)
    print(f"Revoked the token {options.id} of {person.name}.")
    return 0


def _day(time: datetime) -> str:
    return f"{time:%Y-%m-%d}"


def _printable(name: str) -> str:
    # People name their tokens; what they write must not steer the terminal of the administrator.
    return "".join(letter if letter.isprintable() else "?" for letter in name)
