"""What a Space is given: secrets, variables, volumes, time until it sleeps, hardware."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from phub_jupyter.errors import InvalidRequestError, NotSupportedError, OverloadedError
from phub_jupyter.hub.access import Action
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.spaces.environment import Kind, SpaceEnvironment, Variable
from phub_jupyter.hub.spaces.state import Stage
from phub_jupyter.hub.spaces.templates import TEMPLATES
from phub_jupyter.hub.spaces.volume import AskedVolume
from phub_server.base import HubHandler
from phub_server.handlers.spaces import SpaceHandler
from phub_server.repo_bodies import TEMPLATE_SDK
from phub_server.routing import NAME, NAMESPACE, Route

__all__ = ["ROUTES"]

Edit = Callable[[SpaceEnvironment], SpaceEnvironment]


class _GivenHandler(SpaceHandler):
    """Changes what a Space is given; one that runs is stopped, so that the next visit sees it."""

    async def change(self, repo: Repo, edit: Edit) -> SpaceEnvironment:
        given = await self.run(self.hub.spaces.environments.change, repo.uid, edit)
        await self.hub.spaces.stop(repo)
        return given

    async def put_item(self, kind: Kind, namespace: str, name: str) -> SpaceEnvironment:
        repo = await self.space(Action.WRITE, namespace, name)
        body = self.json_body()
        item = [body.get(key) for key in ("key", "value", "description")]
        return await self.change(repo, lambda given: given.put(kind, *item))

    async def delete_item(self, kind: Kind, namespace: str, name: str) -> SpaceEnvironment:
        repo = await self.space(Action.WRITE, namespace, name)
        key = self.json_body().get("key")
        if not isinstance(key, str):
            raise InvalidRequestError("key: send the name of what to delete.")
        return await self.change(repo, lambda given: given.without(kind, key))


class SecretsHandler(_GivenHandler):
    """Secrets by name; their values are never shown again."""

    async def get(self, namespace: str, name: str) -> None:
        repo = await self.space(Action.WRITE, namespace, name)
        self._show(await self.run(self.hub.spaces.environments.read, repo.uid))

    async def post(self, namespace: str, name: str) -> None:
        self._show(await self.put_item("secrets", namespace, name))

    async def delete(self, namespace: str, name: str) -> None:
        self._show(await self.delete_item("secrets", namespace, name))

    def _show(self, given: SpaceEnvironment) -> None:
        self.reply({key: _about(secret) for key, secret in given.secrets.items()})


class VariablesHandler(_GivenHandler):
    """Variables by name, for everybody who may read the Space's files."""

    async def get(self, namespace: str, name: str) -> None:
        repo = await self.space(Action.CONTENT, namespace, name)
        self._show(await self.run(self.hub.spaces.environments.read, repo.uid))

    async def post(self, namespace: str, name: str) -> None:
        self._show(await self.put_item("variables", namespace, name))

    async def delete(self, namespace: str, name: str) -> None:
        self._show(await self.delete_item("variables", namespace, name))

    def _show(self, given: SpaceEnvironment) -> None:
        self.reply(
            {key: {"value": item.value, **_about(item)} for key, item in given.variables.items()}
        )


def _about(item: Variable) -> dict[str, Any]:
    described = {} if item.description is None else {"description": item.description}
    return {**described, "updatedAt": item.updated_at}


class SleepTimeHandler(_GivenHandler):
    """After how many seconds without visitors the Space is stopped."""

    async def post(self, namespace: str, name: str) -> None:
        repo = await self.space(Action.WRITE, namespace, name)
        seconds = self.json_body().get("seconds")
        await self.change(repo, lambda given: given.sleeping_after(seconds))
        self.reply(await self.runtime(repo))


class HardwareHandler(_GivenHandler):
    """Sets what the Space runs on and, if asked, when it sleeps; one that runs is restarted."""

    async def post(self, namespace: str, name: str) -> None:
        repo = await self.space(Action.WRITE, namespace, name)
        body = self.json_body()
        flavor = self.hub.spaces.hardware.named(body.get("flavor"))
        seconds = body.get("sleepTimeSeconds")

        def edit(given: SpaceEnvironment) -> SpaceEnvironment:
            given = given if seconds is None else given.sleeping_after(seconds)
            return given.running_on(flavor.name)

        ran = self.hub.spaces.state(repo).stage is Stage.RUNNING
        await self.change(repo, edit)
        if ran:
            with contextlib.suppress(OverloadedError):  # the next visit starts it
                await self.hub.spaces.start(repo, self.own_address())
        self.reply(await self.runtime(repo))


class DevModeHandler(SpaceHandler):
    """There is no development mode, so it can only be turned off."""

    async def post(self, namespace: str, name: str) -> None:
        repo = await self.space(Action.WRITE, namespace, name)
        if self.json_body().get("enabled") is not False:
            raise InvalidRequestError(
                "enabled: apps of this hub run from a commit, without a container that one could "
                "log in to; push a commit instead, and send false here."
            )
        self.reply(await self.runtime(repo))


class VolumesHandler(_GivenHandler):
    """The folders of other repositories that the app may read; setting them replaces all."""

    async def put(self, namespace: str, name: str) -> None:
        repo = await self.space(Action.ADMIN, namespace, name)
        asked = AskedVolume.list_of(self.json_body().get("volumes"))
        volumes = await self.run(self.hub.spaces.volumes.find, self.actor, asked)
        await self.change(repo, lambda given: replace(given, volumes=volumes))
        self.reply({})

    async def delete(self, namespace: str, name: str) -> None:
        repo = await self.space(Action.ADMIN, namespace, name)
        await self.change(repo, lambda given: replace(given, volumes=None))
        self.reply({})


class StorageHandler(SpaceHandler):
    """A Space keeps nothing of its own between two starts."""

    async def post(self, namespace: str, name: str) -> None:
        await self.space(Action.WRITE, namespace, name)
        raise NotSupportedError(
            "tier: a Space of this hub keeps nothing between two starts; let it commit what it "
            "should keep to a dataset."
        )

    async def delete(self, namespace: str, name: str) -> None:
        await self.post(namespace, name)


class HardwareListHandler(HubHandler):
    """The shares of the hub's own machine that Spaces can run on."""

    async def get(self) -> None:
        flavors = self.hub.spaces.hardware.flavors.values()
        self.reply([flavor.describe() for flavor in flavors])


class TemplatesHandler(HubHandler):
    """Templates for new Spaces: notebooks to begin with."""

    async def get(self) -> None:
        self.reply(
            {
                "templates": [
                    {
                        "name": template.name,
                        "repoId": template.repo_id,
                        "sdk": TEMPLATE_SDK,
                        "preferredPrivate": template.prefers_private,
                    }
                    for template in TEMPLATES
                ]
            }
        )


_SPACE = rf"/api/spaces/{NAMESPACE}/{NAME}"

ROUTES: tuple[Route, ...] = (
    Route(r"/api/spaces/hardware", HardwareListHandler),
    Route(r"/api/spaces/templates", TemplatesHandler),
    Route(rf"{_SPACE}/secrets", SecretsHandler),
    Route(rf"{_SPACE}/variables", VariablesHandler),
    Route(rf"{_SPACE}/sleeptime", SleepTimeHandler),
    Route(rf"{_SPACE}/hardware", HardwareHandler),
    Route(rf"{_SPACE}/dev-mode", DevModeHandler),
    Route(rf"{_SPACE}/volumes", VolumesHandler),
    Route(rf"{_SPACE}/storage", StorageHandler),
)
