"""What becomes of open connections when Redis was away, or was lost.

Away: their entries are renewed and each is brought up to date from its outbox; clients notice nothing. Lost (its epoch
is another): numbers mean nothing any more, so clients are asked to come back, and get what PostgreSQL knows.
"""

from core.outbox import Outbox
from ws_gateway.departure import ask_to_return
from ws_gateway.heartbeat import SLICE
from ws_gateway.postman import Postman, wall_clock_ms
from ws_gateway.registry import Directory, Registry


class Continuity:
    """Watches the epoch, and mends what an outage broke."""

    def __init__(self, registry: Registry, directory: Directory, outbox: Outbox, postman: Postman) -> None:
        self._registry = registry
        self._directory = directory
        self._outbox = outbox
        self._postman = postman
        self._epoch: str | None = None

    async def check_epoch(self) -> bool:
        """Ask the clients to come back if the epoch is not the one seen last; returns whether it is the same."""
        epoch, before = await self._outbox.epoch(), self._epoch
        self._epoch = epoch
        if before in {None, epoch}:
            return True
        await ask_to_return(self._registry)
        return False

    async def resume(self) -> None:
        """Do what is to be done once Redis answers again."""
        if not await self.check_epoch():
            return
        members = list(self._registry)
        for start in range(0, len(members), SLICE):
            part = members[start : start + SLICE]
            await self._directory.announce([session for _, session in part], wall_clock_ms())
            for member in part:
                if member[1].suspect():
                    self._postman.bring_up_to_date(member)
