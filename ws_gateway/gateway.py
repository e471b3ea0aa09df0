"""One connection from handshake to close."""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from prometheus_client import Counter
from redis.exceptions import RedisError
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from core.conversations import TooManyMessages
from core.errors import Forbidden, ProductError, Unauthenticated, Unavailable
from core.frames import PONG, CloseCode, NudgeAck, nudge_status_frame
from core.nudges import NudgeStatus
from core.outbox import Outbox
from ws_gateway import errands, line
from ws_gateway.conversing import Conversing, refusal
from ws_gateway.identity import Identity, Opening, parse_opening
from ws_gateway.lanes import Lanes
from ws_gateway.postman import Postman
from ws_gateway.reception import Reception, Refused
from ws_gateway.registry import Directory, Member, Registry
from ws_gateway.reports import Reports
from ws_gateway.session import Confirm, Converse, Effect, Hangup, Report, Send, Session

log = logging.getLogger(__name__)

OPENED = Counter("gateway_opened_total", "Connections by how their opening ended: ok, or a close code", ["outcome"])


def utc_now() -> datetime:
    """Return the time by which tokens are checked."""
    return datetime.now(UTC)


class Gateway:
    """Serves connections; `handle` is the handler of the WebSocket server."""

    def __init__(
        self,
        identity: Identity,
        reception: Reception,
        registry: Registry,
        directory: Directory,
        postman: Postman,
        outbox: Outbox,
        reports: Reports,
        conversing: Conversing,
        buffer_bytes: int,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._identity = identity
        self._reception = reception
        self._registry = registry
        self._directory = directory
        self._postman = postman
        self._outbox = outbox
        self._reports = reports
        self._conversing = conversing
        self.lanes = Lanes(self._converse, self._refuse)
        self._buffer_bytes = buffer_bytes
        self._clock = clock

    async def handle(self, connection: ServerConnection) -> None:
        """Serve one connection until it ends."""
        opening = parse_opening(connection.request.path) if connection.request else None
        line.forget_request(connection)
        session = await self._open(connection, opening)
        if session is None:
            return
        try:
            await self._listen((connection, session))
        except ConnectionClosed:
            pass
        finally:
            await self._leave(session)

    async def _open(self, connection: ServerConnection, opening: Opening | None) -> Session | None:
        try:
            session = await self._admit(connection, opening)
        except ConnectionClosed:
            return None
        except (Refused, Forbidden, Unauthenticated, Unavailable, RedisError, OSError) as error:
            code = close_code(error)
            OPENED.labels(str(int(code))).inc()
            await connection.close(code)
            return None
        OPENED.labels("ok").inc()
        return session

    async def _admit(self, connection: ServerConnection, opening: Opening | None) -> Session:
        if opening is None:
            raise Unauthenticated
        claims = await self._identity.verify(opening, self._clock())
        session = self._reception.admit(connection, claims)
        try:
            await self._reception.greet((connection, session), opening)
        except BaseException:
            await self._leave(session)
            raise
        return session

    async def _leave(self, session: Session) -> None:
        self._registry.remove(session)
        self._reception.catch_ups.drop(session.connection_id)
        self._postman.catch_ups.drop(session.connection_id)
        await errands.quietly(self._directory.withdraw(session))

    async def _listen(self, member: Member) -> None:
        connection, session = member
        async for message in connection:
            code = self._act(member, session.receive(message, time.monotonic()))
            if code is not None:
                await connection.close(code)
                return

    def _act(self, member: Member, effect: Effect) -> CloseCode | None:
        """Do what the session asks for; returns a close code when that ends the connection."""
        connection, session = member
        match effect:
            case Send(data):
                line.write(connection, data, self._buffer_bytes)
            case Confirm():
                pong = partial(line.write, connection, PONG, self._buffer_bytes)
                self._reports.when_written(session.last_report, pong)
            case Report(ack):
                return self._report(session, ack)
            case Converse():
                if not self.lanes.add(member, effect):
                    self._refuse(member, effect, TooManyMessages())
            case Hangup(code):
                return code
        return None

    async def _converse(self, member: Member, effect: Converse) -> None:
        connection, session = member
        told = await self._conversing.answer(session, effect)
        if told:
            line.write(connection, told, self._buffer_bytes)

    def _refuse(self, member: Member, effect: Converse, error: ProductError) -> None:
        line.write(member[0], refusal(effect, error), self._buffer_bytes)

    def _report(self, session: Session, ack: NudgeAck) -> CloseCode | None:
        """Pass a report on, and tell the user's other connections, wherever they are, not to show the nudge."""
        place = self._postman.note(session, ack.nudge_id, ack.status)
        if not place:
            return CloseCode.TRY_AGAIN_LATER
        session.last_report = place
        frame = nudge_status_frame(ack.nudge_id, NudgeStatus(ack.status), by=session.connection_id)
        errands.start(self._outbox.send(session.company_id, session.user_id, frame))
        return None


def close_code(error: Exception) -> CloseCode:
    """Return the close code that tells a client why it was not taken; a store that is away is the usual reason."""
    match error:
        case Refused(code=code):
            return code
        case Forbidden():
            return CloseCode.FORBIDDEN
        case Unauthenticated():
            return CloseCode.UNAUTHENTICATED
        case _:
            return CloseCode.TRY_AGAIN_LATER
