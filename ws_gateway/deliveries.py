"""Reads this gateway's delivery stream and hands each frame to the user's connections here.

The stream is a hint, not the truth: durable frames also stand in the users' own streams. When entries may have been
missed (Redis was away), the connections are told to come back, and resume.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError

from core import streams
from core.outbox import DELIVERIES_TTL_SECONDS, Frame
from core.redis import BLOCK_MS, is_outage

log = logging.getLogger(__name__)

READ_COUNT: Final = 500
RETRY_SECONDS: Final = 0.5

Receive = Callable[[str, str, Frame], None]
"""(company id, user id, frame); a number of 0 marks a passing frame."""


class Deliveries:
    """The reader; `run` goes on until it is cancelled."""

    def __init__(self, redis: Redis, gateway_id: str, receive: Receive, on_gap: Callable[[], Awaitable[None]]) -> None:
        self._redis = redis
        self._key = streams.deliveries_key(gateway_id)
        self._receive = receive
        self._on_gap = on_gap
        self._last: bytes | str = "0-0"
        self.connected = True

    async def run(self) -> None:
        """Read for ever; an outage is waited out, and then `on_gap` is called if the stream may have been lost."""
        while True:
            try:
                await self._read()
                if not self.connected:
                    await self._check_gap()
                    self.connected = True
            except (RedisError, OSError) as error:
                if not is_outage(error):
                    log.exception("deliveries cannot be read")
                self.connected = False
                await asyncio.sleep(RETRY_SECONDS)

    async def _read(self) -> None:
        reply: Any = await self._redis.xread({self._key: self._last}, count=READ_COUNT, block=BLOCK_MS)
        for _, entries in reply or ():
            for entry_id, fields in entries:
                self._last = entry_id
                self._hand_over(fields)
            await self._forget()

    def _hand_over(self, fields: dict[bytes, bytes]) -> None:
        try:
            company_id, user_id = orjson.loads(fields[b"u"])
            frame = Frame(int(fields[b"s"]), fields[b"d"])
        except (KeyError, ValueError, TypeError):
            log.error("a delivery could not be read")
            return
        self._receive(company_id, user_id, frame)

    async def _forget(self) -> None:
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.xtrim(self._key, minid=self._last, approximate=True)
        pipeline.expire(self._key, DELIVERIES_TTL_SECONDS)
        await pipeline.execute()

    async def _check_gap(self) -> None:
        """After an outage: publishers may have failed to reach us, or the whole of Redis may be new."""
        await self._on_gap()
