"""People and organizations as others see them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from phub_jupyter.hub.database.tables import Namespace
from phub_jupyter.hub.people.profiles import Profile
from phub_server.base import HubHandler
from phub_server.routing import Route
from phub_server.wire import page_limit

__all__ = ["ROUTES"]

_LARGEST_PAGE = 500
_KINDS = {"users": "user", "organizations": "org"}


class OverviewHandler(HubHandler):
    """An account with its numbers."""

    async def get(self, kind: str, account: str) -> None:
        found = await self.run(self.hub.profiles.find, self.actor, _KINDS[kind], account)
        self.reply(_user(found) if kind == "users" else _organization(found))


class _AccountPage(HubHandler):
    """One page of accounts."""

    async def page(self, function: Callable[..., list[Namespace]], *place: str) -> None:
        limit = page_limit(self, _LARGEST_PAGE)
        after = self.whole_number("cursor", 0)
        found = await self.run(lambda: function(self.actor, *place, after, limit + 1))
        more = {"limit": limit, "cursor": found[limit - 1].pk} if len(found) > limit else None
        self.reply_page([_listed(account) for account in found[:limit]], more)


class FollowerListHandler(_AccountPage):
    """Who follows an account."""

    async def get(self, kind: str, account: str) -> None:
        await self.page(self.hub.profiles.followers, _KINDS[kind], account)


class FollowingListHandler(_AccountPage):
    """Whom a person follows."""

    async def get(self, account: str) -> None:
        await self.page(self.hub.profiles.following, account)


class MemberListHandler(_AccountPage):
    """The members of an organization."""

    async def get(self, account: str) -> None:
        await self.page(self.hub.profiles.members, account)


class FollowHandler(HubHandler):
    """Follow an account, or no longer."""

    async def post(self, kind: str, account: str) -> None:
        await self._set(kind, account, True)

    async def delete(self, kind: str, account: str) -> None:
        await self._set(kind, account, False)

    async def _set(self, kind: str, account: str, follows: bool) -> None:
        await self.run(self.hub.profiles.follow, self.actor, _KINDS[kind], account, follows)
        self.reply({"following": follows})


def _listed(account: Namespace) -> dict[str, Any]:
    return {
        "user" if account.kind == "user" else "name": account.name,
        "fullname": account.fullname or account.name,
        "avatarUrl": "",
        "type": account.kind,
        "isPro": False,
    }


def _numbers(profile: Profile) -> dict[str, Any]:
    return {
        "details": "",
        "isFollowing": profile.followed,
        "numModels": profile.repos.get("model", 0),
        "numDatasets": profile.repos.get("dataset", 0),
        "numSpaces": profile.repos.get("space", 0),
        "numPapers": 0,
        "numFollowers": profile.followers,
    }


def _user(profile: Profile) -> dict[str, Any]:
    return {
        **_listed(profile.account),
        **_numbers(profile),
        "numDiscussions": profile.discussions,
        "numUpvotes": 0,
        "numLikes": profile.likes,
        "numFollowing": profile.following,
        "orgs": [_listed(org) for org in profile.orgs],
    }


def _organization(profile: Profile) -> dict[str, Any]:
    return {
        **_listed(profile.account),
        **_numbers(profile),
        "isVerified": False,
        "numUsers": profile.members,
    }


_KIND = r"(?P<kind>users|organizations)"
_ACCOUNT = r"(?P<account>[^/]+)"

ROUTES: tuple[Route, ...] = (
    Route(rf"/api/{_KIND}/{_ACCOUNT}/overview", OverviewHandler),
    Route(rf"/api/{_KIND}/{_ACCOUNT}/followers", FollowerListHandler),
    Route(rf"/api/{_KIND}/{_ACCOUNT}/follow", FollowHandler),
    Route(rf"/api/users/{_ACCOUNT}/following", FollowingListHandler),
    Route(rf"/api/organizations/{_ACCOUNT}/members", MemberListHandler),
)
