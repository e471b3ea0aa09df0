"""The loop that every role runs on: read a batch, hand it over, claim what others left, keep the stream short.

Bounded by construction: a batch is read only when a slot is free, so at most `slots` × `batch` entries are held.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from core.redis import is_outage as is_redis_away
from stream_consumer.entries import Entry, Handler
from stream_consumer.group import ConsumerGroup, is_group_lost
from stream_consumer.metrics import ConsumerMetrics
from stream_consumer.patience import Interrupted, Patience
from stream_consumer.processing import Processor
from stream_consumer.retry import RetryPolicy, must_isolate

log = logging.getLogger(__name__)

SOON_SECONDS: Final = 0.02
"""Until the next look for entries to claim, where there is reason to expect some; doubled with each look in vain."""


@dataclass(frozen=True, slots=True)
class LoopPolicy:
    """How a role reads its stream. `isolate_after`: see `retry.must_isolate`; `block_ms` < the socket timeout."""

    batch: int = 500
    slots: int = 1
    claim_idle_ms: int = 15_000
    claim_every_seconds: float = 1.0
    upkeep_every_seconds: float = 1.0
    block_ms: int = 1000
    isolate_after: int = 0
    retry: RetryPolicy = field(default_factory=RetryPolicy)


class ConsumerLoop:
    """Runs one handler over one stream until `stop` is set, then finishes what it holds and leaves the group."""

    def __init__(
        self, group: ConsumerGroup, handler: Handler, policy: LoopPolicy, metrics: ConsumerMetrics, stop: asyncio.Event
    ) -> None:
        outages = metrics.outages.labels(group.stream)
        self._group = group
        self._policy = policy
        self._metrics = metrics
        self._stop = stop
        self._patience = Patience(policy.retry, stop, repair=group.ensure, on_outage=outages.inc)
        self._processor = Processor(
            group,
            handler,
            policy.retry,
            self._patience,
            metrics,
            claim_idle_ms=policy.claim_idle_ms,
            let_go=self._let_go,
            come_back=self._claim_within,
        )
        self._free = asyncio.Semaphore(policy.slots)
        self._held: dict[bytes, Entry] = {}
        self._claim_at = 0.0
        self._claim_pause = policy.claim_every_seconds
        self._finished = asyncio.Event()

    @property
    def held(self) -> int:
        """Entries in memory at this moment."""
        return len(self._held)

    async def run(self) -> None:
        """Consume until told to stop; returns after everything under way is finished."""
        with suppress(Interrupted):
            await self._patience.insist(self._group.ensure)
            async with asyncio.TaskGroup() as upkeep:
                upkeep.create_task(self._renew_claims())
                upkeep.create_task(self._keep_short())
                try:
                    async with asyncio.TaskGroup() as work:
                        await self._consume(work)
                finally:
                    self._finished.set()
        with suppress(Exception):  # the name is swept away later if Redis is gone now
            await self._group.leave()

    async def _consume(self, work: asyncio.TaskGroup) -> None:
        while not self._stop.is_set():
            await self._free.acquire()
            entries = await self._next_entries()
            if not entries:
                self._free.release()
                continue
            self._held.update((entry.entry_id, entry) for entry in entries)
            work.create_task(self._work(entries))

    async def _next_entries(self) -> list[Entry]:
        if self._stop.is_set():
            return []
        try:
            if time.monotonic() >= self._claim_at and (claimed := await self._claim()):
                return claimed
            block = int((self._claim_at - time.monotonic()) * 1000)
            wait = max(1, min(self._policy.block_ms, block))
            return await self._patience.insist(lambda: self._group.read(self._policy.batch, wait))
        except Interrupted:
            return []

    async def _claim(self) -> list[Entry]:
        self._claim_pause = min(2 * self._claim_pause, self._policy.claim_every_seconds)
        self._claim_at = time.monotonic() + self._claim_pause
        claimed = await self._patience.insist(lambda: self._group.claim(self._policy.claim_idle_ms, self._policy.batch))
        claimed = [entry for entry in claimed if entry.entry_id not in self._held]
        if claimed:
            self._metrics.claimed.labels(self._group.stream).inc(len(claimed))
            self._claim_within(SOON_SECONDS)  # there may be more; fresh entries get their turn in between
        return claimed

    def _let_go(self, entry: Entry) -> None:
        """From now on the entry's claim is not renewed."""
        self._held.pop(entry.entry_id, None)

    def _claim_within(self, seconds: float) -> None:
        """Look for entries to claim after so many seconds, and again and again soon after that.

        Redis tells idle times by the clock on the wall, and a clock may be set: a look may come too early for an entry.
        """
        self._claim_at = min(self._claim_at, time.monotonic() + seconds + 0.002)
        self._claim_pause = min(SOON_SECONDS, self._policy.claim_every_seconds)

    async def _work(self, entries: Sequence[Entry]) -> None:
        try:
            if entries[0].claimed:
                await self._take_up(entries)
            else:
                await self._processor.process(entries)
        except Interrupted:
            log.info("left pending", extra={"stream": self._group.stream, "entries": len(entries)})
        finally:
            for entry in entries:
                if self._held.get(entry.entry_id) is entry:
                    del self._held[entry.entry_id]
            self._free.release()

    async def _take_up(self, entries: Sequence[Entry]) -> None:
        put_off = [entry for entry in entries if entry.deliveries <= 1]
        if put_off:
            await self._processor.process(put_off)
        suspects = [entry for entry in entries if entry.deliveries > 1]
        attempts = await self._patience.insist(lambda: self._attempts(suspects))
        for entry, count in zip(suspects, attempts, strict=True):
            isolate = must_isolate(count, entry.deliveries, isolate_after=self._policy.isolate_after)
            await self._processor.process_suspect(entry, isolate=isolate)

    async def _attempts(self, suspects: Sequence[Entry]) -> list[int]:
        return await self._group.attempts([entry.entry_id for entry in suspects]) if suspects else []

    async def _renew_claims(self) -> None:
        """Keep our claims while handlers run, so that the claim idle time need not exceed the slowest of them."""
        while not await self._finishes_within(self._policy.claim_idle_ms / 3000):
            held = list(self._held)
            if not held:
                continue
            with _outages_passed_over():
                lost = len(held) - len(await self._group.renew(held))
                # Those just acknowledged count as lost too; only a long list tells of a stall.
                if lost == len(held):
                    log.info("claims passed to others", extra={"stream": self._group.stream, "entries": lost})

    async def _keep_short(self) -> None:
        """Trim the stream, publish the backlog, and remove consumers that were killed."""
        while not await self._finishes_within(self._policy.upkeep_every_seconds):
            with _outages_passed_over():
                await self._group.trim()
                self._metrics.set_backlog(self._group.stream, await self._group.backlog())
                await self._group.sweep_consumers()

    async def _finishes_within(self, seconds: float) -> bool:
        """Wait for the end of the work. (Cancelling chores instead could be swallowed inside the Redis client.)"""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._finished.wait(), seconds)
        return self._finished.is_set()


class _outages_passed_over:  # noqa: N801 - used as a statement
    """Lets a chore skip a round while Redis is away or empty; anything else goes on."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        return error is not None and (is_redis_away(error) or is_group_lost(error))
