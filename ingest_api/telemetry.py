"""Metrics of the API, in one registry per app. Children are looked up once and kept: `labels()` is the dear part."""

import os
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess

_LATENCY_BUCKETS: Final = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_GROUP_BUCKETS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


class Telemetry:
    """Counts requests, events, refusals and script calls."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "oa_http_requests", "Requests answered", ["method", "route", "status"], registry=self.registry
        )
        self._latency = Histogram(
            "oa_http_request_seconds", "Time to answer", ["route"], buckets=_LATENCY_BUCKETS, registry=self.registry
        )
        self._events = Counter("oa_events_accepted", "Events answered with 202", registry=self.registry)
        self._refusals = Counter("oa_refusals", "Requests refused, by stable code", ["code"], registry=self.registry)
        self._groups = Histogram(
            "oa_append_group_events", "Events stored by one script call", buckets=_GROUP_BUCKETS, registry=self.registry
        )
        self._appends = Histogram("oa_append_seconds", "Time of one script call", registry=self.registry)
        self.waiting = Gauge(
            "oa_append_waiting_events",
            "Events waiting to be stored",
            registry=self.registry,
            multiprocess_mode="livesum",
        )
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def note_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        key = (method, route, status)
        children = self._children.get(key)
        if children is None:
            children = self._children[key] = (
                self._requests.labels(method, route, str(status)),
                self._latency.labels(route),
            )
        children[0].inc()
        children[1].observe(seconds)

    def note_events(self, count: int) -> None:
        """Count events that were stored."""
        self._events.inc(count)

    def note_refusal(self, code: str) -> None:
        """Count a refusal by its code."""
        self._refusals.labels(code).inc()

    def note_group(self, *, requests: int, events: int, seconds: float) -> None:
        """Count a script call (an `appender.GroupObserver`)."""
        del requests
        self._groups.observe(events)
        self._appends.observe(seconds)

    def render(self) -> bytes:
        """Return the metrics as Prometheus reads them; of all worker processes when there are several."""
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            return generate_latest(self.registry)
        everyone = CollectorRegistry()
        multiprocess.MultiProcessCollector(everyone)  # type: ignore[no-untyped-call]
        return generate_latest(everyone)
