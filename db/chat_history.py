"""What a user's chat shows of the past: everything said with them, over all their conversations, latest first."""

from datetime import datetime
from typing import Any, Final

from core.conversations import Message
from db.conversation_rows import Conversation, conversation_of
from db.pages import Page, Position, encode_cursor, page_of, page_parameters
from db.pool import Connection
from db.query import fetch_dict, fetch_dicts

# Reads a page of what was said, latest first; notes for the machinery (role system) are not for users. Of one
# conversation when it is given. Times of a conversation's messages may be equal, their positions never are.
_PAGE: Final = """
    SELECT message_id, conversation_id, position, role, text, language, citations, status, author, client_message_id,
           turn_id, rating, created_at
    FROM messages
    WHERE company_id = %(company_id)s AND user_id = %(user_id)s AND role <> 'system'
      AND (%(conversation_id)s::uuid IS NULL OR conversation_id = %(conversation_id)s)
      AND created_at <= coalesce(%(cursor_at)s::timestamptz, 'infinity')
      AND (%(cursor_at)s::timestamptz IS NULL
           OR (created_at, position, message_id) < (%(cursor_at)s, %(cursor_rank)s::int, %(cursor_key)s::uuid))
    ORDER BY created_at DESC, position DESC, message_id DESC LIMIT %(limit)s
"""

# Finds the conversation that a user's chat opens with: the active one, else the latest that ended a while ago at most.
_SHOWN: Final = """
    SELECT conversation_id, company_id, user_id, playbook, playbook_version, state, handled_by, agent_name, stage,
           language, channel, customer_name, phone, context, questions, summary, summary_until, unanswered,
           last_position, resolved, escalated_at, first_answer_ms, created_at, last_message_at, stale_at, closed_at,
           close_code
    FROM conversations
    WHERE company_id = %(company_id)s AND user_id = %(user_id)s AND (closed_at IS NULL OR closed_at > %(since)s)
    ORDER BY closed_at DESC NULLS FIRST, created_at DESC LIMIT 1
"""


async def page(
    connection: Connection,
    company_id: str,
    user_id: str,
    *,
    conversation_id: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page:
    """Return a page of what was said with a user as rows, latest first, in one conversation when it is given."""
    values = {"company_id": company_id, "user_id": user_id, "conversation_id": conversation_id}
    rows = await fetch_dicts(connection, _PAGE, {**values, **page_parameters(cursor, limit)})
    return page_of(rows, limit, key="message_id", rank="position")


def before(message: Message) -> str:
    """Return the cursor of what was said before a message."""
    return encode_cursor(Position(message.created_at, message.position, message.message_id))


async def shown(connection: Connection, company_id: str, user_id: str, since: datetime) -> Conversation | None:
    """Return the conversation that a chat opens with: the active one, else the latest that ended after `since`."""
    values: dict[str, Any] = {"company_id": company_id, "user_id": user_id, "since": since}
    row = await fetch_dict(connection, _SHOWN, values)
    return None if row is None else conversation_of(row)
