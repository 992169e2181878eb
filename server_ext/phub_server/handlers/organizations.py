"""Organizations as their administrators change them: members, roles, resource groups."""

from __future__ import annotations

from typing import Any

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.access import Action, require_own
from phub_jupyter.hub.people.organizations import Group
from phub_server.base import HubHandler
from phub_server.fields import required_text, text_field
from phub_server.routing import NAME, NAMESPACE, PLURAL, Route

__all__ = ["ROUTES"]


class CreateHandler(HubHandler):
    """Makes an organization, administered by who asks."""

    async def post(self) -> None:
        require_own(self.actor)
        name = required_text(self.json_body(), "name")
        org = await self.run(self.hub.accounts.add_org, name, self.actor.name or "")
        self.reply({"id": org.uid, "name": org.name, "type": "org"})


class RoleListHandler(HubHandler):
    """The members with their roles, for members."""

    async def get(self, account: str) -> None:
        roles = await self.run(self.hub.organizations.roles, self.actor, account)
        self.reply([{"user": name, "role": role} for name, role in roles.items()])


class MemberHandler(HubHandler):
    """One membership: begun, changed or ended; members may leave by themselves."""

    async def put(self, account: str, user: str) -> None:
        require_own(self.actor)
        role = required_text(self.json_body(), "role")
        await self.run(self.hub.organizations.set_role, self.actor, account, user, role)
        self.reply({"user": user, "role": role})

    async def delete(self, account: str, user: str) -> None:
        await self.run(self.hub.organizations.remove, self.actor, account, user)
        self.reply({})


class GroupListHandler(HubHandler):
    """The resource groups of an organization, and new ones."""

    async def get(self, account: str) -> None:
        groups = await self.run(self.hub.organizations.groups, self.actor, account)
        self.reply([_group(group) for group in groups])

    async def post(self, account: str) -> None:
        require_own(self.actor)
        body = self.json_body()
        name, about = required_text(body, "name"), text_field(body, "description") or ""
        add = self.hub.organizations.add_group
        self.reply(_group(await self.run(add, self.actor, account, name, about)))


class GroupHandler(HubHandler):
    """One resource group, removed once it is empty."""

    async def delete(self, account: str, group: str) -> None:
        await self.run(self.hub.organizations.remove_group, self.actor, account, group)
        self.reply({})


class GroupMemberHandler(HubHandler):
    """A member's role in a resource group."""

    async def put(self, account: str, group: str, user: str) -> None:
        require_own(self.actor)
        role = required_text(self.json_body(), "role")
        change = self.hub.organizations.set_group_role
        await self.run(change, self.actor, account, group, user, role)
        self.reply({"user": user, "role": role})

    async def delete(self, account: str, group: str, user: str) -> None:
        change = self.hub.organizations.set_group_role
        await self.run(change, self.actor, account, group, user, None)
        self.reply({})


class RepoGroupHandler(HubHandler):
    """Puts a repository into a resource group of its organization, or into none."""

    async def post(self, plural: str, namespace: str, name: str) -> None:
        repo = await self.repo(Action.ADMIN, plural, namespace, name)
        body = self.json_body()
        if "resourceGroupId" not in body:
            raise InvalidRequestError("resourceGroupId: send the id of a group, or null.")
        group = text_field(body, "resourceGroupId")
        await self.run(self.hub.organizations.place, self.actor, repo, group)
        self.reply({"resourceGroupId": group})


def _group(group: Group) -> dict[str, Any]:
    return {
        "id": group.row.uid,
        "name": group.row.name,
        "description": group.row.description,
        "numRepos": group.repos,
        "users": [{"user": name, "role": role} for name, role in group.members.items()],
    }


_ORG = r"/api/organizations/(?P<account>[^/]+)"
_USER = r"(?P<user>[^/]+)"
_GROUP = r"(?P<group>[^/]+)"

ROUTES: tuple[Route, ...] = (
    Route(r"/api/organizations", CreateHandler),
    Route(rf"{_ORG}/roles", RoleListHandler),
    Route(rf"{_ORG}/members/{_USER}", MemberHandler),
    Route(rf"{_ORG}/resource-groups", GroupListHandler),
    Route(rf"{_ORG}/resource-groups/{_GROUP}", GroupHandler),
    Route(rf"{_ORG}/resource-groups/{_GROUP}/users/{_USER}", GroupMemberHandler),
    Route(rf"/api/{PLURAL}/{NAMESPACE}/{NAME}/resource-group", RepoGroupHandler),
)
