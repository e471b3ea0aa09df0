"""One connection from handshake to close, and the delivery of frames to all of them."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from prometheus_client import Counter, Gauge
from redis.exceptions import RedisError
from websockets.asyncio.server import ServerConnection, broadcast
from websockets.exceptions import ConnectionClosed

from core.errors import Forbidden, ProductError, Unauthenticated
from core.frames import CloseCode, NudgeAck, hello_frame, nudge_status_frame
from core.ids import new_id
from core.nudges import NudgeStatus
from core.outbox import Frame, Outbox
from core.security import UserClaims
from ws_gateway.backlog import Backlog
from ws_gateway.heartbeat import cut_off
from ws_gateway.identity import Identity, Opening, parse_opening
from ws_gateway.registry import Directory, Registry
from ws_gateway.reports import Reports, report_event
from ws_gateway.session import Hangup, Reply, Report, Session

log = logging.getLogger(__name__)

TRY_AGAIN_LATER: Final = 1013
"""WebSocket close code for a store being away (IANA registry: "Try Again Later")."""

CONNECTIONS = Gauge("gateway_connections", "Open connections")
OPENED = Counter("gateway_opened_total", "Connections by how their opening ended", ["outcome"])
DELIVERED = Counter("gateway_frames_sent_total", "Frames written to sockets")
CUT_OFF = Counter("gateway_cut_off_total", "Clients dropped because they did not read")


@dataclass(frozen=True, slots=True)
class Stores:
    """What a connection needs from outside."""

    identity: Identity
    registry: Registry
    directory: Directory
    backlog: Backlog
    outbox: Outbox
    reports: Reports


class Gateway:
    """Serves connections; `handle` is the handler of the WebSocket server."""

    def __init__(
        self, stores: Stores, buffer_bytes: int, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._stores = stores
        self._buffer_bytes = buffer_bytes
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()
        self.draining = False

    async def handle(self, connection: ServerConnection) -> None:
        """Serve one connection until it ends."""
        session = await self._open(connection)
        if session is None:
            return
        CONNECTIONS.inc()
        try:
            await self._listen(connection, session)
        finally:
            CONNECTIONS.dec()
            self._stores.registry.remove(session)
            await self._withdraw(session)

    async def _open(self, connection: ServerConnection) -> Session | None:
        opening = parse_opening(connection.request.path) if connection.request else None
        outcome: int
        try:
            if opening is None:
                raise Unauthenticated
            return await self._admit(connection, opening, await self._stores.identity.verify(opening, self._clock()))
        except _Refused as refusal:
            outcome = refusal.code
        except Unauthenticated:
            outcome = CloseCode.UNAUTHENTICATED
        except Forbidden:
            outcome = CloseCode.FORBIDDEN
        except ConnectionClosed:
            return None
        except (ProductError, RedisError, OSError) as error:
            log.warning("a store is away; the client is asked to try again", extra={"error": type(error).__name__})
            outcome = TRY_AGAIN_LATER
        OPENED.labels(str(int(outcome))).inc()
        await connection.close(outcome)
        return None

    async def _admit(self, connection: ServerConnection, opening: Opening, claims: UserClaims) -> Session:
        registry = self._stores.registry
        if self.draining:
            raise _Refused(CloseCode.DRAINING)
        if not registry.admits(claims.company_id, claims.user_id):
            raise _Refused(CloseCode.TOO_MANY)
        session = Session(new_id(), claims.company_id, claims.user_id, time.monotonic())
        registry.add(connection, session)
        try:
            await self._greet(connection, session, opening)
        except BaseException:
            registry.remove(session)
            await self._withdraw(session)
            raise
        OPENED.labels("ok").inc()
        return session

    async def _greet(self, connection: ServerConnection, session: Session, opening: Opening) -> None:
        """Announce the connection first and look for missed frames then: what falls between is held, not lost."""
        await self._stores.directory.announce([session], int(time.time() * 1000))
        missed = await self._stores.backlog.missed(session.company_id, session.user_id, opening.after, opening.epoch)
        last = max((frame.seq for frame in missed.frames), default=missed.seq)
        hello = hello_frame(session.connection_id, missed.epoch, last, resumed=missed.resumed)
        await connection.send(hello, text=True)
        for data in session.catch_up(missed.seq, missed.frames):
            self._write(connection, session, data)

    async def _listen(self, connection: ServerConnection, session: Session) -> None:
        try:
            async for text in connection:
                match session.receive(text, time.monotonic()):
                    case Reply(data):
                        self._write(connection, session, data)
                    case Report(ack):
                        self._report(session, ack)
                    case Hangup(code):
                        await connection.close(code)
                        return
        except ConnectionClosed:
            return

    def _report(self, session: Session, ack: NudgeAck) -> None:
        """Pass a report on, and tell the user's other connections, wherever they are, not to show it again."""
        self._note(session, ack.nudge_id, ack.status)
        frame = nudge_status_frame(ack.nudge_id, NudgeStatus(ack.status)) | {"by": session.connection_id}
        self._spawn(self._stores.outbox.send(session.company_id, session.user_id, frame))

    def receive(self, company_id: str, user_id: str, frame: Frame) -> None:
        """Write a delivered frame to each of the user's connections here."""
        author = orjson.loads(frame.data).get("by") if frame.seq == 0 else None
        for connection, session in self._stores.registry.of(company_id, user_id):
            if author == session.connection_id:
                continue
            data = session.deliver(frame)
            if data is not None:
                self._write(connection, session, data)

    def _write(self, connection: ServerConnection, session: Session, data: bytes) -> None:
        """Write without waiting: one that does not read must not hold up the others, and is dropped past the limit."""
        broadcast((connection,), data, text=True)
        DELIVERED.inc()
        if connection.transport.get_write_buffer_size() > self._buffer_bytes:
            CUT_OFF.inc()
            cut_off(connection)
        elif data.startswith(b'{"seq":'):
            self._note_sent(session, data)

    def _note_sent(self, session: Session, data: bytes) -> None:
        nudge: dict[str, Any] | None = orjson.loads(data).get("nudge")
        if nudge is not None:
            self._note(session, nudge["nudge_id"], "sent")

    def _note(self, session: Session, nudge_id: str, status: str) -> None:
        now_ms = int(self._clock().timestamp() * 1000)
        event = report_event(session.company_id, session.user_id, session.connection_id, nudge_id, status, now_ms)
        self._stores.reports.add(event)

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(_quietly(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _withdraw(self, session: Session) -> None:
        await _quietly(self._stores.directory.withdraw([session]))

    async def ask_to_return(self) -> None:
        """Close every connection, so that clients come back and resume; spread out to spare whoever serves them."""
        for number, (connection, _) in enumerate(self._stores.registry):
            self._spawn(connection.close(CloseCode.DRAINING, "reconnect"))
            if number % 100 == 99:
                await asyncio.sleep(0.05)


class _Refused(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


async def _quietly(work: Any) -> None:
    """Await something that may fail while a store or a client is gone, where the loss is made good elsewhere."""
    try:
        await work
    except (RedisError, OSError, ConnectionClosed):
        log.debug("a store or a client is away")
