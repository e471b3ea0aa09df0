"""Keeps connections honest, with one task for all of them: a task each would cost more memory than the rest of ours.

Each beat visits a slice of the connections. A client that has not answered the last ping, or whose unsent bytes exceed
the limit, is cut off; the others are pinged and their entries in Redis renewed.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Iterable
from typing import Final

from redis.exceptions import RedisError
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed, InvalidState

from core.frames import CloseCode
from ws_gateway.registry import Directory, Member, Registry

log = logging.getLogger(__name__)

SLICE: Final = 250
"""Connections visited without a pause."""


class Heartbeat:
    """Visits every connection once in `seconds`; `run` goes on until it is cancelled."""

    def __init__(self, registry: Registry, directory: Directory, seconds: float, buffer_bytes: int) -> None:
        self._registry = registry
        self._directory = directory
        self._seconds = seconds
        self._buffer_bytes = buffer_bytes

    async def run(self) -> None:
        """Beat for ever."""
        while True:
            started = time.monotonic()
            members = list(self._registry)
            pause = self._seconds / max(1, -(-len(members) // SLICE))
            for part in _slices(members):
                await self._visit(part)
                await asyncio.sleep(pause)
            await asyncio.sleep(max(0.0, self._seconds - (time.monotonic() - started)))

    async def _visit(self, members: Iterable[Member]) -> None:
        alive = []
        for connection, session in members:
            if is_stalled(connection, self._buffer_bytes):
                cut_off(connection)
            elif await _ping(connection):
                alive.append(session)
        try:
            await self._directory.announce(alive, int(time.time() * 1000))
        except (RedisError, OSError):
            log.warning("connections could not be announced; trying again at the next beat")


def _slices(members: list[Member]) -> Iterable[list[Member]]:
    return [members[start : start + SLICE] for start in range(0, len(members), SLICE)]


def is_stalled(connection: ServerConnection, buffer_bytes: int) -> bool:
    """Tell whether a client does not read, or did not answer the last ping."""
    return bool(connection.pending_pings) or connection.transport.get_write_buffer_size() > buffer_bytes


def cut_off(connection: ServerConnection) -> None:
    """Drop a client that does not read; a close frame would wait behind the unsent bytes, so it is best effort."""
    with contextlib.suppress(InvalidState):
        connection.protocol.send_close(CloseCode.TOO_SLOW, "too slow")
        connection.send_data()
    connection.transport.abort()


async def _ping(connection: ServerConnection) -> bool:
    """Ping a client whose buffer is empty enough that this cannot wait; returns whether it is still there."""
    if connection.transport.get_write_buffer_size():
        return True
    try:
        await connection.ping()
    except ConnectionClosed:
        return False
    return True
