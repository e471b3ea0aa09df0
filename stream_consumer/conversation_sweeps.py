"""What is done for conversations without being asked: lost turns, conversations left open, tickets nobody answered.

Each sweep is run by one process at a time (`requeue.Requeue.run`), and again and again. What it tells users and people
has ids of its own, so that a crash in the middle of one repeats nothing.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from redis.asyncio import Redis

from core.conversation_line import ConversationLine
from core.conversations import ENDED, ConversationTurn, HandledBy, Message, Role, notice_id
from core.settings import ChannelSettings
from db import configs, conversation_backlog, conversation_turns, conversations, messages, tickets
from db.conversations import Conversation, StaleConversation
from db.messages import NewMessage
from db.pool import Connection, Database
from db.tickets import OverdueTicket, Ticket
from graph.phrases import phrase
from graph.state import Alert
from stream_consumer.alerting import OVERDUE, channels_of, insert_notifications, publish_notifications

log = logging.getLogger(__name__)

QUEUED_SECONDS: Final = 15.0
"""After which a turn that waits counts as lost; somebody waits for it."""
RUNNING_SECONDS: Final = 120.0
"""After which one that runs does: longer than most take, since whoever runs it keeps its entry claimed."""
AT_ONCE: Final = 500
_HEADLINE: Final = 160


@dataclass(frozen=True, slots=True)
class _Overdue:
    """What is to be told of a ticket that nobody answered in time."""

    turn: ConversationTurn
    notifications: list[str]
    told: Message | None
    taken_up: ConversationTurn | None


class ConversationSweeps:
    """The sweeps; each returns how much it found to do."""

    def __init__(
        self,
        db: Database,
        redis: Redis,
        settings: ChannelSettings,
        shards: int,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._db = db
        self._redis = redis
        self._line = ConversationLine(redis, shards=shards)
        self._settings = settings
        self._shards = shards
        self._now = now

    async def requeue_turns(self) -> int:
        """Publish turns that nothing has happened to for a while; returns how many."""
        now = self._now()
        ages = (now - timedelta(seconds=QUEUED_SECONDS), now - timedelta(seconds=RUNNING_SECONDS))
        async with self._db.system() as connection:
            left = await conversation_turns.unfinished(connection, *ages, AT_ONCE)
        for row in left:
            async with self._db.transaction(row.company_id) as connection:
                stored = await conversation_turns.get(connection, row.company_id, row.turn_id)
                waits = await conversation_turns.mark_requeued(connection, row.company_id, row.turn_id, now)
            if stored and waits:
                await self._line.queue(stored.turn)
        return len(left)

    async def close_stale(self) -> int:
        """End conversations in which nothing was said for long, and tell their users' pages; returns how many."""
        async with self._db.system() as connection:
            found = await conversations.stale(connection, self._now(), AT_ONCE)
        for each in found:
            async with self._db.transaction(each.company_id) as connection:
                closed = await _close(connection, each, self._now())
            if closed:
                await self._line.tell_ended(each.company_id, each.user_id, each.conversation_id, "stale")
        return len(found)

    async def report_overdue(self) -> int:
        """Tell people and user of tickets that nobody answered in time, once; returns how many."""
        async with self._db.system() as connection:
            found = await tickets.overdue(connection, self._now(), AT_ONCE)
        for each in found:
            await self._report(each)
        return len(found)

    async def _report(self, found: OverdueTicket) -> None:
        """Store what is to be told, tell it, and only then note that it was: a crash in between repeats the same."""
        async with self._db.transaction(found.company_id) as connection:
            overdue = await self._prepare(connection, found)
        if overdue is None:
            return
        turn = overdue.turn
        if overdue.told:
            await self._line.tell_message(turn.company_id, turn.user_id, overdue.told)
        await publish_notifications(self._redis, self._shards, turn, overdue.notifications)
        async with self._db.transaction(found.company_id) as connection:
            await tickets.mark_overdue(connection, found.company_id, found.ticket_id, self._now())
        if overdue.taken_up:
            await self._line.queue(overdue.taken_up)
        log.info("ticket overdue", extra={"ticket_id": found.ticket_id, "trace_id": turn.trace_id})

    async def _prepare(self, connection: Connection, found: OverdueTicket) -> _Overdue | None:
        ticket = await tickets.get(connection, found.company_id, found.ticket_id)
        if ticket is None or ticket.answered_at or ticket.overdue_at or ticket.status == "resolved":
            return None
        conversation = await conversations.lock(connection, found.company_id, ticket.conversation_id)
        config = (await configs.load(connection, found.company_id)).config
        turn = _turn_of(found.company_id, ticket)
        chosen = channels_of(config.escalation, self._settings)
        alert = overdue_alert(Alert.model_validate(ticket.alert), self._now())
        notifications = await insert_notifications(connection, alert, turn, chosen, event=OVERDUE)
        told = taken_up = None
        if conversation.state not in ENDED and conversation.handled_by is HandledBy.QUEUE:
            taken_up = await conversation_backlog.take_up(connection, conversation, turn.trace_id, self._now())
            apology = _apology(turn, conversation, conversation.language or config.tone.language)
            told = (await messages.insert(connection, apology, self._now())).message
        return _Overdue(turn, notifications, told, taken_up)


async def _close(connection: Connection, found: StaleConversation, now: datetime) -> bool:
    """End a conversation if it is stale still, and its ticket if a person answered it; returns whether it did."""
    address = (connection, found.company_id, found.conversation_id)
    if not await conversations.close_if_stale(*address, now):
        return False
    ticket = await tickets.open_of(*address)
    if ticket and ticket.answered_at:
        await tickets.resolve(*address, now)
    return True


def overdue_alert(alert: Alert, now: datetime) -> Alert:
    """Return what people get who were called before and did not come."""
    headline = f"Nobody has answered yet: {alert.headline}"[:_HEADLINE]
    return alert.model_copy(update={"headline": headline, "created_at": now})


def _turn_of(company_id: str, ticket: Ticket) -> ConversationTurn:
    return ConversationTurn(
        turn_id=ticket.turn_id,
        company_id=company_id,
        user_id=ticket.user_id,
        conversation_id=ticket.conversation_id,
        created_at=ticket.created_at,
        trace_id=ticket.trace_id,
    )


def _apology(turn: ConversationTurn, conversation: Conversation, language: str) -> NewMessage:
    return NewMessage(
        company_id=turn.company_id,
        conversation_id=conversation.conversation_id,
        message_id=notice_id(turn.turn_id, "overdue"),
        role=Role.ASSISTANT,
        text=phrase("overdue", language),
        trace_id=turn.trace_id,
        language=language,
    )
