"""One turn of a user at a time: a lock in Redis that its holder renews, and that nobody else can release.

The lock keeps turns of one user from thinking beside each other; what must never happen twice is guarded once more by
the transaction that saves a nudge, so a lock that is lost with Redis does no harm.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from core.ids import new_id

LIFE_MS: Final = 15_000
"""Life of a lock whose holder was killed."""

_RELEASE: Final = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""
_RENEW: Final = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0
"""
log = logging.getLogger(__name__)


class Locks:
    """Takes locks; `life_ms` is how long one outlives a killed holder."""

    def __init__(self, redis: Redis, *, life_ms: int = LIFE_MS) -> None:
        self._redis = redis
        self._life_ms = life_ms
        self._release = redis.register_script(_RELEASE)
        self._renew = redis.register_script(_RENEW)

    @asynccontextmanager
    async def hold(self, key: str) -> AsyncIterator[bool]:
        """Hold a lock for the block if it is free; yields whether it was."""
        token = new_id()
        if not await self._redis.set(key, token, nx=True, px=self._life_ms):
            yield False
            return
        done = asyncio.Event()
        renewal = asyncio.create_task(self._keep(key, token, done))
        try:
            yield True
        finally:
            done.set()
            await renewal
            with suppress(RedisError, OSError):  # then it expires
                await self._release([key], [token])

    async def _keep(self, key: str, token: str, done: asyncio.Event) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(done.wait(), self._life_ms / 3000)
            if done.is_set():
                return
            with suppress(RedisError, OSError):
                if not await self._renew([key], [token, self._life_ms]):
                    log.warning("a lock was lost while its turn ran")
                    return
