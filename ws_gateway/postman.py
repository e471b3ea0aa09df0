"""Hands frames to the users' connections here, and brings up to date those that missed one."""

import time
from collections.abc import Callable, Iterable
from functools import partial

import orjson

from core.frames import ERASED, CloseCode
from core.outbox import Ack, Delivery, Outbox
from ws_gateway import errands, line
from ws_gateway.backlog import newest, nudge_id_of
from ws_gateway.catchups import CatchUps
from ws_gateway.registry import Member, Registry
from ws_gateway.reports import Report, Reports
from ws_gateway.session import CatchUp, Send, Session


def wall_clock_ms() -> int:
    """Return the time in Unix milliseconds."""
    return time.time_ns() // 1_000_000


class Postman:
    """Writes to sockets. `catch_ups` is work that only needs Redis; somebody must run it."""

    def __init__(
        self,
        registry: Registry,
        outbox: Outbox,
        reports: Reports,
        buffer_bytes: int,
        clock_ms: Callable[[], int] = wall_clock_ms,
    ) -> None:
        self._registry = registry
        self._outbox = outbox
        self._reports = reports
        self._buffer_bytes = buffer_bytes
        self._clock_ms = clock_ms
        self.catch_ups = CatchUps()

    def receive(self, delivery: Delivery) -> None:
        """Hand a frame to each of the user's connections, except the one that it comes from."""
        passing = delivery.frame.seq == 0
        told = orjson.loads(delivery.frame.data) if passing else {}
        if told.get("type") == ERASED:
            self._dismiss(delivery)
            return
        author = told.get("by")
        written = None
        for connection, session in self._registry.of(delivery.company_id, delivery.user_id):
            if session.connection_id == author:
                continue
            match session.deliver(delivery.frame, delivery.previous):
                case Send(data) if line.write(connection, data, self._buffer_bytes):
                    written = session
                case CatchUp():
                    self.bring_up_to_date((connection, session))
        if written is not None and not passing:
            self._note_sent(written, delivery.frame.data)

    def _dismiss(self, delivery: Delivery) -> None:
        """Close the sockets of a user who was erased."""
        for connection, _ in self._registry.of(delivery.company_id, delivery.user_id):
            errands.start(connection.close(CloseCode.ERASED, "erased"))

    def hand(self, member: Member, frames: Iterable[bytes]) -> None:
        """Write what one connection missed."""
        connection, session = member
        for data in frames:
            if line.write(connection, data, self._buffer_bytes):
                self._note_sent(session, data)

    def bring_up_to_date(self, member: Member) -> None:
        """Read what a session that is catching up lacks, as soon as Redis answers."""
        self.catch_ups.add(member, partial(self._catch_up, member))

    async def _catch_up(self, member: Member) -> None:
        connection, session = member
        while session.catching_up and line.is_open(connection):
            frames = await self._outbox.after(session.company_id, session.user_id, session.seek())
            self.hand(member, session.catch_up(frames, newest(frames)))

    def _note_sent(self, session: Session, data: bytes) -> None:
        nudge_id = nudge_id_of(data)
        if nudge_id is not None:
            self.note(session, nudge_id, "sent")

    def note(self, session: Session, nudge_id: str, status: str) -> int:
        """Report what became of a nudge; returns the report's place, 0 when too many are waiting."""
        ack = Ack(session.company_id, session.user_id, nudge_id, status, self._clock_ms())
        return self._reports.add(Report(ack, session.connection_id))
