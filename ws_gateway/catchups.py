"""Bringing sessions up to date when it could not be done on the spot, with one task for all of them.

Work that fails because a store is away is tried again until it succeeds or the client is gone. Work that fails for
another reason is a fault of ours: it is logged, and the client asked to try again, rather than left without its frames.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from core.errors import Unavailable
from core.frames import CloseCode
from core.redis import is_outage
from ws_gateway import errands
from ws_gateway.registry import Member

log = logging.getLogger(__name__)

RETRY_SECONDS: Final = 0.5
AT_ONCE: Final = 8
"""Sessions brought up to date at a time."""

Work = Callable[[], Awaitable[None]]


class CatchUps:
    """Work to be done, by connection id; `run` goes on until it is cancelled."""

    def __init__(self) -> None:
        self._waiting: dict[str, tuple[Member, Work]] = {}
        self._wake = asyncio.Event()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, member: Member, work: Work) -> None:
        """Do this soon, and again until it does not fail for a store that is away."""
        self._waiting[member[1].connection_id] = (member, work)
        self._wake.set()

    def drop(self, connection_id: str) -> None:
        """Forget the work of a connection that is gone."""
        self._waiting.pop(connection_id, None)

    async def run(self) -> None:
        """Work for ever."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                if not await self._work():
                    await asyncio.sleep(RETRY_SECONDS)

    async def _work(self) -> bool:
        """Do some of what waits; returns False when a store was away."""
        batch = list(self._waiting.items())[:AT_ONCE]
        return all(await asyncio.gather(*(self._try(connection_id, *entry) for connection_id, entry in batch)))

    async def _try(self, connection_id: str, member: Member, work: Work) -> bool:
        try:
            await work()
        except Exception as error:
            if isinstance(error, Unavailable | TimeoutError) or is_outage(error):
                return False
            log.exception("a session could not be brought up to date")
            errands.start(member[0].close(CloseCode.TRY_AGAIN_LATER))
        if self._waiting.get(connection_id) == (member, work):
            del self._waiting[connection_id]
        return True
