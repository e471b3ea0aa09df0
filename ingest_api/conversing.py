"""What users say on its way to whoever answers, and waiting for the answer: the part of it that is Redis.

The turn goes into its stream, the message to the user's pages. Whoever waits does so on a list that gets one element
when the turn has ended; the element stays there, so that any number may wait for one turn. Waiting takes a connection
each, so there is a pool for it alone: events and everything else never queue behind people who wait.
"""

import asyncio
import time
from typing import Any, Final, cast

from redis.asyncio import Redis

from core import streams
from core.conversation_line import ConversationLine
from core.frames import typing_frame
from core.redis import SOCKET_TIMEOUT, is_outage

WAITERS: Final = 256
"""Requests of one process that wait at a time; further ones are told at once where to ask again."""
_SLICE: Final = SOCKET_TIMEOUT - 1.5
"""Longest single wait in seconds; Redis must answer before the socket gives up."""
_PAUSE: Final = 0.5
"""Seconds until Redis is asked again after it was away: what was said is stored, so waiting goes on."""


class Desk(ConversationLine):
    """The line, and waiting at it. `waiting` is a client over a pool of its own, of `WAITERS` connections."""

    def __init__(self, redis: Redis, waiting: Redis, *, shards: int) -> None:
        super().__init__(redis, shards=shards)
        self._waiting = waiting
        self._free = asyncio.Semaphore(WAITERS)

    async def tell_typing(self, company_id: str, user_id: str, conversation_id: str) -> None:
        """Show that a person is writing."""
        await self._outbox.send(company_id, user_id, typing_frame(conversation_id, by="agent"))

    async def wait(self, turn_id: str, seconds: float) -> bool:
        """Wait until a turn has ended, at most so long; returns at once, with False, when too many wait already."""
        if seconds <= 0 or self._free.locked():
            return False
        deadline = time.monotonic() + seconds
        async with self._free:
            while (left := deadline - time.monotonic()) > 0:
                if await self._look(turn_id, min(left, _SLICE)):
                    return True
        return False

    async def _look(self, turn_id: str, seconds: float) -> bool:
        """Wait for the list's element by turning the list round, which leaves it as it is."""
        key: Any = streams.turn_ended_key(turn_id)
        try:
            return await self._waiting.blmove(key, key, cast(int, seconds), "LEFT", "RIGHT") is not None
        except Exception as error:
            if not is_outage(error):
                raise
            await asyncio.sleep(min(seconds, _PAUSE))
            return False
