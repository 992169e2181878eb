"""The hub's numbers as Prometheus reads them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from typing import TYPE_CHECKING

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from phub_jupyter.hub.serving.tally import EDGES

if TYPE_CHECKING:
    from phub_jupyter.hub.hub import Hub

__all__ = ["CONTENT_TYPE", "HubCollector", "exposition"]

CONTENT_TYPE = CONTENT_TYPE_LATEST
_LABELS = ("model", "task")


class HubCollector(Collector):
    """What a hub has counted since its server started; nothing is kept twice."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def describe(self) -> Iterator[Metric]:
        """Nothing: so a registry does not ask before there is something to tell."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """The numbers as they are now."""
        requests = CounterMetricFamily(
            "phub_inference_requests", "Calls of models, by how they ended.",
            labels=(*_LABELS, "outcome"),
        )  # fmt: skip
        tokens = CounterMetricFamily(
            "phub_inference_tokens", "Tokens read and written by models, where they are known.",
            labels=(*_LABELS, "direction"),
        )  # fmt: skip
        seconds = HistogramMetricFamily(
            "phub_inference_seconds", "How long answered calls took.", labels=_LABELS
        )
        for key, tally in self._hub.usage.since_start().items():
            for outcome, number in tally.outcomes.items():
                requests.add_metric((*key, outcome), number)
            tokens.add_metric((*key, "in"), tally.tokens_in)
            tokens.add_metric((*key, "out"), tally.tokens_out)
            edges = (*map(str, EDGES), "+Inf")
            buckets = list(zip(edges, accumulate(tally.latencies), strict=True))
            seconds.add_metric(key, buckets=buckets, sum_value=tally.seconds)
        yield from (requests, tokens, seconds)
        yield GaugeMetricFamily(
            "phub_inference_calls", "Calls of models under way.", value=self._hub.usage.under_way
        )
        yield GaugeMetricFamily(
            "phub_inference_worker_running",
            "Whether the process that runs models is there.",
            value=self._hub.serving.is_running,
        )


def exposition(hub: Hub) -> bytes:
    """The numbers of one hub as a text."""
    registry = CollectorRegistry()
    registry.register(HubCollector(hub))
    return generate_latest(registry)
