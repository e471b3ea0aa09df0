"""Puts work back into the streams that only PostgreSQL still knows of: Redis was lost, or a crash came between.

What is put back although it was on its way does no harm: turns and notifications that have ended are passed over.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from redis.asyncio import Redis

from core import streams
from db import notifications, turns
from db.pool import Database
from stream_consumer.candidates import publish_turns
from stream_consumer.patience import Interrupted, Patience
from stream_consumer.retry import RetryPolicy


@dataclass(frozen=True, slots=True)
class RequeuePolicy:
    """How often to look, what counts as left behind (both in seconds), and how many to take at once."""

    every_seconds: float = 15.0
    older_than_seconds: float = 60.0
    limit: int = 500


class Requeue:
    """Looks for work left behind; of several processes one looks at a time."""

    def __init__(
        self,
        db: Database,
        redis: Redis,
        shards: int,
        policy: RequeuePolicy = RequeuePolicy(),
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._db = db
        self._redis = redis
        self._shards = shards
        self._policy = policy
        self._now = now

    async def run(self, sweep: Callable[[], Awaitable[int]], name: str, stop: asyncio.Event) -> None:
        """Do one kind of sweep again and again until told to stop; outages are waited out."""
        patience = Patience(RetryPolicy(), stop)
        with suppress(Interrupted):
            while not stop.is_set():
                if await patience.insist(lambda: self._my_turn(name)):
                    await patience.insist(sweep)
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), self._policy.every_seconds)

    async def _my_turn(self, name: str) -> bool:
        life_ms = max(1, int(self._policy.every_seconds * 900))
        return bool(await self._redis.set(streams.sweep_key(name), b"1", nx=True, px=life_ms))

    async def requeue_turns(self) -> int:
        """Publish turns that nothing has happened to for a while; returns how many."""
        async with self._db.system() as connection:
            left = await turns.unfinished(connection, self._older_than(), self._policy.limit)
        for row in left:
            async with self._db.transaction(row.company_id) as connection:
                stored = await turns.get(connection, row.company_id, row.turn_id)
                waits = await turns.mark_requeued(connection, row.company_id, row.turn_id, self._now())
            if stored and waits:
                await publish_turns(self._redis, [stored.turn], self._shards)
        return len(left)

    async def requeue_notifications(self) -> int:
        """Publish notifications that wait although nothing has happened to them for a while; returns how many."""
        async with self._db.system() as connection:
            left = await notifications.pending(connection, self._older_than(), self._policy.limit)
        for row in left:
            async with self._db.transaction(row.company_id) as connection:
                await notifications.requeue(connection, row.company_id, row.notification_id, self._now())
            entry = streams.encode_notification(row.company_id, row.notification_id, row.trace_id)
            key = streams.shard_of(streams.NOTIFICATIONS, self._shards, row.company_id, row.notification_id)
            await self._redis.xadd(key, {streams.FIELD: entry})
        return len(left)

    def _older_than(self) -> datetime:
        return self._now() - timedelta(seconds=self._policy.older_than_seconds)
