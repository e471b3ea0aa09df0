"""Who answers in a conversation, changed by people: they take it over, or give it back to the agent.

The change is made in one transaction; what the user's pages and the agent learn of it (`tell_present`) follows.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from core.conversations import ConversationEnded, ConversationTurn, HandledBy
from core.ids import new_id
from db import audit, conversation_backlog, conversation_turns, conversations, escalations, tickets
from db.conversation_rows import Conversation
from db.pool import Connection
from ingest_api.writes import Write


@dataclass(frozen=True, slots=True)
class Present:
    """A conversation with whoever answers now. `turn` answers what people left unanswered, once it is queued."""

    conversation: Conversation
    turn: ConversationTurn | None = None


async def open_conversation(connection: Connection, write: Write, conversation_id: str) -> Conversation:
    """Return a conversation that is not over, and keep others from changing it; raises NotFound, ConversationEnded."""
    present = await conversations.lock(connection, write.caller.company_id, conversation_id)
    if present.is_over:
        raise ConversationEnded
    return present


async def take_over(
    connection: Connection, write: Write, present: Conversation, author: str | None, now: datetime
) -> Conversation:
    """Let a person answer, under the name that the user sees; returns `present` itself when nothing changes."""
    is_human = present.handled_by is HandledBy.HUMAN
    if is_human and author in (None, present.agent_name):
        return present
    address = (connection, present.company_id, present.conversation_id)
    await conversations.set_handled_by(*address, HandledBy.HUMAN, now, agent_name=author)
    if not is_human:
        await _acknowledge(connection, write, present.conversation_id, now)
        await note(connection, write, present.conversation_id, "conversation.taken_over", {})
    return await conversations.lock(*address)


async def _acknowledge(connection: Connection, write: Write, conversation_id: str, now: datetime) -> None:
    """Note in the conversation's ticket who looks after it."""
    caller = write.caller
    ticket = await tickets.open_of(connection, caller.company_id, conversation_id)
    if ticket is None or ticket.status != "open":
        return
    await escalations.update(
        connection,
        caller.company_id,
        ticket.ticket_id,
        status="acknowledged",
        assigned_to=ticket.assigned_to or caller.email,
        actor=caller.actor,
        now=now,
        trace_id=write.trace_id,
    )


async def give_back(connection: Connection, write: Write, present: Conversation) -> Present:
    """Give a conversation that somebody waits in, or answers in, back to the agent; its ticket is resolved.

    What the user said last, and nobody answered, the agent takes up.
    """
    now, address = datetime.now(UTC), (connection, present.company_id, present.conversation_id)
    await tickets.resolve(*address, now)
    if present.handled_by is HandledBy.AGENT:
        return Present(present)
    await conversations.set_handled_by(*address, HandledBy.AGENT, now)
    await note(connection, write, present.conversation_id, "conversation.handed_back", {})
    turn = await conversation_backlog.take_up(connection, present, write.trace_id, now)
    return Present(await conversations.lock(*address), turn)


async def note(connection: Connection, write: Write, subject: str, action: str, detail: dict[str, Any]) -> None:
    """Note in the audit log what somebody did to a conversation."""
    caller = write.caller
    await audit.record(connection, caller.company_id, caller.actor, action, subject, detail, write.trace_id)


async def tell_present(write: Write, present: Present) -> None:
    """Tell the user's pages who answers now; a person who does so cuts short what the agent is saying."""
    now = present.conversation
    if now.handled_by is HandledBy.HUMAN:
        await _stop_answer(write, now)
    address = (now.company_id, now.user_id, now.conversation_id)
    await write.services.desk.tell_handoff(*address, now.handled_by, new_id(), agent=now.agent_name)
    if present.turn is not None:
        await write.services.desk.queue(present.turn)


async def _stop_answer(write: Write, present: Conversation) -> None:
    """Ask for the end of the answer that is being written; what of it was said already stands."""
    async with write.services.database.transaction(present.company_id) as connection:
        turn = await conversation_turns.under_way(connection, present.company_id, present.conversation_id)
    if turn is not None:
        await write.services.desk.stop(turn)
