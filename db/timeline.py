"""A user's story in one order: events, turns with their receipts, nudges, messages, escalations, notifications.

Each kind is read by its own index, newest first, no more rows than the page needs; the union is cut to the page. What
the user did before being identified belongs to the story.
"""

from typing import Any, Final

from db.pages import Page, page_of, page_parameters
from db.pool import Connection
from db.query import fetch_dicts

# Reads a page, newest first. `people` are the user and the visitors who turned out to be that user. The order is time,
# then rank of kind, then id: at the same moment what a user did or said stands before the turn that it led to. The same
# comparison cuts each kind at the cursor, with the time alone first, which an index can use.
_TIMELINE: Final = """
    WITH people AS MATERIALIZED (
        SELECT %(user_id)s::text AS user_id
        UNION SELECT user_id FROM users WHERE company_id = %(company_id)s AND merged_into = %(user_id)s
    ), entries AS (
        SELECT story.* FROM people CROSS JOIN LATERAL (
            SELECT corrected_at AS at, 0 AS rank, 'event' AS kind, event_id COLLATE "C" AS id,
                   jsonb_build_object('user_id', user_id, 'session_id', session_id, 'event_type', event_type,
                       'target_element', target_element, 'page_url', page_url, 'occurred_at', occurred_at,
                       'received_at', received_at, 'properties', properties, 'trace_id', trace_id) AS detail
            FROM events
            WHERE company_id = %(company_id)s AND user_id = people.user_id
              AND corrected_at <= coalesce(%(cursor_at)s::timestamptz, 'infinity')
              AND (%(cursor_at)s::timestamptz IS NULL OR (corrected_at, 0, event_id COLLATE "C")
                   < (%(cursor_at)s, %(cursor_rank)s::int, %(cursor_key)s::text))
            ORDER BY corrected_at DESC, event_id COLLATE "C" DESC LIMIT %(limit)s
        ) AS story
        UNION ALL
        SELECT story.* FROM people CROSS JOIN LATERAL (
            SELECT created_at, 1, 'message', message_id::text COLLATE "C",
                   jsonb_build_object('user_id', user_id, 'conversation_id', conversation_id, 'position', position,
                       'role', role, 'text', text, 'language', language, 'citations', citations, 'status', status,
                       'author', author, 'turn_id', turn_id, 'verdicts', verdicts, 'rating', rating,
                       'trace_id', trace_id)
            FROM messages
            WHERE company_id = %(company_id)s AND user_id = people.user_id
              AND created_at <= coalesce(%(cursor_at)s::timestamptz, 'infinity')
              AND (%(cursor_at)s::timestamptz IS NULL OR (created_at, 1, message_id::text COLLATE "C")
                   < (%(cursor_at)s, %(cursor_rank)s::int, %(cursor_key)s::text))
            ORDER BY created_at DESC, message_id::text COLLATE "C" DESC LIMIT %(limit)s
        ) AS story
        UNION ALL
        SELECT story.* FROM people CROSS JOIN LATERAL (
            SELECT created_at, 2, 'turn', turn_id::text COLLATE "C",
                   jsonb_build_object('user_id', user_id, 'session_id', session_id, 'turn_kind', kind,
                       'status', status, 'outcome', outcome, 'stuck_point', stuck_point, 'signal', signal,
                       'conversation_id', conversation_id, 'request', request, 'diagnosis', diagnosis,
                       'reasoner', reasoner, 'prompts', prompts, 'receipt', receipt, 'error', error,
                       'finished_at', finished_at, 'trace_id', trace_id)
            FROM turns
            WHERE company_id = %(company_id)s AND user_id = people.user_id
              AND created_at <= coalesce(%(cursor_at)s::timestamptz, 'infinity')
              AND (%(cursor_at)s::timestamptz IS NULL OR (created_at, 2, turn_id::text COLLATE "C")
                   < (%(cursor_at)s, %(cursor_rank)s::int, %(cursor_key)s::text))
            ORDER BY created_at DESC, turn_id::text COLLATE "C" DESC LIMIT %(limit)s
        ) AS story
        UNION ALL
        SELECT story.* FROM people CROSS JOIN LATERAL (
            SELECT created_at, 3, 'nudge', nudge_id::text COLLATE "C",
                   jsonb_build_object('user_id', user_id, 'turn_id', turn_id, 'stuck_point', stuck_point,
                       'nudge_type', nudge_type, 'content', content, 'status', status, 'counts', counts,
                       'expires_at', expires_at, 'sent_at', sent_at, 'shown_at', shown_at, 'closed_at', closed_at,
                       'trace_id', trace_id)
            FROM nudges
            WHERE company_id = %(company_id)s AND user_id = people.user_id
              AND created_at <= coalesce(%(cursor_at)s::timestamptz, 'infinity')
              AND (%(cursor_at)s::timestamptz IS NULL OR (created_at, 3, nudge_id::text COLLATE "C")
                   < (%(cursor_at)s, %(cursor_rank)s::int, %(cursor_key)s::text))
            ORDER BY created_at DESC, nudge_id::text COLLATE "C" DESC LIMIT %(limit)s
        ) AS story
        UNION ALL
        SELECT story.* FROM people CROSS JOIN LATERAL (
            SELECT created_at, 4, 'escalation', escalation_id::text COLLATE "C",
                   jsonb_build_object('user_id', user_id, 'turn_id', turn_id, 'stuck_point', stuck_point,
                       'status', status, 'alert', alert, 'assigned_to', assigned_to, 'note', note,
                       'conversation_id', conversation_id, 'reason', reason, 'expected_by', expected_by,
                       'answered_at', answered_at, 'overdue_at', overdue_at, 'resolved_at', resolved_at,
                       'trace_id', trace_id)
            FROM escalations
            WHERE company_id = %(company_id)s AND user_id = people.user_id
              AND created_at <= coalesce(%(cursor_at)s::timestamptz, 'infinity')
              AND (%(cursor_at)s::timestamptz IS NULL OR (created_at, 4, escalation_id::text COLLATE "C")
                   < (%(cursor_at)s, %(cursor_rank)s::int, %(cursor_key)s::text))
            ORDER BY created_at DESC, escalation_id::text COLLATE "C" DESC LIMIT %(limit)s
        ) AS story
        UNION ALL
        SELECT story.* FROM people CROSS JOIN LATERAL (
            SELECT created_at, 5, 'notification', notification_id::text COLLATE "C",
                   jsonb_build_object('user_id', user_id, 'event', event, 'channel', channel, 'status', status,
                       'attempts', attempts, 'last_error', last_error, 'sent_at', sent_at, 'trace_id', trace_id)
            FROM notifications
            WHERE company_id = %(company_id)s AND user_id = people.user_id
              AND created_at <= coalesce(%(cursor_at)s::timestamptz, 'infinity')
              AND (%(cursor_at)s::timestamptz IS NULL OR (created_at, 5, notification_id::text COLLATE "C")
                   < (%(cursor_at)s, %(cursor_rank)s::int, %(cursor_key)s::text))
            ORDER BY created_at DESC, notification_id::text COLLATE "C" DESC LIMIT %(limit)s
        ) AS story
    )
    SELECT at, rank, kind, id, detail FROM entries ORDER BY at DESC, rank DESC, id COLLATE "C" DESC LIMIT %(limit)s
"""


async def timeline(
    connection: Connection, company_id: str, user_id: str, before_cursor: str | None = None, limit: int = 50
) -> Page:
    """Return a page of a user's story, newest first.

    Each item is `{kind, id, at, …}` with the fields of its kind: event, turn (with its receipt), nudge, escalation,
    notification or message. Raises InvalidRequest for a cursor that we did not give.
    """
    values = {"company_id": company_id, "user_id": user_id, **page_parameters(before_cursor, limit)}
    page = page_of(await fetch_dicts(connection, _TIMELINE, values), limit, at="at", key="id", rank="rank")
    return Page([_entry(row) for row in page.items], page.next_cursor)


def _entry(row: dict[str, Any]) -> dict[str, Any]:
    return {"kind": row["kind"], "id": row["id"], "at": row["at"], **row["detail"]}
