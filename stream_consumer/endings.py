"""Ends of turns that are no answer: words for a conversation that the agent cannot go on with, and no trace of a turn
whose user was erased meanwhile."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from core.conversations import ConversationTurn, Message, Role, answer_id
from core.turns import Turn, TurnGone
from db import checkpoints, conversation_turns, conversations, messages
from db.conversations import CloseCode
from db.messages import NewMessage
from db.pool import Connection, Database
from graph.phrases import phrase
from graph.runner import thread_id

log = logging.getLogger(__name__)


@asynccontextmanager
async def unless_gone(db: Database, turn: Turn | ConversationTurn) -> AsyncIterator[None]:
    """Leave the work at a turn off where it was erased with its user, and take away what the graph kept of it since."""
    try:
        yield
    except TurnGone:
        async with db.transaction(turn.company_id) as connection:
            await checkpoints.erase(connection, [thread_id(turn.company_id, turn.turn_id)])
        log.info("turn was erased")


async def end_in_words(
    connection: Connection, turn: ConversationTurn, words: str, code: CloseCode, now: datetime
) -> Message | None:
    """Answer a turn by fixed words (a key of `graph.phrases`) and end its conversation; returns what is to be told.

    Repeatable; None where the conversation ended otherwise before.
    """
    conversation = await conversation_turns.lock(connection, turn)
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
