"""What retrieval tells Prometheus: what searches had to go by, and how long they took."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class RetrievalMetrics:
    """Metrics of one process, on a registry that its wiring makes."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.searches = Counter(
            "onboarding_knowledge_retrievals",
            "Searches by what they went by: cache, vectors (and words), standby (vectors that are second best), words",
            ["by"],
            registry=registry,
        )
        self.seconds = Histogram(
            "onboarding_knowledge_retrieval_seconds", "Seconds of a search", buckets=_SECONDS, registry=registry
        )
