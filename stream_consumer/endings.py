"""The end of a conversation that the agent cannot go on with, said in fixed words."""

from datetime import datetime

from core.conversations import ConversationTurn, Message, Role, answer_id
from db import conversations, messages
from db.conversations import CloseCode
from db.messages import NewMessage
from db.pool import Connection
from graph.phrases import phrase


async def end_in_words(
    connection: Connection, turn: ConversationTurn, words: str, code: CloseCode, now: datetime
) -> Message | None:
    """Answer a turn by fixed words (a key of `graph.phrases`) and end its conversation; returns what is to be told.

    Repeatable; None where the conversation ended otherwise before.
    """
    conversation = await conversations.lock(connection, turn.company_id, turn.conversation_id)
    if conversation.is_over:
        return await messages.get(connection, turn.company_id, answer_id(turn.turn_id))
    new = NewMessage(
        company_id=turn.company_id,
        conversation_id=turn.conversation_id,
        message_id=answer_id(turn.turn_id),
        role=Role.ASSISTANT,
        text=phrase(words, conversation.language),
        trace_id=turn.trace_id,
        language=conversation.language,
        turn_id=turn.turn_id,
    )
    told = await messages.insert(connection, new, now)
    await conversations.close(connection, turn.company_id, turn.conversation_id, code, now)
    return told.message
