"""What embedding tells Prometheus: where vectors come from, what providers do, and how long they take."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram

_SECONDS: Final = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class EmbeddingMetrics:
    """Metrics of one process, on a registry that its wiring makes; a space is told by its key."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.texts = Counter(
            "onboarding_embedding_texts",
            "Texts by where their vectors came from: provider, cache, or the same call (repeated)",
            ["space", "source"],
            registry=registry,
        )
        self.requests = Counter(
            "onboarding_embedding_requests", "Requests by their result", ["provider", "result"], registry=registry
        )
        self.seconds = Histogram(
            "onboarding_embedding_request_seconds",
            "Seconds of a request with its retries",
            ["provider"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.cache_failures = Counter(
            "onboarding_embedding_cache_failures", "Times that the cache was found away", registry=registry
        )
