"""What a user asks for in a conversation by a button: a person, or the end of an answer.

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
    Role,
    conversation_turn_id,
    notice_id,
)
from core.ids import new_id
from db import conversation_turns, conversations, messages, tickets
from db.conversation_rows import Conversation
from db.messages import NewMessage
from db.pool import Connection
from db.query import fetch_value

HUMAN_REQUESTED: Final = "human_requested"
"""Text of the note that is kept of it: a stable word, for whoever shows notes."""

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
    await messages.insert(connection, _note(turn), now)
    return PersonRequested(conversation.handled_by, turn)


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


def _note(turn: ConversationTurn) -> NewMessage:
    return NewMessage(
        company_id=turn.company_id,
        conversation_id=turn.conversation_id,
        message_id=notice_id(turn.turn_id, HUMAN_REQUESTED),
        role=Role.SYSTEM,
        text=HUMAN_REQUESTED,
        trace_id=turn.trace_id,
        turn_id=turn.turn_id,
    )
