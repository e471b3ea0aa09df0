"""Asking clients to reconnect (close code 1012), spread over a moment to spare whoever serves them then."""

import asyncio
from typing import Final

from core.frames import CloseCode
from ws_gateway import errands
from ws_gateway.registry import Registry

STEPS: Final = 50
STEP_SECONDS: Final = 0.05
LEAST: Final = 100
"""Connections closed in a step at least."""


async def ask_to_return(registry: Registry) -> None:
    """Begin to close every connection, in 2.5 seconds at most; a client that does not answer is dropped later."""
    members = list(registry)
    step = max(LEAST, len(members) // STEPS + 1)
    for number, (connection, _) in enumerate(members, start=1):
        errands.start(connection.close(CloseCode.DRAINING, "reconnect"))
        if number % step == 0:
            await asyncio.sleep(STEP_SECONDS)
