"""Figures of conversations by day: how many the agent held alone, what users thought, how long they waited, the cost.

A conversation belongs to the UTC day on which it began. It is contained when the user said something in it and nobody
asked for a person. Calls belong to the day on which they were made. Forgotten conversations (db.retention) count with
what stayed of them.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from db.pool import Connection
from db.query import fetch_all

# Adds up the conversations of a period by day, forgotten ones too, and the model calls made for conversations in it.
_DAYS: Final = """
    WITH begun AS (
        SELECT (c.created_at AT TIME ZONE 'UTC')::date AS day, c.escalated_at IS NOT NULL AS escalated, c.resolved,
               c.first_answer_ms, said.messages, said.of_user, said.up, said.down
        FROM conversations c CROSS JOIN LATERAL (
            SELECT count(*) AS messages, count(*) FILTER (WHERE role = 'user') AS of_user,
                   count(*) FILTER (WHERE rating = 'up') AS up, count(*) FILTER (WHERE rating = 'down') AS down
            FROM messages m WHERE m.company_id = c.company_id AND m.conversation_id = c.conversation_id
        ) AS said
        WHERE c.company_id = %(company_id)s AND c.created_at >= %(since)s AND c.created_at < %(until)s
        UNION ALL
        SELECT (began_at AT TIME ZONE 'UTC')::date, escalated, resolved, first_answer_ms, messages, of_user, up, down
        FROM conversation_figures
        WHERE company_id = %(company_id)s AND began_at >= %(since)s AND began_at < %(until)s
    ), talks AS (
        SELECT day, count(*) AS conversations, count(*) FILTER (WHERE of_user > 0) AS with_messages,
               count(*) FILTER (WHERE of_user > 0 AND NOT escalated) AS contained,
               count(*) FILTER (WHERE escalated) AS escalated,
               count(*) FILTER (WHERE resolved) AS resolved, count(*) FILTER (WHERE NOT resolved) AS unresolved,
               sum(up) AS thumbs_up, sum(down) AS thumbs_down, sum(messages) AS messages,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY first_answer_ms) AS first_answer_ms_p50,
               percentile_cont(0.95) WITHIN GROUP (ORDER BY first_answer_ms) AS first_answer_ms_p95
        FROM begun GROUP BY day
    ), calls AS (
        SELECT (created_at AT TIME ZONE 'UTC')::date AS day, count(*) AS calls,
               coalesce(sum(tokens_in), 0) AS tokens_in, coalesce(sum(tokens_out), 0) AS tokens_out,
               coalesce(sum(cost_cents), 0) AS cost_cents,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY latency_ms) AS call_latency_ms_p50
        FROM ai_interactions
        WHERE company_id = %(company_id)s AND conversation_id IS NOT NULL
          AND created_at >= %(since)s AND created_at < %(until)s
        GROUP BY 1
    )
    SELECT day, coalesce(conversations, 0) AS conversations, coalesce(with_messages, 0) AS with_messages,
           coalesce(contained, 0) AS contained, coalesce(escalated, 0) AS escalated,
           contained::float8 / nullif(with_messages, 0) AS containment,
           coalesce(resolved, 0) AS resolved, coalesce(unresolved, 0) AS unresolved,
           coalesce(thumbs_up, 0)::bigint AS thumbs_up, coalesce(thumbs_down, 0)::bigint AS thumbs_down,
           thumbs_up::float8 / nullif(thumbs_up + thumbs_down, 0)::float8 AS satisfaction,
           coalesce(messages, 0)::bigint AS messages, first_answer_ms_p50, first_answer_ms_p95,
           coalesce(calls, 0) AS calls, coalesce(tokens_in, 0)::bigint AS tokens_in,
           coalesce(tokens_out, 0)::bigint AS tokens_out, coalesce(cost_cents, 0)::float8 AS cost_cents,
           call_latency_ms_p50
    FROM talks FULL JOIN calls USING (day) ORDER BY day DESC
"""


@dataclass(frozen=True, slots=True)
class ConversationDay:
    """What came of the conversations that began on one UTC day; shares are 0 to 1, None where there is nothing."""

    day: date
    conversations: int
    with_messages: int
    contained: int
    escalated: int
    containment: float | None
    resolved: int
    unresolved: int
    thumbs_up: int
    thumbs_down: int
    satisfaction: float | None
    messages: int
    first_answer_ms_p50: float | None
    first_answer_ms_p95: float | None
    calls: int
    tokens_in: int
    tokens_out: int
    cost_cents: float
    call_latency_ms_p50: float | None


async def days(connection: Connection, company_id: str, since: datetime, until: datetime) -> list[ConversationDay]:
    """Return the figures of a period, `until` not included, newest day first; days without anything are left out."""
    return await fetch_all(
        connection, ConversationDay, _DAYS, {"company_id": company_id, "since": since, "until": until}
    )
