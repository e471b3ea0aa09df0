"""Reads this gateway's delivery stream and hands each frame to whoever holds the user's connections.

The stream is a hint, not the truth: durable frames also stand in the users' own streams. `on_return` is called
at the start and after each outage, since entries may have been missed.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

from prometheus_client import Gauge
from redis.asyncio import Redis
from redis.exceptions import RedisError

from core import streams
from core.outbox import Delivery, decode_delivery
from core.redis import BLOCK_MS, is_outage

log = logging.getLogger(__name__)

READ_COUNT: Final = 500
TRIM_EVERY: Final = 1000
"""Entries read between two trims, so that trimming does not stand between a frame and the next."""
RETRY_SECONDS: Final = 0.25

CONNECTED = Gauge("gateway_redis_connected", "Whether the delivery stream can be read")


class Deliveries:
    """The reader; `run` goes on until it is cancelled. `connected` tells whether Redis answered last."""

    def __init__(
        self,
        redis: Redis,
        gateway_id: str,
        receive: Callable[[Delivery], None],
        on_return: Callable[[], Awaitable[None]],
    ) -> None:
        self._redis = redis
        self._key = streams.deliveries_key(gateway_id)
        self._receive = receive
        self._on_return = on_return
        self._last: bytes | str = "0-0"
        self._untrimmed = 0
        self._failing = False
        self.connected = False

    async def run(self) -> None:
        """Read for ever; an outage is waited out."""
        while True:
            try:
                if not self.connected:
                    await self._enter()
                await self._read()
            except (RedisError, OSError) as error:
                self._leave(error)
                await asyncio.sleep(RETRY_SECONDS)

    def _leave(self, error: Exception) -> None:
        if not is_outage(error):
            log.exception("deliveries cannot be read")
        elif not self._failing:
            log.warning("redis is away", extra={"error": type(error).__name__})
        self._failing, self.connected = True, False
        CONNECTED.set(0)

    async def _enter(self) -> None:
        await self._on_return()
        if self._failing:
            log.info("redis is back")
        self._failing, self.connected = False, True
        CONNECTED.set(1)

    async def _read(self) -> None:
        reply: Any = await self._redis.xread({self._key: self._last}, count=READ_COUNT, block=BLOCK_MS)
        for _, entries in reply or ():
            for entry_id, fields in entries:
                self._last = entry_id
                self._untrimmed += 1
                self._hand_over(fields)
        if self._untrimmed >= TRIM_EVERY or (self._untrimmed and not reply):
            await self._redis.xtrim(self._key, minid=self._last, approximate=True)
            self._untrimmed = 0

    def _hand_over(self, fields: dict[bytes, bytes]) -> None:
        try:
            self._receive(decode_delivery(fields))
        except Exception:
            log.exception("a delivery could not be handed over")
