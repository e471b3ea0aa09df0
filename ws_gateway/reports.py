"""What clients and we ourselves report of nudges, on its way into the events stream like any other event.

Reports wait in a bounded queue and are written in batches; while Redis is away they are kept and tried again. A client
is told that its reports are safe (`when_written`) only once they are in the stream, since until then it keeps them.

A report made twice, by two tabs or once more after a reconnect, becomes one event: its id derives from nudge and
status, and its time is that of the first, which Redis remembers. Both are part of the event's key in PostgreSQL.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any, Final, NamedTuple

from prometheus_client import Counter, Gauge
from redis.asyncio import Redis
from redis.exceptions import RedisError

from core import streams
from core.events import AcceptedEvent
from core.ids import ack_event_id
from core.outbox import Ack, Outbox
from core.redis import is_outage

log = logging.getLogger(__name__)

QUEUE_SIZE: Final = 50_000
BATCH: Final = 200
RETRY_SECONDS: Final = 0.5

WAITING = Gauge("gateway_reports_waiting", "Reports not yet in the events stream")
REFUSED = Counter("gateway_reports_refused_total", "Reports not taken because too many were waiting")


class Report(NamedTuple):
    """What became of a nudge, and the connection that said so."""

    ack: Ack
    connection_id: str


def report_event(report: Report, first_ms: int) -> AcceptedEvent:
    """Return the event of a report that came first at `first_ms`."""
    ack = report.ack
    return AcceptedEvent(
        company_id=ack.company_id,
        event_id=ack_event_id(ack.nudge_id, ack.status),
        user_id=ack.user_id,
        session_id=f"ws:{report.connection_id}",
        event_type=f"nudge_{ack.status}",
        target_element=None,
        page_url=None,
        occurred_ms=first_ms,
        corrected_ms=first_ms,
        received_ms=first_ms,
        properties={"nudge_id": ack.nudge_id},
        trace_id=report.connection_id,
    )


class Reports:
    """The queue and its writer. Places in it are numbered from 1 on."""

    def __init__(self, redis: Redis, outbox: Outbox, shards: int) -> None:
        self._redis = redis
        self._outbox = outbox
        self._shards = shards
        self._queue: deque[Report] = deque()
        self._written = 0
        self._callbacks: deque[tuple[int, Callable[[], object]]] = deque()
        self._wake = asyncio.Event()
        WAITING.set_function(lambda: len(self._queue))

    def add(self, report: Report) -> int:
        """Queue a report and return its place; 0 when the queue is full and the report is not taken."""
        if len(self._queue) >= QUEUE_SIZE:
            REFUSED.inc()
            return 0
        self._queue.append(report)
        self._wake.set()
        return self._written + len(self._queue)

    def when_written(self, place: int, callback: Callable[[], object]) -> None:
        """Call back once the report at this place is in the stream; at once when it is already."""
        if place <= self._written:
            callback()
        else:
            self._callbacks.append((place, callback))

    async def run(self) -> None:
        """Write for ever, until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._queue:
                if not await self._write_batch():
                    await asyncio.sleep(RETRY_SECONDS)

    async def flush(self, seconds: float) -> None:
        """Wait, before the process ends, until `run` has written what is queued, for at most `seconds`."""
        done = asyncio.Event()
        self.when_written(self._written + len(self._queue), done.set)
        try:
            async with asyncio.timeout(seconds):
                await done.wait()
        except TimeoutError:
            log.error("reports were lost at the end", extra={"reports": len(self._queue)})

    async def _write_batch(self) -> bool:
        batch = list(islice(self._queue, BATCH))
        try:
            await self._append(batch)
        except (RedisError, OSError) as error:
            if not is_outage(error):
                log.exception("reports cannot be written")
            return False
        self._settle(len(batch))
        return True

    async def _append(self, batch: Sequence[Report]) -> None:
        firsts = await self._outbox.note_acks([report.ack for report in batch])
        pipeline = self._redis.pipeline(transaction=False)
        for report, first_ms in zip(batch, firsts, strict=True):
            event = report_event(report, first_ms)
            entry: Any = {streams.FIELD: streams.encode_event(event)}
            pipeline.xadd(streams.shard_of(streams.EVENTS, self._shards, event.company_id, event.user_id), entry)
        await pipeline.execute()

    def _settle(self, count: int) -> None:
        for _ in range(count):
            self._queue.popleft()
        self._written += count
        while self._callbacks and self._callbacks[0][0] <= self._written:
            self._callbacks.popleft()[1]()
