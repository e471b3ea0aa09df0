"""What clients and we ourselves report of nudges, on its way into the events stream like any other event.

Reports wait in a bounded queue and are written in batches; while Redis is away they are kept and tried again. Their
event ids derive from nudge and status, so that a report made twice is stored once.
"""

import asyncio
import logging
from collections import deque
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from core import streams
from core.events import AcceptedEvent
from core.ids import ack_event_id
from core.redis import is_outage

log = logging.getLogger(__name__)

QUEUE_SIZE: Final = 50_000
BATCH: Final = 200
RETRY_SECONDS: Final = 0.5


def report_event(
    company_id: str, user_id: str, connection_id: str, nudge_id: str, status: str, now_ms: int
) -> AcceptedEvent:
    """Return the event that says what became of a nudge."""
    return AcceptedEvent(
        company_id=company_id,
        event_id=ack_event_id(nudge_id, status),
        user_id=user_id,
        session_id=f"ws:{connection_id}",
        event_type=f"nudge_{status}",
        target_element=None,
        page_url=None,
        occurred_ms=now_ms,
        corrected_ms=now_ms,
        received_ms=now_ms,
        properties={"nudge_id": nudge_id},
        trace_id=connection_id,
    )


class Reports:
    """The queue and its writer."""

    def __init__(self, redis: Redis, shards: int) -> None:
        self._redis = redis
        self._shards = shards
        self._queue: deque[AcceptedEvent] = deque()
        self._wake = asyncio.Event()
        self.dropped = 0

    def add(self, event: AcceptedEvent) -> None:
        """Queue a report; when the queue is full the oldest is dropped and counted."""
        if len(self._queue) >= QUEUE_SIZE:
            self._queue.popleft()
            self.dropped += 1
        self._queue.append(event)
        self._wake.set()

    async def run(self) -> None:
        """Write for ever, until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._queue:
                if not await self._write_batch():
                    await asyncio.sleep(RETRY_SECONDS)

    async def flush(self, seconds: float) -> None:
        """Write what is queued, for at most `seconds`, before the process ends."""
        deadline = asyncio.get_running_loop().time() + seconds
        while self._queue and asyncio.get_running_loop().time() < deadline:
            if not await self._write_batch():
                await asyncio.sleep(0.1)

    async def _write_batch(self) -> bool:
        batch = [self._queue[index] for index in range(min(BATCH, len(self._queue)))]
        pipeline = self._redis.pipeline(transaction=False)
        for event in batch:
            entry: Any = {streams.FIELD: streams.encode_event(event)}
            pipeline.xadd(streams.shard_of(streams.EVENTS, self._shards, event.company_id, event.user_id), entry)
        try:
            await pipeline.execute()
        except (RedisError, OSError) as error:
            if not is_outage(error):
                log.exception("reports cannot be written")
            return False
        for _ in batch:
            self._queue.popleft()
        return True
