"""Work on several documents at a time, so that one is converted while the next one is fetched."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from core.tasks import end

Item = TypeVar("Item")


async def for_each(items: Iterable[Item], width: int, work: Callable[[Item], Awaitable[None]]) -> None:
    """Do the work for each item, `width` at a time, in about their order; the first failure ends all and is raised."""
    running: set[asyncio.Future[None]] = set()
    try:
        for item in items:
            running.add(asyncio.ensure_future(work(item)))
            while len(running) >= width:
                running = await _settle(running)
        while running:
            running = await _settle(running)
    finally:
        await end([task for task in running if isinstance(task, asyncio.Task)])


async def _settle(running: set[asyncio.Future[None]]) -> set[asyncio.Future[None]]:
    """Wait for one of the tasks to end, and raise what it raised; returns the others."""
    done, left = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    failures = [task.exception() for task in done]
    for failure in failures:
        if failure is not None:
            raise failure
    return left
