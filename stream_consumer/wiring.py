"""Builds one consumer process from its settings: which roles, over which streams, with which stores.

The only place where the parts of this package meet; everything below takes what it needs as arguments.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from redis.asyncio import Redis

from core import streams
from core.errors import SettingsError
from core.redis import connect
from core.security import Vault
from core.settings import ConsumerSettings
from db.pool import Database
from stream_consumer.budgets import BudgetWatch
from stream_consumer.candidates import TurnMaker
from stream_consumer.companies import Companies
from stream_consumer.entries import Handler
from stream_consumer.events import EventsHandler
from stream_consumer.group import ConsumerGroup, unique_consumer_name
from stream_consumer.loop import ConsumerLoop, LoopPolicy
from stream_consumer.metrics import ConsumerMetrics
from stream_consumer.months import Months
from stream_consumer.probes import stores_answer
from stream_consumer.requeue import Requeue, RequeuePolicy
from stream_consumer.retention import Retention
from stream_consumer.retry import RetryPolicy
from stream_consumer.settings import Settings
from stream_consumer.sweeper import Sweeper
from stream_consumer.upkeep import Upkeep
from stream_consumer.windows import WindowStore

if TYPE_CHECKING:
    from stream_consumer.conversation_sweeps import ConversationSweeps
    from stream_consumer.knowledge_parts import KnowledgeBase

log = logging.getLogger(__name__)

ROLES: Final = ("events", "turns", "notifications", "jobs")
EVENT_SLOTS: Final = 2
"""Batches under way at a time: one computes while PostgreSQL works on the other."""
NOTIFICATION_SLOTS: Final = 4
SEARCH_SLOTS: Final = 8
"""Searches that one process answers at a time."""
UPKEEP_SECONDS: Final = 60.0
RETENTION_SECONDS: Final = 3600.0
ANSWER_SWEEP_SECONDS: Final = 5.0
"""Between two looks for lost turns that a person waits for."""

Task = Callable[[asyncio.Event], Coroutine[Any, Any, None]]
"""Something that runs until the event is set."""


@dataclass(frozen=True, slots=True)
class Process:
    """A built process: what it runs, and what tells how it is."""

    tasks: tuple[Task, ...]
    registry: CollectorRegistry
    ready: Callable[[], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class _Parts:
    """What several roles share."""

    settings: Settings
    db: Database
    redis: Redis
    metrics: ConsumerMetrics
    companies: Companies

    @property
    def shards(self) -> int:
        return self.settings.store.stream_shards

    def loops(self, stream: str, handler: Handler, policy: LoopPolicy) -> list[Task]:
        """Return a loop for each shard of a stream."""
        consumer = unique_consumer_name()
        return [
            partial(_run_loop, ConsumerGroup(self.redis, name, consumer), handler, policy, self.metrics)
            for name in streams.shard_names(stream, self.shards)
        ]


async def _run_loop(
    group: ConsumerGroup, handler: Handler, policy: LoopPolicy, metrics: ConsumerMetrics, stop: asyncio.Event
) -> None:
    await ConsumerLoop(group, handler, policy, metrics, stop).run()


@asynccontextmanager
async def build(roles: Sequence[str], settings: Settings) -> AsyncIterator[Process]:
    """Open the stores and yield the process; closes everything at the end.

    Raises:
        SettingsError: an unknown role, or settings that cannot work.
        Unavailable: a store does not answer.
    """
    if unknown := set(roles) - set(ROLES):
        raise SettingsError(f"unknown role {sorted(unknown)[0]!r}; known: {', '.join(ROLES)}")
    async with AsyncExitStack() as stack:
        parts = await _open(settings, registry := _registry(), stack)
        tasks: list[Task] = []
        if "events" in roles:
            tasks += _events(parts)
        base = await _open_knowledge(parts, registry, stack) if {"turns", "jobs"} & set(roles) else None
        if "turns" in roles and base:
            tasks += await _turns(parts, base, stack)
        if "notifications" in roles:
            tasks += _notifications(parts)
        if "jobs" in roles and base:
            tasks += _jobs(parts)
            tasks += await _knowledge(parts, base, stack)
        yield Process(tuple(tasks), registry, partial(stores_answer, parts.db, parts.redis))


async def _open(settings: Settings, registry: CollectorRegistry, stack: AsyncExitStack) -> _Parts:
    store = settings.store
    db = await Database.open(store.database_url.get_secret_value(), pool_size=store.database_pool_size, name="consumer")
    stack.push_async_callback(db.close)
    redis = connect(store.redis_url.get_secret_value(), pool_size=store.redis_pool_size, name="consumer")
    stack.push_async_callback(redis.aclose)
    companies = Companies(db, daily_budget_cents=settings.llm.daily_cost_budget_cents)
    return _Parts(settings, db, redis, ConsumerMetrics(registry), companies)


def _registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=registry)
    return registry


def _policy(settings: ConsumerSettings, *, batch: int, slots: int, isolate_after: int) -> LoopPolicy:
    return LoopPolicy(
        batch=batch,
        slots=slots,
        claim_idle_ms=settings.consumer_claim_idle_ms,
        claim_every_seconds=min(1.0, settings.consumer_claim_idle_ms / 2000),
        # With few attempts the first redelivery may be the last, so it must not share a fate with others.
        isolate_after=isolate_after if settings.consumer_max_attempts > 2 else 0,
        retry=RetryPolicy(max_attempts=settings.consumer_max_attempts),
    )


def _events(parts: _Parts) -> list[Task]:
    settings = parts.settings.consumer
    windows = WindowStore(parts.redis, parts.shards)
    turns = TurnMaker(parts.db, parts.redis, parts.shards, parts.metrics)
    batch = max(1, settings.consumer_batch // (EVENT_SLOTS * parts.shards))
    sweeper = Sweeper(parts.redis, windows, parts.companies, turns, parts.metrics, parts.shards)
    handler = EventsHandler(parts.db, windows, parts.companies, turns)
    policy = _policy(settings, batch=batch, slots=EVENT_SLOTS, isolate_after=0)
    return [*parts.loops(streams.EVENTS, handler, policy), sweeper.run]


async def _open_knowledge(parts: _Parts, registry: CollectorRegistry, stack: AsyncExitStack) -> "KnowledgeBase":
    # Imported here: models and parsers take a second to import, which the other roles need not spend.
    from stream_consumer.knowledge_parts import open_knowledge

    settings = parts.settings
    return await open_knowledge(
        settings.knowledge, settings.embedding, settings.llm, parts.db, parts.redis, registry, stack
    )


async def _turns(parts: _Parts, base: "KnowledgeBase", stack: AsyncExitStack) -> list[Task]:
    from stream_consumer.turn_parts import open_turns

    settings = parts.settings.consumer
    handlers = await open_turns(parts.settings, parts.db, parts.redis, parts.companies, parts.metrics, base, stack)
    behaviour = _policy(settings, batch=1, slots=settings.consumer_turn_slots, isolate_after=1)
    talking = _policy(settings, batch=1, slots=settings.consumer_conversation_slots, isolate_after=1)
    requeue = Requeue(parts.db, parts.redis, parts.shards)
    soon = Requeue(parts.db, parts.redis, parts.shards, RequeuePolicy(every_seconds=ANSWER_SWEEP_SECONDS))
    return [
        *parts.loops(streams.TURNS, handlers.behaviour, behaviour),
        *parts.loops(streams.CONVERSATIONS, handlers.conversations, talking),
        partial(requeue.run, requeue.requeue_turns, "turns"),
        partial(soon.run, _talks(parts).requeue_turns, "conversation_turns"),
    ]


def _talks(parts: _Parts) -> "ConversationSweeps":
    from stream_consumer.conversation_sweeps import ConversationSweeps

    return ConversationSweeps(parts.db, parts.redis, parts.settings.channels, parts.shards)


def _notifications(parts: _Parts) -> list[Task]:
    from stream_consumer.notifications import NotificationsHandler

    settings = parts.settings
    vault = Vault(settings.security.secret_key.get_secret_value())
    handler = NotificationsHandler(parts.db, parts.redis, vault, settings.channels, parts.metrics)
    policy = _policy(settings.consumer, batch=1, slots=NOTIFICATION_SLOTS, isolate_after=1)
    requeue = Requeue(parts.db, parts.redis, parts.shards)
    sweep = partial(requeue.run, requeue.requeue_notifications, "notifications")
    return [*parts.loops(streams.NOTIFICATIONS, handler, policy), sweep]


def _jobs(parts: _Parts) -> list[Task]:
    sweeps = Requeue(parts.db, parts.redis, parts.shards, RequeuePolicy(every_seconds=UPKEEP_SECONDS))
    often = Requeue(parts.db, parts.redis, parts.shards)
    seldom = Requeue(parts.db, parts.redis, parts.shards, RequeuePolicy(every_seconds=RETENTION_SECONDS))
    retention = Retention(parts.db, parts.settings.retention)
    watch = BudgetWatch(
        parts.db,
        parts.redis,
        parts.companies,
        parts.settings.channels,
        parts.shards,
        embedding_cents=parts.settings.embedding.embedding_daily_budget_cents,
    )
    owner = (parts.settings.store.database_admin_url or parts.settings.store.database_url).get_secret_value()
    months = Months(owner, kept=parts.settings.retention.retention_event_months)
    return [
        partial(sweeps.run, Upkeep(parts.db).tidy, "upkeep"),
        partial(sweeps.run, watch.look, "budgets"),
        partial(sweeps.run, months.make, "months"),
        partial(sweeps.run, _talks(parts).close_stale, "stale_conversations"),
        retention.heed,
        partial(seldom.run, retention.forget, "retention"),
        partial(often.run, _talks(parts).report_overdue, "overdue_tickets"),
    ]


async def _knowledge(parts: _Parts, base: "KnowledgeBase", stack: AsyncExitStack) -> list[Task]:
    from stream_consumer.ingestions import IngestionsHandler
    from stream_consumer.knowledge_parts import open_ingestion
    from stream_consumer.knowledge_sweeps import KnowledgeSweeps
    from stream_consumer.searches import SearchHandler

    settings, db, redis = parts.settings, parts.db, parts.redis
    slots = settings.consumer.consumer_job_slots
    handler = IngestionsHandler(await open_ingestion(base, db, redis, stack), parts.metrics, slots)
    policy = _policy(settings.consumer, batch=1, slots=slots, isolate_after=1)
    searching = _policy(settings.consumer, batch=1, slots=SEARCH_SLOTS, isolate_after=1)
    sweeps = KnowledgeSweeps(db, redis, parts.shards, base.store, base.embedders)
    often = Requeue(db, redis, parts.shards)
    seldom = Requeue(db, redis, parts.shards, RequeuePolicy(every_seconds=UPKEEP_SECONDS))
    return [
        *parts.loops(streams.JOBS, handler, policy),
        *parts.loops(streams.SEARCHES, SearchHandler(redis, base.retriever, parts.metrics), searching),
        handler.heed,
        sweeps.heed,
        partial(often.run, sweeps.requeue_runs, "ingestions"),
        partial(often.run, sweeps.purge_removed, "removed_sources"),
        partial(seldom.run, sweeps.fill_spaces, "spaces"),
    ]
