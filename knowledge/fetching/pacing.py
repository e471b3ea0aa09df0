"""One request to a host at a time, and a pause between two, in this process and across processes.

Within a process a lock and a clock do. Across processes a slot is reserved in Redis: a script moves the time at which
the host is free next, and says how long that is away. Without Redis each process keeps its own pace.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from logging import getLogger
from typing import Final
from weakref import WeakValueDictionary

from redis.asyncio import Redis

from core.redis import is_outage

log = getLogger(__name__)

Sleep = Callable[[float], Awaitable[None]]
Clock = Callable[[], float]

MAX_HOSTS: Final = 1_000
"""Hosts whose pause is remembered before those that are free again are forgotten."""
RESERVE: Final = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local start = math.max(now, tonumber(redis.call('GET', KEYS[1]) or 0))
local free = start + tonumber(ARGV[1])
redis.call('SET', KEYS[1], string.format('%d', free), 'PX', free - now)
return start - now
"""
"""Take the next slot of a host. KEYS[1] when it is free (ms of Redis's clock), ARGV[1] the pause in ms (> 0)."""


def slot_key(host: str) -> str:
    """Key of the time at which a host may be asked next."""
    return f"fetch_slot:{{{host}}}"


def pause_until(free_at: float | None, now: float) -> float:
    """Return the seconds to wait for a host that is free at a time; None: it is free."""
    return max(0.0, free_at - now) if free_at is not None else 0.0


class Pace:
    """Turns at hosts. Share one per process."""

    def __init__(self, redis: Redis | None = None, *, clock: Clock = time.monotonic, sleep: Sleep = asyncio.sleep):
        self._reserve = redis.register_script(RESERVE) if redis else None
        self._clock = clock
        self._sleep = sleep
        self._free_at: dict[str, float] = {}
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def turn(self, host: str, delay: float) -> AsyncIterator[None]:
        """Wait for the host to be free, hold it, and leave it alone for `delay` seconds afterwards."""
        lock = self._locks.setdefault(host, asyncio.Lock())
        async with lock:
            await self._sleep(pause_until(self._free_at.get(host), self._clock()))
            await self._sleep(await self._reserved(host, delay))
            try:
                yield
            finally:
                self.postpone(host, delay)

    def postpone(self, host: str, seconds: float) -> None:
        """Leave a host alone for some seconds from now, unless it is left alone for longer already."""
        now = self._clock()
        if len(self._free_at) >= MAX_HOSTS:
            self._free_at = {name: free_at for name, free_at in self._free_at.items() if free_at > now}
        self._free_at[host] = max(now + seconds, self._free_at.get(host, now))

    async def _reserved(self, host: str, delay: float) -> float:
        if not self._reserve or delay <= 0:
            return 0.0
        try:
            wait = await self._reserve(keys=[slot_key(host)], args=[max(1, round(delay * 1000))])
        except Exception as error:
            if not is_outage(error):
                raise
            log.warning("redis is away: the pace of fetching is this process's own", extra={"host": host})
            return 0.0
        return int(wait) / 1000
