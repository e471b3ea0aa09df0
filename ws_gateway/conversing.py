"""What a client wants of conversations: to say something, to rate or stop an answer, to talk to a person or no more.

A message is stored first, then shown on the user's other pages, then its turn is published, then the client is told.
Whatever fails in between is told as `unavailable`; the client sends the message again, which finds what is there.
"""

import logging
from collections.abc import Callable
from datetime import datetime

from prometheus_client import Counter

from core.conversation_line import ConversationLine
from core.conversations import IncomingMessage
from core.errors import NotFound, ProductError, Unavailable
from core.flags import Flags
from core.frames import (
    CancelHuman,
    ConversationFrame,
    Feedback,
    RequestHuman,
    SendMessage,
    Stop,
    accepted_frame,
    error_frame,
)
from core.ids import new_id
from db import configs, conversation_intake, conversation_requests, messages
from db.conversation_intake import Accepted
from db.pool import Database
from ws_gateway.gate import Gate
from ws_gateway.session import Converse, Session

log = logging.getLogger(__name__)


DONE = Counter("gateway_conversation_frames_total", "Conversation frames by what became of them", ["type", "outcome"])


class Conversing:
    """Does what clients want of conversations; `answer` never raises but for a store that is away."""

    def __init__(
        self,
        database: Database,
        line: ConversationLine,
        flags: Flags,
        gate: Gate,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._line = line
        self._flags = flags
        self._gate = gate
        self._clock = clock

    async def answer(self, session: Session, effect: Converse) -> bytes | None:
        """Do what a frame asks for and return what to tell the client, if anything; raises Unavailable."""
        frame = effect.frame
        try:
            async with self._gate.passed():
                told = await self._do(session, frame)
        except Unavailable:
            raise
        except ProductError as error:
            return refusal(effect, error)
        except Exception:
            log.exception("a conversation frame failed", extra={"frame": frame.type})
            return refusal(effect, ProductError())
        DONE.labels(frame.type, "done").inc()
        return told

    async def _do(self, session: Session, frame: ConversationFrame) -> bytes | None:
        match frame:
            case SendMessage():
                return await self._say(session, frame)
            case Feedback():
                await self._rate(session, frame)
            case Stop():
                await self._stop(session, frame)
            case RequestHuman():
                await self._call_person(session, frame)
            case CancelHuman():
                await self._cancel_person(session, frame)
        return None

    async def _say(self, session: Session, frame: SendMessage) -> bytes:
        incoming = IncomingMessage(
            company_id=session.company_id,
            user_id=session.user_id,
            trace_id=new_id(),
            **frame.model_dump(exclude={"type"}),
        )
        async with self._database.transaction(session.company_id) as connection:
            rules = (await configs.load(connection, session.company_id)).config.conversations
            is_on = self._flags.may_converse(session.company_id, session.user_id, rules)
            accepted = await conversation_intake.accept(connection, incoming, rules, self._clock(), is_on=is_on)
        await self._show(session, accepted)
        if accepted.turn and accepted.publish:
            await self._line.queue(accepted.turn)
        log.info("message accepted", extra={"message_id": accepted.message.message_id, "trace_id": incoming.trace_id})
        return accepted_frame(frame.client_message_id, accepted.conversation_id, accepted.message.message_id)

    async def _show(self, session: Session, accepted: Accepted) -> None:
        """Show a message on the user's other pages, once however often it is sent."""
        user = (session.company_id, session.user_id)
        if accepted.ended:
            await self._line.tell_ended(*user, accepted.ended, "stale")
        await self._line.tell_message(*user, accepted.message)

    async def _rate(self, session: Session, frame: Feedback) -> None:
        async with self._database.transaction(session.company_id) as connection:
            address = (session.company_id, session.user_id, frame.message_id)
            if not await messages.rate(connection, *address, frame.rating, self._clock()):
                raise NotFound("There is no such answer.")

    async def _stop(self, session: Session, frame: Stop) -> None:
        async with self._database.transaction(session.company_id) as connection:
            address = (session.company_id, session.user_id, frame.conversation_id)
            turn = await conversation_requests.answer_to_stop(connection, *address)
        if turn is not None:
            await self._line.stop(turn)

    async def _call_person(self, session: Session, frame: RequestHuman) -> None:
        async with self._database.transaction(session.company_id) as connection:
            address = (session.company_id, session.user_id, frame.conversation_id)
            asked = await conversation_requests.ask_for_person(connection, *address, new_id(), self._clock())
        if asked.turn:
            await self._line.queue(asked.turn)

    async def _cancel_person(self, session: Session, frame: CancelHuman) -> None:
        async with self._database.transaction(session.company_id) as connection:
            address = (session.company_id, session.user_id, frame.conversation_id)
            cancelled = await conversation_requests.cancel_person(connection, *address, new_id(), self._clock())
        user = (session.company_id, session.user_id)
        await self._line.tell_withdrawn(*user, cancelled.conversation_id, cancelled.ticket_id)
        if cancelled.turn:
            await self._line.queue(cancelled.turn)


def refusal(effect: Converse, error: ProductError) -> bytes:
    """Count and return the frame that says why nothing came of one, naming what it was about."""
    DONE.labels(effect.frame.type, error.code).inc()
    named = ("conversation_id", "client_message_id", "message_id")
    about = {name: getattr(effect.frame, name, None) for name in named}
    return error_frame(error.code, error.detail, **about)
