"""Receives a connection: admits it within the limits, greets it, and hands over what it missed.

While PostgreSQL is away a client is greeted all the same and stays catching up; what it missed follows once PostgreSQL
answers. Nothing that it could miss meanwhile is lost, since it is told to stand before everything stored.
"""

import asyncio
from functools import partial
from typing import Final

from websockets.asyncio.server import ServerConnection

from core.errors import Unavailable
from core.frames import CloseCode, hello_frame
from core.ids import new_id
from core.outbox import Outbox, Stored
from core.security import UserClaims
from ws_gateway import line
from ws_gateway.backlog import Backlog, Missed, Start, starting_point
from ws_gateway.catchups import CatchUps
from ws_gateway.identity import Opening
from ws_gateway.postman import Postman, wall_clock_ms
from ws_gateway.registry import Directory, Member, Registry
from ws_gateway.session import Session

LOOK_UP_SECONDS: Final = 2.0
"""How long a client waits for PostgreSQL before it is greeted without."""
AT_ONCE: Final = 64
"""Connections greeted at a time, so that a storm of them does not run into the limits of the stores' pools."""


class Refused(Exception):
    """The connection is not taken; `code` is the close code that says why."""

    def __init__(self, code: CloseCode) -> None:
        super().__init__(code)
        self.code = code


class Reception:
    """Receives connections. `catch_ups` is work that waits for PostgreSQL; somebody must run it."""

    def __init__(
        self, registry: Registry, directory: Directory, outbox: Outbox, backlog: Backlog, postman: Postman
    ) -> None:
        self._registry = registry
        self._directory = directory
        self._outbox = outbox
        self._backlog = backlog
        self._postman = postman
        self._greeting = asyncio.Semaphore(AT_ONCE)
        self.catch_ups = CatchUps()
        self.closed = False

    def admit(self, connection: ServerConnection, claims: UserClaims) -> Session:
        """Note a connection within the limits; raises Refused."""
        if self.closed:
            raise Refused(CloseCode.DRAINING)
        if not self._registry.admits(claims.company_id, claims.user_id):
            raise Refused(CloseCode.TOO_MANY)
        session = Session(new_id(), claims.company_id, claims.user_id, claims.expires_at.timestamp())
        self._registry.add(connection, session)
        return session

    async def greet(self, member: Member, opening: Opening) -> None:
        """Announce the connection first and look for missed frames then: what falls between is noted, not lost."""
        session = member[1]
        async with self._greeting:
            await self._directory.announce([session], wall_clock_ms())
            session.seek()
            stored = await self._outbox.read(session.company_id, session.user_id)
            start = starting_point(stored, opening.after, opening.epoch)
            missed = await self._look_up(session, stored, start)
        session.start(start.seq)
        seq = start.seq if missed is None else told(start, missed)
        hello = hello_frame(session.connection_id, stored.epoch, seq, resumed=start.resumed)
        self._postman.hand(member, [hello])
        if missed is None:
            self.catch_ups.add(member, partial(self._catch_up, member, start))
        else:
            self._finish(member, missed)

    async def _look_up(self, session: Session, stored: Stored, start: Start) -> Missed | None:
        if len(self.catch_ups):
            return None  # PostgreSQL was away a moment ago, and others wait for it already
        try:
            async with asyncio.timeout(LOOK_UP_SECONDS):
                return await self._backlog.missed(session.company_id, session.user_id, stored, start)
        except (Unavailable, TimeoutError):
            return None

    async def _catch_up(self, member: Member, start: Start) -> None:
        connection, session = member
        if not line.is_open(connection):
            return
        session.seek()
        stored = await self._outbox.read(session.company_id, session.user_id)
        missed = await self._backlog.missed(session.company_id, session.user_id, stored, start)
        self._finish(member, missed)

    def _finish(self, member: Member, missed: Missed) -> None:
        session = member[1]
        self._postman.hand(member, session.catch_up(missed.frames, missed.until))
        if session.catching_up:
            self._postman.bring_up_to_date(member)


def told(start: Start, missed: Missed) -> int:
    """Return the number up to which a client is up to date before it gets what it missed."""
    if start.resumed:
        return start.seq
    return missed.frames[0].seq - 1 if missed.frames else missed.until
