"""Keeps connections honest, with one task for all of them: a task each would cost more memory than the rest of ours.

Each beat visits the connections slice by slice. A client that has not answered the last ping, or whose unsent bytes
exceed the limit, is cut off; one whose token has expired is asked to come back with another (4401); the others are
pinged and their entries in Redis renewed. A beat ends with a look at Redis: an epoch that is new means that everything
in it was lost, and the clients are asked to come back.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final

from redis.exceptions import RedisError

from core.frames import CloseCode
from ws_gateway import errands, line
from ws_gateway.registry import Directory, Member, Registry

log = logging.getLogger(__name__)

SLICE: Final = 250
"""Connections visited without a pause."""


class Heartbeat:
    """Visits every connection once in `seconds`; `run` goes on until it is cancelled."""

    def __init__(
        self,
        registry: Registry,
        directory: Directory,
        check_epoch: Callable[[], Awaitable[object]],
        seconds: float,
        buffer_bytes: int,
    ) -> None:
        self._registry = registry
        self._directory = directory
        self._check_epoch = check_epoch
        self._seconds = seconds
        self._buffer_bytes = buffer_bytes

    async def run(self) -> None:
        """Beat for ever."""
        while True:
            members = list(self._registry)
            slices = [members[start : start + SLICE] for start in range(0, len(members), SLICE)]
            for part in slices or [[]]:
                await self._visit(part)
                await asyncio.sleep(self._seconds / max(1, len(slices)))
            await self._look_at_redis()

    async def _visit(self, members: list[Member]) -> None:
        alive = []
        now = time.time()
        for connection, session in members:
            if line.is_stalled(connection, self._buffer_bytes):
                line.cut_off(connection)
            elif session.expires <= now:
                errands.start(connection.close(CloseCode.UNAUTHENTICATED))
            elif line.is_open(connection) and await line.ping(connection):
                alive.append(session)
        try:
            await self._directory.announce(alive, int(now * 1000))
        except (RedisError, OSError):
            log.debug("connections could not be announced; trying again at the next beat")

    async def _look_at_redis(self) -> None:
        try:
            await self._check_epoch()
        except (RedisError, OSError):
            log.debug("redis is away")
