"""The graph's Protocols for conversations on our stores: what was said in PostgreSQL, what is shown through the outbox.

Each method first makes one transaction and then publishes what it holds; a run of the same turn after a crash finds the
transaction made, and publishes the same frames under the same keys.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from redis.asyncio import Redis

from core import streams
from core.conversation_line import ConversationLine
from core.conversations import (
    ConversationState,
    ConversationTurn,
    HandledBy,
    Message,
    Role,
    answer_id,
    notice_id,
)
from core.errors import Unavailable
from core.frames import delta_frame, typing_frame
from core.ids import derive_id, escalation_id
from core.outbox import Outbox
from core.redaction import mask
from core.settings import ChannelSettings
from db import configs, conversation_requests, conversation_turns, conversations, messages, tickets
from db.conversations import Conversation
from db.messages import NewMessage
from db.pool import Connection, Database
from db.tickets import OpenedTicket
from graph.conversing.steps import MAX_SUMMARY
from graph.conversing.tickets import ticket_alert
from graph.routing import met
from graph.talk import Answer, Talk, Understanding
from stream_consumer import memory
from stream_consumer.alerting import CREATED, ENDANGERED, channels_of, insert_notifications, publish_notifications
from stream_consumer.follow_ups import follow_up, move, settle_recommending
from stream_consumer.metrics import ConsumerMetrics
from stream_consumer.stores import available


@dataclass(frozen=True, slots=True)
class ConversationStore:
    """`graph.talk_context.Conversations` of any company."""

    db: Database
    redis: Redis
    settings: ChannelSettings
    shards: int
    line: ConversationLine

    async def store_answer(self, talk: Talk, answer: Answer, understanding: Understanding) -> Message:
        """Store the answer with what follows from it, all or nothing; then publish it."""
        turn, now = talk.turn, datetime.now(UTC)
        place = (turn.company_id, turn.conversation_id)
        async with available():
            async with self.db.transaction(turn.company_id) as connection:
                present = await conversation_turns.lock(connection, turn)
                new, is_met = _answer(talk, answer), met(answer, talk)
                stored = await messages.insert_answer(connection, new, now, is_answered=is_met)
                if stored.is_new:
                    await follow_up(connection, talk, answer, understanding, now)
                    withdrawn = await _withdraw(connection, present, answer, now)
                    await settle_recommending(connection, talk, answer, present.state, now)
                    question = await memory.keep(connection, talk, answer, now)
                    notifications = await self._report_danger(connection, talk, answer, now)
                    notifications += await self._open_wanted(connection, talk, answer, now)
                else:
                    question, notifications = await memory.question_of(connection, turn), []
                    withdrawn = await tickets.withdrawn_since(connection, *place, turn.created_at)
            await self._publish(turn, stored.message)
            if withdrawn:
                await self.line.tell_withdrawn(turn.company_id, turn.user_id, turn.conversation_id, withdrawn)
            await publish_notifications(self.redis, self.shards, turn, notifications)
            if question is not None:
                await self._publish(turn, question)
        return stored.message

    async def begin_recommending(self, talk: Talk) -> None:
        """Bring the conversation into the state in which recommendations are made, if it may come there."""
        turn = talk.turn
        async with available(), self.db.transaction(turn.company_id) as connection:
            present = await conversation_turns.lock(connection, turn)
            await move(connection, talk, present.state, ConversationState.GENERATING_RECOMMENDATIONS)

    async def hand_over(self, talk: Talk, reason: str, summary: str, words: str) -> str:
        """Open a ticket with its notifications and put the conversation into the queue; then tell user and people."""
        turn, now = talk.turn, datetime.now(UTC)
        async with available():
            async with self.db.transaction(turn.company_id) as connection:
                opened = await self._queue(connection, talk, reason, summary, now)
                told = await messages.insert(connection, _notice(talk, words), now) if words else None
                notifications = await self._notify(connection, talk, reason, summary, opened)
            if told is not None:
                await self._publish(turn, told.message)
            await self._tell(turn, opened)
            await publish_notifications(self.redis, self.shards, turn, notifications)
        return opened.ticket.ticket_id

    async def _queue(
        self, connection: Connection, talk: Talk, reason: str, summary: str, now: datetime
    ) -> OpenedTicket:
        """Open the ticket, or find the one there is, and have the conversation wait for a person."""
        turn, ticket_id = talk.turn, escalation_id(talk.turn.turn_id)
        present = await conversation_turns.lock(connection, turn)
        opened = await _open(connection, talk, ticket_id, reason, summary, now)
        if talk.declined_person:
            await conversations.set_declines_person(connection, turn.company_id, turn.conversation_id, declines=False)
        is_first = opened.is_new or opened.ticket.ticket_id != ticket_id  # not a run after this turn was dealt with
        if is_first and present.handled_by is HandledBy.AGENT:
            await conversations.set_handled_by(connection, turn.company_id, turn.conversation_id, HandledBy.QUEUE, now)
        return opened

    async def _open_wanted(self, connection: Connection, talk: Talk, answer: Answer, now: datetime) -> list[str]:
        """Open the ticket that a tool asked for while the agent goes on; returns the notifications to be published."""
        wanted = next((effect.values for effect in answer.effects if effect.kind == "create_ticket"), None)
        if wanted is None:
            return []
        summary = mask(f"{wanted['subject']}: {wanted['summary']}")
        ticket_id = derive_id("ticket", talk.turn.turn_id)
        opened = await _open(connection, talk, ticket_id, "tool", summary, now)
        return await self._notify(connection, talk, "tool", summary, opened)

    async def _notify(
        self, connection: Connection, talk: Talk, reason: str, summary: str, opened: OpenedTicket
    ) -> list[str]:
        """Note who is to be told of a ticket; of one that another turn opened everybody knows."""
        if opened.ticket.turn_id != talk.turn.turn_id:
            return []
        return await self._alert(connection, talk, reason, summary, opened.ticket.ticket_id, CREATED)

    async def _report_danger(self, connection: Connection, talk: Talk, answer: Answer, now: datetime) -> list[str]:
        """Make danger what the open ticket is about, and tell people again, who were told of something else."""
        place = (talk.turn.company_id, talk.turn.conversation_id)
        speaks_of_it = any(verdict.action == "hotline" for verdict in answer.verdicts)
        ticket_id = await tickets.note_danger(connection, *place, now) if speaks_of_it else None
        if ticket_id is None:
            return []
        return await self._alert(connection, talk, "safety", talk.question[:MAX_SUMMARY], ticket_id, ENDANGERED)

    async def _alert(
        self, connection: Connection, talk: Talk, reason: str, summary: str, ticket_id: str, event: str
    ) -> list[str]:
        config = (await configs.load(connection, talk.turn.company_id)).config
        alert, chosen = ticket_alert(talk, reason, summary, ticket_id), channels_of(config.escalation, self.settings)
        return await insert_notifications(connection, alert, talk.turn, chosen, event=event)

    async def _publish(self, turn: ConversationTurn, message: Message) -> None:
        await self.line.tell_message(turn.company_id, turn.user_id, message)

    async def _tell(self, turn: ConversationTurn, opened: OpenedTicket) -> None:
        ticket, address = opened.ticket, (turn.company_id, turn.user_id, turn.conversation_id)
        expected = ticket.expected_by.isoformat() if ticket.expected_by else None
        facts: dict[str, Any] = {"ticket_id": ticket.ticket_id, "expected_by": expected}
        facts["may_cancel"] = ticket.may_be_withdrawn or None
        await self.line.tell_handoff(*address, HandledBy.QUEUE, turn.turn_id, **facts)


async def _open(
    connection: Connection, talk: Talk, ticket_id: str, reason: str, summary: str, now: datetime
) -> OpenedTicket:
    turn = talk.turn
    return await tickets.open_ticket(
        connection,
        turn.company_id,
        ticket_id=ticket_id,
        turn_id=turn.turn_id,
        user_id=turn.user_id,
        conversation_id=turn.conversation_id,
        reason=reason,
        alert=ticket_alert(talk, reason, summary, ticket_id).model_dump(mode="json"),
        expected_by=talk.expected_by,
        trace_id=turn.trace_id,
        now=now,
    )


def _answer(talk: Talk, answer: Answer) -> NewMessage:
    turn = talk.turn
    return NewMessage(
        company_id=turn.company_id,
        conversation_id=turn.conversation_id,
        message_id=answer_id(turn.turn_id),
        role=Role.ASSISTANT,
        text=answer.text,
        trace_id=turn.trace_id,
        language=answer.language,
        citations=answer.citations,
        status=answer.status,
        turn_id=turn.turn_id,
        verdicts=[{"rule": one.rule, "action": one.action, "score": one.score} for one in answer.verdicts],
    )


def _notice(talk: Talk, words: str) -> NewMessage:
    turn = talk.turn
    return NewMessage(
        company_id=turn.company_id,
        conversation_id=turn.conversation_id,
        message_id=notice_id(turn.turn_id, "handoff"),
        role=Role.ASSISTANT,
        text=words,
        trace_id=turn.trace_id,
        language=talk.answer_language,
        turn_id=turn.turn_id,
    )


async def _withdraw(connection: Connection, present: Conversation, answer: Answer, now: datetime) -> str | None:
    """Let the agent answer again where the user took the wish for a person back; return the ticket that ends it."""
    wanted = any(effect.kind == "withdraw" for effect in answer.effects)
    return await conversation_requests.withdraw(connection, present, now) if wanted else None


class PageDelivery:
    """`graph.talk_context.Delivery` by the outbox. Whoever is away misses it; everybody does while Redis is away."""

    def __init__(self, redis: Redis, metrics: ConsumerMetrics) -> None:
        self._redis = redis
        self._outbox = Outbox(redis)
        self._metrics = metrics

    async def typing(self, turn: ConversationTurn) -> None:
        """Show that an answer is being written."""
        with suppress(Unavailable):
            async with available():
                await self._outbox.send(turn.company_id, turn.user_id, typing_frame(turn.conversation_id))

    async def delta(self, turn: ConversationTurn, run: str, index: int, text: str) -> bool:
        """Send a sentence, unless the user has stopped this answer."""
        frame = delta_frame(turn.conversation_id, answer_id(turn.turn_id), run, index, text)
        is_wanted = True
        with suppress(Unavailable):
            async with available():
                is_wanted = await self._outbox.send_unless_stopped(
                    turn.company_id, turn.user_id, frame, turn_id=turn.turn_id
                )
        if index == 0:
            self._metrics.first_sentence.observe((datetime.now(UTC) - turn.created_at).total_seconds())
        return is_wanted

    async def is_stopped(self, turn: ConversationTurn) -> bool:
        """Tell whether the user stopped this answer."""
        with suppress(Unavailable):
            async with available():
                stopped = await self._redis.get(streams.stop_key(turn.company_id, turn.user_id))
                return bool(stopped == turn.turn_id.encode())
        return False
