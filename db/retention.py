"""Forgetting conversations that ended long ago: all they said goes, and what analytics count stays.

A conversation goes as a whole, in one transaction: its row with the messages, its turns with their receipts, its
ticket, the calls of tools, what was recommended, and the answers of models. A row of figures takes its place, which
names nobody; calls of models keep tokens and cost, which are the company's books.
"""

from datetime import datetime
from typing import Any, Final

from psycopg import sql

from db.pool import Connection
from db.query import change, fetch_value

# Takes conversations that ended before a moment, the oldest first; those that another process forgets are left to it.
_DUE: Final = """
    SELECT array_agg(conversation_id) FROM (
        SELECT conversation_id FROM conversations
        WHERE company_id = %(company_id)s AND closed_at < %(before)s
        ORDER BY closed_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    ) AS due
"""

# Keeps of each conversation what the analytics of its day need (db.conversation_analytics).
_KEEP_FIGURES: Final = """
    INSERT INTO conversation_figures (company_id, began_at, escalated, resolved, first_answer_ms, messages, of_user,
                                      up, down)
    SELECT c.company_id, c.created_at, c.escalated_at IS NOT NULL, c.resolved, c.first_answer_ms, count(m.message_id),
           count(*) FILTER (WHERE m.role = 'user'), count(*) FILTER (WHERE m.rating = 'up'),
           count(*) FILTER (WHERE m.rating = 'down')
    FROM conversations c LEFT JOIN messages m USING (company_id, conversation_id)
    WHERE c.company_id = %(company_id)s AND c.conversation_id = ANY (%(due)s::uuid[])
    GROUP BY c.company_id, c.conversation_id
"""

# Takes answers and names from the calls of models.
_STRIP_CALLS: Final = """
    UPDATE ai_interactions SET response = NULL, turn_id = NULL, user_id = NULL
    WHERE company_id = %(company_id)s AND conversation_id = ANY (%(due)s::uuid[])
"""

# Forgets what belongs to conversations.
_DELETE: Final = """
    DELETE FROM {table} WHERE company_id = %(company_id)s AND conversation_id = ANY (%(due)s::uuid[])
"""
_FORGOTTEN: Final = ("tool_calls", "recommendations", "escalations", "turns", "conversations")
"""Tables whose rows go; messages go with their conversation."""

# Forgets messages to the outside that were sent, or given up on, long ago; they say again what tickets say.
_DROP_NOTIFICATIONS: Final = """
    DELETE FROM notifications WHERE company_id = %(company_id)s AND notification_id = ANY (ARRAY(
        SELECT notification_id FROM notifications
        WHERE company_id = %(company_id)s AND created_at < %(before)s AND status <> 'pending'
        ORDER BY created_at LIMIT %(limit)s))
"""


async def forget_conversations(connection: Connection, company_id: str, before: datetime, limit: int) -> int:
    """Forget up to `limit` conversations that ended before a moment; returns how many. One under way never goes."""
    values: dict[str, Any] = {"company_id": company_id, "before": before, "limit": limit}
    due = await fetch_value(connection, _DUE, values)
    if not due:
        return 0
    values["due"] = due
    await connection.execute(_KEEP_FIGURES, values)
    await connection.execute(_STRIP_CALLS, values)
    for table in _FORGOTTEN:
        await connection.execute(sql.SQL(_DELETE).format(table=sql.Identifier(table)), values)
    return len(due)


async def drop_notifications(connection: Connection, company_id: str, before: datetime, limit: int) -> int:
    """Forget up to `limit` notifications made before a moment that wait no more; returns how many."""
    values = {"company_id": company_id, "before": before, "limit": limit}
    return await change(connection, _DROP_NOTIFICATIONS, values)
