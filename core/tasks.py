"""Ending background tasks for certain: one cancellation is not always enough.

`asyncio.wait_for` of Python 3.11 returns the result when a cancellation arrives together with it, and redis-py may take
a cancellation that interrupts its clean-up for the end of that clean-up. The task then runs on as if nothing had been
said, and whoever awaits it waits for ever. (About one cancellation in eight hundred was lost in a trial that cancelled
a loop of Redis pipelines at random moments.)
"""

import asyncio
from collections.abc import Iterable
from typing import Any, Final

_AGAIN_AFTER_SECONDS: Final = 0.5


async def end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks, again and again, until all are over; what they raised in the end is not raised here."""
    pending = {task for task in tasks if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=_AGAIN_AFTER_SECONDS)
