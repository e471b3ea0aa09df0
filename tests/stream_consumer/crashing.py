"""A consumer process that kills itself at a chosen point; `tests.nursery` runs it.

CRASH_AT names the point as `module:function:before|after`; the process sends itself SIGKILL there, the first time it
comes by. With CRASH_ON it does so whenever a batch of events holds that text. Nothing of this is in the product:
functions are wrapped here, before the worker starts.
"""

import importlib
import os
import signal
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from stream_consumer import worker
from stream_consumer.entries import Entry, Outcome
from stream_consumer.events import EventsHandler


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def wrap(function: Callable[..., Awaitable[Any]], when: str) -> Callable[..., Awaitable[Any]]:
    async def crashing(*arguments: Any, **named: Any) -> Any:
        if when == "before":
            die()
        await function(*arguments, **named)
        die()

    return crashing


def arm(point: str) -> None:
    module_name, path, when = point.split(":")
    owner: Any = importlib.import_module(module_name)
    *parents, name = path.split(".")
    for parent in parents:
        owner = getattr(owner, parent)
    setattr(owner, name, wrap(getattr(owner, name), when))


def poison(text: bytes) -> None:
    """Let every batch in which an entry holds the text be the process's last."""
    handle = EventsHandler.handle

    async def crashing(self: EventsHandler, entries: Sequence[Entry]) -> Sequence[Outcome]:
        if any(text in entry.payload for entry in entries):
            die()
        return await handle(self, entries)

    EventsHandler.handle = crashing  # type: ignore[method-assign]


def main(*roles: str) -> None:
    if point := os.environ.get("CRASH_AT"):
        arm(point)
    if text := os.environ.get("CRASH_ON"):
        poison(text.encode())
    worker.run(roles)
