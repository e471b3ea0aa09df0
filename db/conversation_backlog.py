"""What a user said to people who did not answer it, taken up by the agent once it answers again.

Nothing is answered twice: only what follows the last word of anybody else is left, and what a turn works at is that
turn's. Taking it up names a turn of its own, in the transaction that decides on it; once that is committed the turn is
published, by whoever called or, when they died before, by the sweep of lost turns.
"""

from datetime import datetime
from typing import Any, Final

from core.conversations import ConversationTurn
from core.ids import derive_id
from db import conversation_turns
from db.conversation_rows import Conversation
from db.pool import Connection
from db.query import fetch_dicts

# Finds what the user said after the last word of anybody else, in order.
_LEFT: Final = """
    SELECT message_id, turn_id FROM messages
    WHERE company_id = %(company_id)s AND conversation_id = %(conversation_id)s AND role = 'user'
      AND position > coalesce((
          SELECT max(position) FROM messages
          WHERE company_id = %(company_id)s AND conversation_id = %(conversation_id)s
            AND role IN ('assistant', 'agent')), 0)
    ORDER BY position
"""

# Gives messages to the turn that will answer them.
_GIVE: Final = """
    UPDATE messages SET turn_id = %(turn_id)s
    WHERE company_id = %(company_id)s AND message_id = ANY(%(message_ids)s::uuid[])
"""


async def take_up(
    connection: Connection, conversation: Conversation, trace_id: str, now: datetime
) -> ConversationTurn | None:
    """Return a new turn that will answer what was left unanswered, to be published once the transaction is committed.

    None: nothing was left, or a turn is under way; when that ends without a word it is the time to ask again. The
    caller holds the conversation's row lock.
    """
    place = {"company_id": conversation.company_id, "conversation_id": conversation.conversation_id}
    if conversation.is_over or await conversation_turns.under_way(connection, **place) is not None:
        return None
    left = await fetch_dicts(connection, _LEFT, place)
    if not left:
        return None
    turn = _turn(conversation, left[-1], trace_id, now)
    await conversation_turns.queue(connection, turn)
    message_ids = [row["message_id"] for row in left]
    await connection.execute(_GIVE, {**place, "turn_id": turn.turn_id, "message_ids": message_ids})
    return turn


def _turn(conversation: Conversation, last: dict[str, Any], trace_id: str, now: datetime) -> ConversationTurn:
    """Return the turn for what was left. Its id names the turn that the last of it belonged to before: each time that
    people leave it again is another one."""
    before = str(last["turn_id"] or "")
    return ConversationTurn(
        turn_id=derive_id("taken_up", conversation.conversation_id, str(last["message_id"]), before),
        company_id=conversation.company_id,
        user_id=conversation.user_id,
        conversation_id=conversation.conversation_id,
        created_at=now,
        trace_id=trace_id,
    )
