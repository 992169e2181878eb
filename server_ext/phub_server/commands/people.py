"""``phub user`` and ``phub login``: who there is, and letting their programs in."""

from __future__ import annotations

import argparse

from phub_server.commands.data_folder import existing_hub, opened_hub

__all__ = ["add_user", "approve_login", "list_users"]


def add_user(options: argparse.Namespace) -> int:
    """Add a person."""
    with opened_hub(options) as hub:
        user = hub.accounts.add_user(options.name, admin=options.admin)
    print(f"Added the {'administrator' if user.is_admin else 'user'} {user.name}.")
    return 0


def list_users(options: argparse.Namespace) -> int:
    """Print every person, a line each."""
    with existing_hub(options) as hub:
        people = hub.accounts.people()
    for person in people:
        print(f"{person.name}\t{'administrator' if person.is_admin else 'user'}")
    return 0


def approve_login(options: argparse.Namespace) -> int:
    """Let the program that shows a code in, as a person."""
    with existing_hub(options) as hub:
        person = hub.accounts.actor_for_user(options.user)
        hub.device_logins.decide(person, options.code, True)
    print(f"The program is logged in as {person.name}.")
    return 0
