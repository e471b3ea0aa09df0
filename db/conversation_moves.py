"""Handing a visitor's conversations to the user that the visitor turned out to be.

A user has one active conversation, so of two the one where somebody waits for a person goes on, else the one in which
something was said last; the other is cancelled.
"""

from datetime import datetime
from typing import Final

from core.conversations import HandledBy
from db import conversations
from db.conversation_rows import Conversation
from db.pool import Connection

# Give conversations, what was said in them, the turns that work at them, their tickets, the calls of tools and
# what was recommended to another user.
_MOVES: Final = (
    """UPDATE conversations SET user_id = %(user_id)s
       WHERE company_id = %(company_id)s AND user_id = %(anonymous_id)s""",
    """UPDATE messages SET user_id = %(user_id)s
       WHERE company_id = %(company_id)s AND user_id = %(anonymous_id)s""",
    """UPDATE turns SET user_id = %(user_id)s
       WHERE company_id = %(company_id)s AND user_id = %(anonymous_id)s AND kind = 'conversation'""",
    """UPDATE escalations SET user_id = %(user_id)s
       WHERE company_id = %(company_id)s AND user_id = %(anonymous_id)s AND kind = 'conversation'""",
    """UPDATE tool_calls SET user_id = %(user_id)s
       WHERE company_id = %(company_id)s AND user_id = %(anonymous_id)s""",
    """UPDATE recommendations SET user_id = %(user_id)s
       WHERE company_id = %(company_id)s AND user_id = %(anonymous_id)s""",
)


async def move(connection: Connection, company_id: str, anonymous_id: str, user_id: str, now: datetime) -> None:
    """Give all conversations of a visitor to a user; safe to repeat."""
    for each in sorted((anonymous_id, user_id)):
        await conversations.lock_user(connection, company_id, each)
    brought = await conversations.active_of(connection, company_id, anonymous_id)
    known = await conversations.active_of(connection, company_id, user_id)
    if brought and known:
        ended = min(brought, known, key=_claim)
        await conversations.close(connection, company_id, ended.conversation_id, "cancelled", now)
    for statement in _MOVES:
        values = {"company_id": company_id, "anonymous_id": anonymous_id, "user_id": user_id}
        await connection.execute(statement, values)


def _claim(conversation: Conversation) -> tuple[bool, datetime]:
    return conversation.handled_by is not HandledBy.AGENT, conversation.last_message_at
