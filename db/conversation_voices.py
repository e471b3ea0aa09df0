"""Who may talk with a user, by what is stored of the conversation; the decision itself is `core.voices`."""

from core.voices import ConversationsUnavailable, Voices, voices
from db import tickets
from db.conversation_rows import Conversation
from db.pool import Connection


async def voices_in(connection: Connection, conversation: Conversation | None, *, is_on: bool) -> Voices:
    """Return who may talk with the user in a conversation; None stands for one that is yet to begin.

    `is_on`: whether the agent may hold conversations with the user. Only where it may not, anything is read.
    """
    if is_on or conversation is None or conversation.is_over:
        return voices(is_on=is_on, handled_by=None, has_ticket=False)
    ticket = await tickets.open_of(connection, conversation.company_id, conversation.conversation_id)
    return voices(is_on=is_on, handled_by=conversation.handled_by, has_ticket=ticket is not None)


async def check_voices(connection: Connection, conversation: Conversation | None, *, is_on: bool) -> None:
    """Raise ConversationsUnavailable unless somebody may talk with the user."""
    if await voices_in(connection, conversation, is_on=is_on) is Voices.NOBODY:
        raise ConversationsUnavailable
