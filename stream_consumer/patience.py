"""Repeats an operation until the store behind it is back, with growing waits, or until the process is told to stop.

The one place where outages are waited out, so that no handler needs a retry of its own for them.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from core import redis as core_redis
from core.errors import Unavailable
from db import pool
from stream_consumer.group import is_group_lost
from stream_consumer.retry import RetryPolicy, backoff

T = TypeVar("T")
log = logging.getLogger(__name__)


class Interrupted(Exception):
    """The process is to stop while a store is away; what was under way stays pending for another consumer."""


def is_outage(error: BaseException) -> bool:
    """Tell whether PostgreSQL or Redis is away; an error that was raised from such a one counts as well."""
    if isinstance(error, BaseExceptionGroup):
        return all(is_outage(inner) for inner in error.exceptions)
    if isinstance(error, Unavailable) or core_redis.is_outage(error) or pool.is_outage(error) or is_group_lost(error):
        return True
    return error.__cause__ is not None and is_outage(error.__cause__)


class Patience:
    """Waits outages out until `stop` is set. `repair` runs before each new try, to recreate what a loss took."""

    def __init__(
        self,
        policy: RetryPolicy,
        stop: asyncio.Event,
        *,
        repair: Callable[[], Awaitable[None]] | None = None,
        on_outage: Callable[[], None] = lambda: None,
    ) -> None:
        self._policy = policy
        self._stop = stop
        self._repair = repair
        self._on_outage = on_outage

    async def insist(self, operation: Callable[[], Awaitable[T]]) -> T:
        """Return the operation's result once it has one.

        Raises:
            Interrupted: told to stop during an outage.
            Exception: whatever else the operation raised.
        """
        tries = 0
        while True:
            try:
                if tries and self._repair is not None:
                    await self._repair()
                return await operation()
            except Exception as error:
                if not is_outage(error):
                    raise
                tries += 1
                await self._pause(tries, error)

    async def _pause(self, tries: int, error: Exception) -> None:
        if self._stop.is_set():
            raise Interrupted from error
        self._on_outage()
        seconds = backoff(self._policy, tries, random.random())  # noqa: S311 - spreads load, guards nothing
        log.warning("a store is away", extra={"error": type(error).__name__, "tries": tries, "wait": round(seconds, 3)})
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), seconds)
