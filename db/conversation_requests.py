"""What a user asks for in a conversation by a button: a person, none any more, or the end of an answer.

A wish for a person is a turn like any other, marked in its row, so that the ticket is opened where all tickets are,
once.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from core.conversations import (
    ENDED,
    ConversationEnded,
    ConversationTurn,
    HandledBy,
    NobodyCalled,
    PersonAnswers,
    PersonNeeded,
    Role,
    conversation_turn_id,
    notice_id,
)
from core.ids import new_id
from db import conversation_backlog, conversation_turns, conversations, messages, tickets
from db.conversation_rows import Conversation
from db.messages import NewMessage
from db.pool import Connection
from db.query import fetch_value

HUMAN_REQUESTED: Final = "human_requested"
"""Text of the note that is kept of it: a stable word, for whoever shows notes."""
HUMAN_CANCELLED: Final = "human_cancelled"
"""The same for a wish that was taken back."""

# Tells whether a turn that asks for a person is under way.
_UNDER_WAY: Final = """
    SELECT true FROM turns
    WHERE company_id = %(company_id)s AND conversation_id = %(conversation_id)s AND kind = 'conversation'
      AND request = 'human' AND status = 'running' LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class PersonRequested:
    """What became of the wish. `turn` is to be published once the transaction is committed; None: it was known."""

    handled_by: HandledBy
    turn: ConversationTurn | None


@dataclass(frozen=True, slots=True)
class PersonCancelled:
    """The user waits for no person any more. `ticket_id` is what they waited under; `turn` takes up what they said
    meanwhile, and is to be published once the transaction is committed."""

    conversation_id: str
    ticket_id: str
    turn: ConversationTurn | None


async def ask_for_person(
    connection: Connection, company_id: str, user_id: str, conversation_id: str, trace_id: str, now: datetime
) -> PersonRequested:
    """Note that a user wants a person, with the turn that will call one; harmless when it is asked again.

    Raises:
        NotFound: an unknown conversation or another user's.
        Conflict: the conversation is over (code `conversation_ended`).
    """
    conversation = await conversations.lock_own(connection, company_id, user_id, conversation_id)
    if conversation.state in ENDED:
        raise ConversationEnded
    is_called = not await tickets.agent_answers(connection, conversation, now)
    if is_called or await _is_under_way(connection, conversation):
        return PersonRequested(conversation.handled_by, None)
    turn = await _turn(connection, conversation, trace_id, now)
    note = _note(conversation, turn.turn_id, HUMAN_REQUESTED, turn.trace_id, turn.turn_id)
    await messages.insert(connection, note, now)
    return PersonRequested(conversation.handled_by, turn)


async def cancel_person(
    connection: Connection, company_id: str, user_id: str, conversation_id: str, trace_id: str, now: datetime
) -> PersonCancelled:
    """Let the agent answer again, since the user who waits for a person wants none; harmless when it is done again.

    Raises:
        NotFound: an unknown conversation or another user's.
        Conflict: it is over (code `conversation_ended`), a person has come (`person_answers`), nobody waits for one
            (`nobody_called`), or danger called one (`person_needed`).
    """
    conversation = await conversations.lock_own(connection, company_id, user_id, conversation_id)
    if conversation.is_over:
        raise ConversationEnded
    place = (connection, company_id, conversation.conversation_id)
    if conversation.handled_by is HandledBy.AGENT:
        before = await tickets.withdrawn_since(*place, conversation.created_at)
        if before is None:
            raise NobodyCalled
        return PersonCancelled(conversation.conversation_id, before, None)
    ticket_id = await withdraw(connection, conversation, now)
    if ticket_id is None:
        raise PersonAnswers if conversation.handled_by is HandledBy.HUMAN else PersonNeeded
    await messages.insert(connection, _note(conversation, ticket_id, HUMAN_CANCELLED, trace_id), now)
    turn = await conversation_backlog.take_up(connection, conversation, trace_id, now)
    return PersonCancelled(conversation.conversation_id, ticket_id, turn)


async def withdraw(connection: Connection, conversation: Conversation, now: datetime) -> str | None:
    """Give a conversation whose user waits for a person back to the agent; return the ticket that this closes.

    None: nobody waits, or danger called the person. The caller holds the conversation's row lock.
    """
    if conversation.handled_by is not HandledBy.QUEUE:
        return None
    place = (connection, conversation.company_id, conversation.conversation_id)
    ticket_id = await tickets.withdraw(*place, now)
    if ticket_id is not None:
        await conversations.set_handled_by(*place, HandledBy.AGENT, now)
    return ticket_id


async def answer_to_stop(
    connection: Connection, company_id: str, user_id: str, conversation_id: str
) -> ConversationTurn | None:
    """Return the turn that a user means who wants no more of an answer: the one that is being written, or is about to
    be; later ones are not meant. None where there is none.

    Raises NotFound for an unknown conversation or another user's.
    """
    conversation = await conversations.lock_own(connection, company_id, user_id, conversation_id)
    return await conversation_turns.under_way(connection, company_id, conversation.conversation_id)


async def _is_under_way(connection: Connection, conversation: Conversation) -> bool:
    values = {"company_id": conversation.company_id, "conversation_id": conversation.conversation_id}
    return bool(await fetch_value(connection, _UNDER_WAY, values))


async def _turn(connection: Connection, conversation: Conversation, trace_id: str, now: datetime) -> ConversationTurn:
    """Return the turn that waits, marked; or a new one."""
    waiting = await conversation_turns.queued(connection, conversation.company_id, conversation.conversation_id)
    if waiting is not None:
        await conversation_turns.ask_for(connection, waiting, "human", now)
        return waiting
    turn = ConversationTurn(
        turn_id=conversation_turn_id(conversation.conversation_id, new_id()),
        company_id=conversation.company_id,
        user_id=conversation.user_id,
        conversation_id=conversation.conversation_id,
        created_at=now,
        trace_id=trace_id,
    )
    await conversation_turns.queue(connection, turn, request="human")
    return turn


def _note(
    conversation: Conversation, occasion: str, text: str, trace_id: str, turn_id: str | None = None
) -> NewMessage:
    return NewMessage(
        company_id=conversation.company_id,
        conversation_id=conversation.conversation_id,
        message_id=notice_id(occasion, text),
        role=Role.SYSTEM,
        text=text,
        trace_id=trace_id,
        turn_id=turn_id,
    )
