"""What clients want of conversations, done in the order in which each connection said it, beside its reading.

A connection has a lane only while something of it is to be done, and one that is full takes no more. When a store is
away everything that waits in the lane fails with what failed, since a later message must not come before an earlier
one that the page sends again. What was taken is done even when the connection is gone by then.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

from core.errors import ProductError, Unavailable
from ws_gateway.registry import Member
from ws_gateway.session import Converse

log = logging.getLogger(__name__)

ROOM: Final = 64
"""Frames of one connection that may wait."""

Work = Callable[[Member, Converse], Awaitable[None]]
"""Does what one frame asks for and answers it; raises Unavailable while a store is away."""


class Lanes:
    """The lanes of all connections. `refuse` answers a frame that fails with the one before it."""

    def __init__(self, work: Work, refuse: Callable[[Member, Converse, ProductError], None]) -> None:
        self._work = work
        self._refuse = refuse
        self._lanes: dict[str, deque[tuple[Member, Converse]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._lanes)

    def add(self, member: Member, effect: Converse) -> bool:
        """Do this after what the connection wanted before; returns False, with nothing taken, when too much waits."""
        connection_id = member[1].connection_id
        lane = self._lanes.get(connection_id)
        if lane is None:
            lane = self._lanes[connection_id] = deque()
            task = asyncio.get_running_loop().create_task(self._run(connection_id, lane))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if len(lane) >= ROOM:
            return False
        lane.append((member, effect))
        return True

    async def finish(self, seconds: float) -> None:
        """Wait, before the process ends, until everything that was taken is done, for at most `seconds`."""
        if self._tasks:
            _, unfinished = await asyncio.wait(set(self._tasks), timeout=seconds)
            if unfinished:
                log.error("messages were left undone at the end", extra={"connections": len(unfinished)})

    async def _run(self, connection_id: str, lane: deque[tuple[Member, Converse]]) -> None:
        try:
            while lane:
                await self._do(lane)
        finally:
            del self._lanes[connection_id]

    async def _do(self, lane: deque[tuple[Member, Converse]]) -> None:
        try:
            await self._work(*lane[0])
        except Unavailable as error:
            while lane:
                self._refuse(*lane.popleft(), error)
        else:
            lane.popleft()
