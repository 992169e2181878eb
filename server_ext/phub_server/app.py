"""The server extension: the hub inside one person's Jupyter server, with nothing to configure."""

from __future__ import annotations

import getpass
import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_core.paths import jupyter_data_dir
from jupyter_server.extension.application import ExtensionApp
from jupyter_server.utils import url_path_join
from prometheus_client import REGISTRY
from traitlets import Bool, Unicode, default

from phub_server.start import without_collections

if TYPE_CHECKING:
    from phub_server.context import ServerContext
    from phub_server.environment import KernelEnvironment
    from phub_server.metrics import HubCollector

__all__ = ["PrivateHubApp"]


class PrivateHubApp(ExtensionApp):
    """Serves the hub at ``{base_url}phub/``; the person who runs the server owns it."""

    name = "phub"
    app_name = "Private Hub"
    description = "A private hub of models, datasets and Spaces inside Jupyter"
    load_other_extensions = True

    data = Unicode(
        help="Folder that holds the hub's database, repositories and files; created if missing."
    ).tag(config=True)
    owner = Unicode(
        help="Name of the hub account that the person logged in to this Jupyter server acts as; "
        "it is an administrator of the hub. Default: the name of the system user."
    ).tag(config=True)
    database_url = Unicode(
        help="Address of a PostgreSQL database, postgresql://USER@HOST/NAME. "
        "Default: the variable PHUB_DATABASE_URL, else SQLite in the data folder."
    ).tag(config=True)
    object_store = Unicode(
        help="Where large files are kept: s3://BUCKET/FOLDER?endpoint=URL&region=NAME. "
        "Default: the variable PHUB_OBJECT_STORE, else the data folder."
    ).tag(config=True)
    export_environment = Bool(
        True,
        help="Give kernels and terminals the hub's address and a token, so that %phub and "
        "huggingface_hub work without a login. Variables that are set already are kept.",
    ).tag(config=True)

    _context: ServerContext | None = None
    _environment: KernelEnvironment | None = None
    _collector: HubCollector | None = None
    _kernel_token = ""

    @default("data")
    def _default_data(self) -> str:
        return str(Path(jupyter_data_dir()) / "phub")

    @default("owner")
    def _default_owner(self) -> str:
        name = re.sub(r"[^A-Za-z0-9_]+", "-", getpass.getuser()).strip("-")
        return re.sub(r"-{2,}", "-", name) or "owner"

    def initialize_settings(self) -> None:
        """Open the hub and make sure that its owner has an account."""
        with without_collections():
            from phub_jupyter.hub.hub import Hub
            from phub_jupyter.hub.settings import StoreSettings
            from phub_server.context import SETTINGS_KEY, ServerContext
            from phub_server.identity import JupyterIdentity
            from phub_server.metrics import HubCollector

        assert self.serverapp is not None
        data = Path(self.data).expanduser()
        named = StoreSettings(self.database_url, self.object_store)
        hub = Hub.open(data, named.over(StoreSettings.from_environment(data)))
        hub.accounts.ensure_user(self.owner, admin=True)
        identity = JupyterIdentity(hub.accounts, self.owner)
        prefix = url_path_join(self.serverapp.base_url, "phub")
        self._context = ServerContext(hub, identity, "embedded", prefix)
        self._collector = HubCollector(hub)
        REGISTRY.register(self._collector)  # which Jupyter's own /metrics shows
        self.settings[SETTINGS_KEY] = self._context

    def initialize_handlers(self) -> None:
        """Mount the one route table."""
        with without_collections():
            from phub_server.routes import tornado_rules

        self.handlers.extend(tornado_rules("/phub"))

    async def _start_jupyter_server_extension(self, serverapp: Any) -> None:
        await super()._start_jupyter_server_extension(serverapp)  # type: ignore[no-untyped-call]
        self._deliver_webhooks()
        if self.export_environment:
            self._export_environment()

    def _deliver_webhooks(self) -> None:
        assert self.serverapp is not None
        assert self._context is not None
        endpoint = url_path_join(self.serverapp.connection_url, "phub")
        self._context.hub.deliverer.start(endpoint, self.serverapp.ip)
        self._context.hub.evaluation_runner.wake()

    def _export_environment(self) -> None:
        from phub_server.environment import KernelEnvironment, hub_variables

        assert self.serverapp is not None
        assert self._context is not None
        self._kernel_token = self._context.hub.accounts.add_token(
            self.owner, name="kernels", role="write", lifetime=timedelta(days=30)
        )
        endpoint = url_path_join(self.serverapp.connection_url, "phub")
        self._environment = KernelEnvironment(hub_variables(endpoint, self._kernel_token))

    async def stop_extension(self) -> None:
        """End child processes, take the kernels' token back, close the hub."""
        if self._environment is not None:
            self._environment.restore()
        if self._collector is not None:
            REGISTRY.unregister(self._collector)
            self._collector = None
        if self._context is not None:
            if self._kernel_token:
                self._context.hub.accounts.revoke_token(self._kernel_token)
            await self._context.stop()
