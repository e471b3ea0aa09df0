"""Requests per key and window, shared by all API processes without a round trip per request.

Each process counts for itself and decides on what it knows: the total that Redis told it at the last exchange, plus its
own since. Once a second it hands its counts over and learns the others'. So a key may exceed its limit by at most what
the other processes admit within that second; alone, a process is exact. Windows are fixed and aligned to the clock.
While Redis is away each process goes on with what it knows.
"""

import asyncio
import logging
import math
import time
from collections.abc import Callable
from typing import Any, Final

from redis.asyncio import Redis

from core.errors import RateLimited
from core.redis import is_outage

EXCHANGE_SECONDS: Final = 1.0
_log = logging.getLogger(__name__)


class Quota:
    """Counts requests per key. `limit` requests are admitted in each window of `window` seconds."""

    def __init__(self, redis: Redis, *, limit: int, window: int, clock: Callable[[], float] = time.time) -> None:
        self._redis = redis
        self._limit = limit
        self._window = window
        self._clock = clock
        self._ends = 0.0
        self._shared: dict[str, int] = {}
        self._own: dict[str, int] = {}

    def admit(self, key_id: str) -> None:
        """Count one request of a key; raises RateLimited, with the seconds left of the window, when it is used up."""
        now = self._clock()
        if now >= self._ends:
            self._begin_window(now)
        own = self._own.get(key_id, 0)
        if own + self._shared.get(key_id, 0) >= self._limit:
            raise RateLimited(
                f"A key may make {self._limit} requests in {self._window} seconds.", retry_after=self._ends - now
            )
        self._own[key_id] = own + 1

    def _begin_window(self, now: float) -> None:
        self._ends = (math.floor(now / self._window) + 1) * self._window
        self._shared = {}
        self._own = {}

    async def exchange(self) -> None:
        """Hand our counts to Redis and take the totals back."""
        ends, counts = self._ends, self._own
        if not counts or self._clock() >= ends:
            return
        self._own = {}
        try:
            totals = await self._add(ends, counts)
        except Exception:
            self._take_back(ends, counts)
            raise
        if ends == self._ends:
            self._shared.update(totals)

    async def _add(self, ends: float, counts: dict[str, int]) -> dict[str, int]:
        for key_id, count in counts.items():  # until the answer is here, our own part stands in for the total
            self._shared[key_id] = self._shared.get(key_id, 0) + count
        pipeline: Any = self._redis.pipeline(transaction=False)
        for key_id, count in counts.items():
            name = f"quota:{int(ends)}:{key_id}"
            pipeline.incrby(name, count)
            pipeline.expire(name, self._window * 2)
        replies = await pipeline.execute()
        return dict(zip(counts, replies[::2], strict=True))

    def _take_back(self, ends: float, counts: dict[str, int]) -> None:
        if ends != self._ends:
            return
        for key_id, count in counts.items():
            self._shared[key_id] -= count
            self._own[key_id] = self._own.get(key_id, 0) + count

    async def run(self) -> None:
        """Exchange counts once a second until cancelled."""
        while True:
            await asyncio.sleep(EXCHANGE_SECONDS)
            try:
                await self.exchange()
            except Exception as error:
                if not is_outage(error):
                    _log.exception("quota.exchange_failed")
