"""What the consumers tell Prometheus: how far behind, how fast, and what failed.

Built on a registry that `wiring` makes, so that nothing global is created at import.
"""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from stream_consumer.group import Backlog

_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class ConsumerMetrics:
    """Metrics of every role of one process; `stream` tells them apart."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, text: str) -> Counter:
            return Counter(f"onboarding_consumer_{name}", text, ["stream"], registry=registry)

        def gauge(name: str, text: str) -> Gauge:
            return Gauge(f"onboarding_consumer_{name}", text, ["stream"], registry=registry)

        self.processed = counter("processed", "Entries dealt with")
        self.failed = counter("failed", "Failures that counted against an entry")
        self.dead = counter("dead", "Entries set aside as dead letters")
        self.claimed = counter("claimed", "Entries taken over or taken up again")
        self.outages = counter("outages", "Times that a store was found away")
        self.lag = gauge("lag", "Entries not yet delivered to the group")
        self.pending = gauge("pending", "Entries delivered but not yet acknowledged")
        self.seconds = Histogram(
            "onboarding_consumer_batch_seconds",
            "Seconds that a handler took for a batch",
            ["stream"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._meter_turns(registry)
        self._meter_budgets(registry)
        self._meter_knowledge(registry)

    def _meter_turns(self, registry: CollectorRegistry) -> None:
        self.turns = Counter("onboarding_turns", "Turns by how they ended", ["outcome"], registry=registry)
        self.first_sentence = Histogram(
            "onboarding_first_sentence_seconds",
            "Seconds from a user's message to the first sentence of the answer",
            buckets=_SECONDS,
            registry=registry,
        )
        self.withheld = Counter(
            "onboarding_sentences_withheld", "Sentences of answers that nobody got to see", ["rule"], registry=registry
        )
        self.playbook_fallbacks = Counter(
            "onboarding_playbook_fallbacks",
            "Turns that followed a shipped playbook since the company's own could not be read",
            registry=registry,
        )
        self.nudge_denials = Counter(
            "onboarding_signals_denied",
            "Signals that restraint held back",
            ["reason"],
            registry=registry,
        )
        self.idle_fired = Counter("onboarding_idle_deadlines", "Idle deadlines that came due", registry=registry)
        self.notifications = Counter(
            "onboarding_notifications", "Deliveries by channel and result", ["channel", "result"], registry=registry
        )

    def _meter_budgets(self, registry: CollectorRegistry) -> None:
        self.budget_refusals = Counter(
            "onboarding_budget_refusals", "Model calls that a budget did not hold", ["scope"], registry=registry
        )
        self.budgets_low = Counter(
            "onboarding_budgets_low", "Budgets of users and conversations found at 80 %", ["scope"], registry=registry
        )

    def _meter_knowledge(self, registry: CollectorRegistry) -> None:
        self.searches = Counter(
            "onboarding_knowledge_searches", "Searches of the knowledge base by result", ["result"], registry=registry
        )
        self.ingestions = Counter(
            "onboarding_knowledge_ingestions", "Ingestions by how they ended", ["outcome"], registry=registry
        )
        self.ingested = Counter(
            "onboarding_knowledge_ingested",
            "Documents and chunks that ingestions dealt with, by what became of them",
            ["what"],
            registry=registry,
        )
        self.ingestion_seconds = Histogram(
            "onboarding_knowledge_ingestion_seconds",
            "Seconds that an attempt at an ingestion took",
            buckets=(0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600),
            registry=registry,
        )

    def set_backlog(self, stream: str, backlog: Backlog) -> None:
        """Publish how far behind a stream's group is."""
        self.lag.labels(stream).set(backlog.waiting)
        self.pending.labels(stream).set(backlog.pending)
