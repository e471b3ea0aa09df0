"""The gate before the stores: so many at a time, that waiting for one's turn is never taken for an outage.

When a store is found away, whoever was waiting then is told at once, instead of finding it out one after the other.
"""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from core.errors import Unavailable
from core.redis import is_outage as is_redis_outage
from db.pool import is_outage as is_database_outage

SECONDS: Final = 10.0
"""Longest that one may take behind the gate."""


class Gate:
    """Lets `at_once` through at a time; `clock` is monotonic, in seconds."""

    def __init__(self, at_once: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._room = asyncio.Semaphore(at_once)
        self._clock = clock
        self._found_away = -math.inf

    @asynccontextmanager
    async def passed(self) -> AsyncIterator[None]:
        """Wait for one's turn; raises Unavailable while a store is away, or when the block takes too long."""
        arrived = self._clock()
        async with self._room:
            if arrived < self._found_away:
                raise Unavailable("A store is away.")
            try:
                async with asyncio.timeout(SECONDS):
                    yield
            except TimeoutError as error:
                raise Unavailable("A store takes too long.") from error
            except Exception as error:
                if not (is_redis_outage(error) or is_database_outage(error)):
                    raise
                self._found_away = self._clock()
                raise Unavailable("A store is away.") from error
