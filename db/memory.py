"""What a conversation remembers beside its messages: the answers given in it. And what was said last, for nudges."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg.types.json import Jsonb

from core.conversations import ANSWERS
from db.pool import Connection
from db.query import change, fetch_one, fetch_value
from db.texts import storable

MAX_ANSWERS: Final = 100

# Adds answers to those of the conversation; of two to one question the later holds. What a host put in their place is
# no object of answers and goes. The conversation's row is locked by then (`conversations.lock`).
_NOTE: Final = """
    UPDATE conversations AS c
    SET context = c.context || jsonb_build_object(%(member)s::text, kept.answers || %(answers)s)
    FROM (SELECT CASE WHEN jsonb_typeof(context -> %(member)s) = 'object' THEN context -> %(member)s
                      ELSE '{}'::jsonb END AS answers
          FROM conversations
          WHERE company_id = %(company_id)s AND conversation_id = %(conversation_id)s) AS kept
    WHERE company_id = %(company_id)s AND conversation_id = %(conversation_id)s
      AND (SELECT count(*) FROM jsonb_object_keys(kept.answers)) < %(most)s
"""

# Reads the answers of a conversation.
_ANSWERS: Final = """
    SELECT context -> %(member)s FROM conversations
    WHERE company_id = %(company_id)s AND conversation_id = %(conversation_id)s
"""

# Takes away the answers of all conversations of a user.
_FORGET: Final = """
    UPDATE conversations SET context = context - %(member)s
    WHERE company_id = %(company_id)s AND user_id = %(user_id)s AND context ? %(member)s
"""

# Reads what was said last in the user's latest conversation, and its summary.
_LAST_SAID: Final = """
    SELECT c.summary, c.last_message_at AS at, coalesce(array_agg(m.text ORDER BY m.position)
           FILTER (WHERE m.text IS NOT NULL), '{}') AS messages
    FROM (SELECT * FROM conversations
          WHERE company_id = %(company_id)s AND user_id = %(user_id)s AND last_message_at > %(since)s
          ORDER BY last_message_at DESC LIMIT 1) AS c
    LEFT JOIN LATERAL (
        SELECT left(text, 400) AS text, position FROM messages
        WHERE company_id = c.company_id AND conversation_id = c.conversation_id AND role = 'user'
        ORDER BY position DESC LIMIT 2) AS m ON true
    GROUP BY c.summary, c.last_message_at
"""


@dataclass(frozen=True, slots=True)
class LastSaid:
    """A user's latest conversation: its summary, when something was said last, the user's last messages in order."""

    summary: str
    at: datetime
    messages: list[str]


async def note_answers(
    connection: Connection, company_id: str, conversation_id: str, answers: Mapping[str, str]
) -> bool:
    """Keep what the user answered in a conversation; False where nothing is noted."""
    if not answers:
        return False
    kept = Jsonb({storable(name): storable(value) for name, value in answers.items()})
    values = {"company_id": company_id, "conversation_id": conversation_id, "answers": kept}
    return await change(connection, _NOTE, {**values, "member": ANSWERS, "most": MAX_ANSWERS}) > 0


async def answers(connection: Connection, company_id: str, conversation_id: str) -> dict[str, str]:
    """Return what the user answered in a conversation."""
    values = {"company_id": company_id, "conversation_id": conversation_id, "member": ANSWERS}
    found: Any = await fetch_value(connection, _ANSWERS, values)
    return {name: value for name, value in found.items() if isinstance(value, str)} if isinstance(found, dict) else {}


async def forget_answers(connection: Connection, company_id: str, user_id: str) -> int:
    """Take the answers out of all conversations of a user; what was said stays in the messages. Returns how many."""
    return await change(connection, _FORGET, {"company_id": company_id, "user_id": user_id, "member": ANSWERS})


async def last_said(connection: Connection, company_id: str, user_id: str, since: datetime) -> LastSaid | None:
    """Return what was said in the user's latest conversation, if anything was since a moment."""
    values = {"company_id": company_id, "user_id": user_id, "since": since}
    return await fetch_one(connection, LastSaid, _LAST_SAID, values)
