"""Small work on the side, whose failure while a store or a client is away is made good elsewhere."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from redis.exceptions import RedisError
from websockets.exceptions import ConnectionClosed

log = logging.getLogger(__name__)

_under_way: set[asyncio.Task[None]] = set()
"""The event loop itself keeps no hold on tasks."""


def start(work: Coroutine[Any, Any, object]) -> None:
    """Do something without waiting for it."""
    task = asyncio.get_running_loop().create_task(quietly(work))
    _under_way.add(task)
    task.add_done_callback(_under_way.discard)


async def quietly(work: Coroutine[Any, Any, object]) -> None:
    """Wait for something that may fail while a store or a client is away."""
    try:
        await work
    except (RedisError, OSError, ConnectionClosed):
        log.debug("a store or a client is away")
