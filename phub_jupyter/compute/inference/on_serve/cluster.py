"""Ray Serve as the gateway needs it. Everything here blocks, so it is called in threads."""

from __future__ import annotations

import hashlib
import socket
from importlib import import_module
from typing import Any

from phub_jupyter import __version__
from phub_jupyter.compute.inference.on_serve.orders import Revision
from phub_jupyter.compute.inference.on_serve.passes import NAMESPACE, post_pass
from phub_jupyter.compute.inference.on_serve.replica import CALLS_PER_REPLICA, Replica
from phub_jupyter.errors import OverloadedError
from phub_jupyter.serve_settings import ServeSettings

__all__ = ["Cluster", "gone"]

_DRAIN_SECONDS = 120.0
_TOUCH_SECONDS = 3.0


class Cluster:
    """A connection to the cluster. Applications are named so that each hub, release and set of
    settings has its own."""

    def __init__(self, settings: ServeSettings) -> None:
        self._settings = settings
        hub = _digest(settings.endpoint)
        self._prefix = f"phub-{hub}-"
        self._suffix = f"-{_digest(settings.to_json() + __version__)}"
        self._board = f"phub-passes-{hub}"
        self._ray: Any = None
        self._serve: Any = None

    def connect(self) -> None:
        """Join the cluster. Raises OverloadedError if it does not answer."""
        if not self.answers():
            raise gone(self._settings.address, "nothing listens there")
        self._ray = ray = import_module("ray")
        try:
            ray.init(
                address=self._settings.address,
                namespace=NAMESPACE,
                log_to_driver=False,
                configure_logging=False,
            )
            self._serve = import_module("ray.serve")
            # Handles are the only way to the replicas; a Serve that others have started may have
            # doors of its own, and our applications have no route there.
            self._serve.start(proxy_location="Disabled")
        except (RuntimeError, ValueError, OSError, ray.exceptions.RayError) as error:
            ray.shutdown()
            raise gone(self._settings.address, _sentence(error)) from None

    def answers(self) -> bool:
        """Whether anything listens at the cluster's address."""
        host, _, port = self._settings.address.rpartition(":")
        try:
            socket.create_connection((host.strip("[]"), int(port)), _TOUCH_SECONDS).close()
        except OSError:
            return False
        return True

    def name(self, revision: Revision) -> str:
        """What the application of a revision is called."""
        return f"{self._prefix}{revision.repo}-{revision.commit}{self._suffix}"

    def post(self, revision: Revision, ticket: str) -> None:
        """Leave a pass for replicas that start."""
        post_pass(self._board, revision.repo, ticket)

    def deploy(self, revision: Revision, task: str, replicas: int) -> None:
        """Begin to run a revision, with so many replicas at first. Does not wait for them."""
        settings = self._settings
        target = settings.target_ongoing_requests
        room: dict[str, Any] = {"num_cpus": settings.cpus, "num_gpus": settings.gpus}
        if settings.memory_gb:
            room["memory"] = int(settings.memory_gb * 1e9)
        deployment = self._serve.deployment(Replica).options(
            ray_actor_options=room,
            max_ongoing_requests=CALLS_PER_REPLICA * target,
            graceful_shutdown_timeout_s=_DRAIN_SECONDS,
            graceful_shutdown_wait_loop_s=0.5,
            autoscaling_config={
                "min_replicas": settings.min_replicas,
                "initial_replicas": max(1, min(replicas, settings.max_replicas)),
                "max_replicas": settings.max_replicas,
                "target_ongoing_requests": target,
                "upscale_delay_s": 3,
                "downscale_delay_s": 60,
                "downscale_to_zero_delay_s": settings.idle_seconds,
                "metrics_interval_s": 1,
                "look_back_period_s": 5,
            },
        )
        application = deployment.bind(revision, task, settings, self._board)
        target = self._serve.RunTarget(application, name=self.name(revision), route_prefix=None)
        self._serve.run_many(
            [target],
            wait_for_ingress_deployment_creation=False,
            wait_for_applications_running=False,
        )

    def handle(self, name: str) -> Any:
        """What calls of an application go through."""
        return self._serve.get_app_handle(name)

    def status(self) -> dict[str, Any]:
        """The status of each application of this hub, by name."""
        found = self._serve.status().applications
        return {name: it for name, it in found.items() if name.startswith(self._prefix)}

    def has_room(self) -> bool:
        """Whether there seems to be room for one more replica."""
        free = self._ray.available_resources()
        wanted = {
            "CPU": self._settings.cpus,
            "GPU": self._settings.gpus,
            "memory": self._settings.memory_gb * 1e9,
        }
        return all(free.get(name, 0.0) >= share for name, share in wanted.items())

    def is_current(self, name: str) -> bool:
        """Whether this release, with these settings, would run the application like that."""
        return name.endswith(self._suffix)

    def delete(self, name: str) -> None:
        """End an application; what its replicas are still doing is finished first."""
        self._serve.delete(name, _blocking=False)


def gone(address: str, reason: str) -> OverloadedError:
    """The cluster cannot be used."""
    return OverloadedError(
        f"The Ray cluster at {address}, where this hub runs models, does not answer ({reason}); "
        "calls are taken again as soon as it does.",
        retry_after=5,
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _sentence(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
