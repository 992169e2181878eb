"""``phub org``: organizations and the roles of their members."""

from __future__ import annotations

import argparse

from phub_server.commands.data_folder import existing_hub, opened_hub

__all__ = ["NO_ROLE", "add_org", "list_orgs", "set_role"]

NO_ROLE = "none"
"""What is typed in the place of a role to end a membership."""


def add_org(options: argparse.Namespace) -> int:
    """Add an organization with its first administrator."""
    with opened_hub(options) as hub:
        org = hub.accounts.add_org(options.name, options.owner)
    print(f"Added the organization {org.name}; {options.owner} administers it.")
    return 0


def list_orgs(options: argparse.Namespace) -> int:
    """Print every membership, a line each."""
    with existing_hub(options) as hub:
        memberships = hub.organizations.memberships()
    for org, user, role in memberships:
        print(f"{org}\t{user}\t{role}")
    return 0


def set_role(options: argparse.Namespace) -> int:
    """Make somebody a member, change a member's role, or end the membership."""
    from phub_jupyter.hub.access import Actor

    # Whoever may write to the data folder could change the rows themselves.
    operator = Actor(is_admin=True)
    with existing_hub(options) as hub:
        if options.role == NO_ROLE:
            hub.organizations.remove(operator, options.org, options.user)
        else:
            hub.organizations.set_role(operator, options.org, options.user, options.role)
    if options.role == NO_ROLE:
        print(f"{options.user} is no member of {options.org} any more.")
    else:
        print(f"{options.user} has the role {options.role} in {options.org}.")
    return 0
