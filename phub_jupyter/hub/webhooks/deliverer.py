"""Works on the queue in threads of its own, as long as a server runs."""

from __future__ import annotations

import http.client
import logging
import os
from concurrent.futures import ThreadPoolExecutor
from threading import Event as Signal
from threading import Thread

from phub_jupyter.errors import HubError, InvalidRequestError
from phub_jupyter.hub.database.tables import utc_now
from phub_jupyter.hub.events import Event
from phub_jupyter.hub.webhooks.addresses import Allowed
from phub_jupyter.hub.webhooks.payload import with_addresses
from phub_jupyter.hub.webhooks.queue import Queue, Task
from phub_jupyter.hub.webhooks.secrets import Sealer
from phub_jupyter.hub.webhooks.sender import send

__all__ = ["Deliverer"]

_LOG = logging.getLogger("phub")
_AT_ONCE = 4
_LONGEST_WAIT = 30.0  # another process may have written a message, of which this one hears nothing
_SHORTEST_WAIT = 0.05
_PRUNE_EVERY = 1000  # rounds


class Deliverer:
    """Sends what is due; `start` it with the address by which the hub is reached."""

    def __init__(self, queue: Queue, sealer: Sealer) -> None:
        self._queue = queue
        self._sealer = sealer
        self._allowed = Allowed()
        self._endpoint = ""
        self._wake = Signal()
        self._stopping = False
        self._thread: Thread | None = None

    def start(self, endpoint: str, host: str) -> None:
        """Begin to deliver, for a hub that listens on ``host``.

        Addresses in messages start with ``endpoint``, unless ``PHUB_PUBLIC_URL`` names another.
        """
        self._endpoint = (os.environ.get("PHUB_PUBLIC_URL") or endpoint).rstrip("/")
        self._allowed = Allowed.from_environment(host)
        self._stopping = False
        self._thread = Thread(target=self._work, name="webhooks", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after what is being sent; the rest waits in the database."""
        self._stopping = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(30)
            self._thread = None

    def hear(self, event: Event) -> None:
        """Listen to the hub's events."""
        if self._queue.hear(event):
            self._wake.set()

    def wake(self) -> None:
        """Look at the queue now."""
        self._wake.set()

    def _work(self) -> None:
        rounds = 0
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="webhook") as pool:
            while not self._stopping:
                try:
                    if rounds % _PRUNE_EVERY == 0:
                        self._queue.prune()
                    rounds += 1
                    tasks = self._queue.take(_AT_ONCE)
                    list(pool.map(self._deliver, tasks))
                    wait = 0.0 if tasks else self._wait()
                except Exception:  # the disk may be full: the queue is still there later
                    _LOG.exception("Webhooks cannot be delivered at the moment.")
                    wait = _LONGEST_WAIT
                self._wake.wait(wait)
                self._wake.clear()  # before the next look, so that no call is slept through

    def _wait(self) -> float:
        due = self._queue.next_due()
        if due is None:
            return _LONGEST_WAIT
        return min(_LONGEST_WAIT, max(_SHORTEST_WAIT, (due - utc_now()).total_seconds()))

    def _deliver(self, task: Task) -> None:
        if not self._queue.may_send(task):
            self._queue.dropped(task, "You have no access to that repository any more.")
            return
        try:
            target = self._allowed.resolve(task.webhook.url)
            sealed = task.webhook.secret
            secret = None if sealed is None else self._sealer.open(sealed)
            payload = with_addresses(task.delivery.payload, self._endpoint)
            status = send(target, payload, secret)
        except InvalidRequestError as error:
            self._fail(task, None, error.message)
        except HubError as error:
            self._fail(task, None, error.message)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._fail(task, None, f"No answer: {type(error).__name__}.")
        else:
            if 200 <= status < 300:
                self._queue.delivered(task, status)
            else:
                self._fail(task, status, f"The receiver answered {status}.")

    def _fail(self, task: Task, status: int | None, reason: str) -> None:
        if self._queue.failed(task, status, reason):
            _LOG.warning("Webhook %s failed too often and is switched off.", task.webhook.uid)
