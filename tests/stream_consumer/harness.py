"""Drives a consumer loop against a real Redis, with handlers that misbehave on purpose."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from prometheus_client import CollectorRegistry
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from stream_consumer.entries import DONE, Entry, Outcome
from stream_consumer.group import ConsumerGroup, unique_consumer_name
from stream_consumer.loop import ConsumerLoop, LoopPolicy
from stream_consumer.metrics import ConsumerMetrics
from stream_consumer.retry import RetryPolicy

STREAM = "events_stream"
QUICK = LoopPolicy(
    batch=10,
    claim_idle_ms=300,
    claim_every_seconds=0.1,
    upkeep_every_seconds=0.1,
    block_ms=50,
    retry=RetryPolicy(max_attempts=3, base_seconds=0.02, cap_seconds=0.1),
)


class Recorder:
    """A handler that remembers what it saw; `react` decides per batch, and may raise."""

    def __init__(self, react: Callable[[Sequence[Entry]], Awaitable[Sequence[Outcome]]] | None = None) -> None:
        self.batches: list[list[bytes]] = []
        self._react = react

    async def handle(self, entries: Sequence[Entry]) -> Sequence[Outcome]:
        self.batches.append([entry.payload for entry in entries])
        return await self._react(entries) if self._react else [DONE] * len(entries)

    @property
    def seen(self) -> list[bytes]:
        return [payload for batch in self.batches for payload in batch]


class Running:
    """A loop that runs in the background of a test."""

    def __init__(self, loop: ConsumerLoop, metrics: ConsumerMetrics, stop: asyncio.Event) -> None:
        self.loop = loop
        self.metrics = metrics
        self.stop = stop

    def count(self, name: str, stream: str = STREAM) -> float:
        return float(getattr(self.metrics, name).labels(stream)._value.get())


@asynccontextmanager
async def running(
    redis: Redis, handler: Recorder, policy: LoopPolicy = QUICK, *, stream: str = STREAM
) -> AsyncIterator[Running]:
    stop, metrics = asyncio.Event(), ConsumerMetrics(CollectorRegistry())
    loop = ConsumerLoop(ConsumerGroup(redis, stream, unique_consumer_name()), handler, policy, metrics, stop)
    task = asyncio.create_task(loop.run())
    try:
        yield Running(loop, metrics, stop)
    finally:
        stop.set()
        await asyncio.wait_for(task, 20)


async def eventually(check: Callable[[], Awaitable[object]], *, seconds: float = 20) -> None:
    """Wait until `check` is true; the limit is only there so that a broken test ends."""
    async with asyncio.timeout(seconds):
        while not await check():  # noqa: ASYNC110 - asks a server, nothing here could set an event
            await asyncio.sleep(0.02)


async def pending(redis: Redis, stream: str = STREAM) -> int:
    """Entries of the group that nobody acknowledged; more than any before the group exists."""
    try:
        return int((await redis.xpending(stream, "workers"))["pending"])
    except ResponseError:
        return sys.maxsize
