"""Escalations: the queue of users for whom a person was called in."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg.types.json import Jsonb

from core.errors import Conflict
from db import audit
from db.pages import Page, page_of, page_parameters
from db.pool import Connection
from db.query import change, fetch_dict, fetch_dicts

# Opens an escalation; nothing is added when the turn opened it before, or another one is open at this stuck point.
_INSERT: Final = """
    INSERT INTO escalations (company_id, escalation_id, turn_id, user_id, stuck_point, alert, created_at, updated_at,
                             trace_id)
    VALUES (%(company_id)s, %(escalation_id)s, %(turn_id)s, %(user_id)s, %(stuck_point)s, %(alert)s, %(now)s, %(now)s,
            %(trace_id)s)
    ON CONFLICT DO NOTHING
"""

# Finds the escalation of a user and stuck point that a person is not done with.
_OPEN_FOR: Final = """
    SELECT escalation_id, turn_id, user_id, stuck_point, status, alert, assigned_to, note, created_at, updated_at,
           resolved_at, trace_id, kind, conversation_id, reason, expected_by, answered_at, overdue_at
    FROM escalations
    WHERE company_id = %(company_id)s AND user_id = %(user_id)s AND stuck_point = %(stuck_point)s
      AND status <> 'resolved'
"""

# Lists the stuck points of a user that are with a person now.
_OPEN_STUCK_POINTS: Final = """
    SELECT stuck_point FROM escalations
    WHERE company_id = %(company_id)s AND user_id = %(user_id)s AND status <> 'resolved'
"""

# Reads one escalation.
_GET: Final = """
    SELECT escalation_id, turn_id, user_id, stuck_point, status, alert, assigned_to, note, created_at, updated_at,
           resolved_at, trace_id, kind, conversation_id, reason, expected_by, answered_at, overdue_at
    FROM escalations WHERE company_id = %(company_id)s AND escalation_id = %(escalation_id)s
"""

# Reads a page of escalations, newest first.
_LIST: Final = """
    SELECT escalation_id, turn_id, user_id, stuck_point, status, alert, assigned_to, note, created_at, updated_at,
           resolved_at, trace_id, kind, conversation_id, reason, expected_by, answered_at, overdue_at
    FROM escalations
    WHERE company_id = %(company_id)s
      AND (%(status)s::text IS NULL OR status = %(status)s)
      AND (%(user_id)s::text IS NULL OR user_id = %(user_id)s)
      AND (%(cursor_at)s::timestamptz IS NULL OR (created_at, escalation_id) < (%(cursor_at)s, %(cursor_key)s::uuid))
    ORDER BY created_at DESC, escalation_id DESC LIMIT %(limit)s
"""

# Changes what was given and leaves the rest; an empty text clears a field, and reopening clears the time of resolution.
_UPDATE: Final = """
    UPDATE escalations
    SET status = coalesce(%(status)s, status),
        assigned_to = nullif(coalesce(%(assigned_to)s, assigned_to), ''),
        note = nullif(coalesce(%(note)s, note), ''),
        resolved_at = CASE WHEN %(status)s::text IS NULL THEN resolved_at
                           WHEN %(status)s = 'resolved' THEN coalesce(resolved_at, %(now)s) END,
        updated_at = %(now)s
    WHERE company_id = %(company_id)s AND escalation_id = %(escalation_id)s
    RETURNING escalation_id, turn_id, user_id, stuck_point, status, alert, assigned_to, note, created_at, updated_at,
              resolved_at, trace_id, kind, conversation_id, reason, expected_by, answered_at, overdue_at
"""


async def insert(
    connection: Connection,
    company_id: str,
    *,
    escalation_id: str,
    turn_id: str,
    user_id: str,
    stuck_point: str,
    alert: Mapping[str, Any],
    trace_id: str,
    now: datetime,
) -> bool:
    """Open an escalation; returns whether it is new. `open_for` tells which one was there before."""
    row = {"company_id": company_id, "escalation_id": escalation_id, "turn_id": turn_id, "user_id": user_id}
    row |= {"stuck_point": stuck_point, "trace_id": trace_id}
    return await change(connection, _INSERT, {**row, "alert": Jsonb(dict(alert)), "now": now}) > 0


async def open_for(connection: Connection, company_id: str, user_id: str, stuck_point: str) -> dict[str, Any] | None:
    """Return the escalation of a user and stuck point that a person is not done with, as a row, or None."""
    values = {"company_id": company_id, "user_id": user_id, "stuck_point": stuck_point}
    return await fetch_dict(connection, _OPEN_FOR, values)


async def open_stuck_points(connection: Connection, company_id: str, user_id: str) -> frozenset[str]:
    """Return the stuck points of a user that are with a person now."""
    rows = await fetch_dicts(connection, _OPEN_STUCK_POINTS, {"company_id": company_id, "user_id": user_id})
    return frozenset(row["stuck_point"] for row in rows)


async def get(connection: Connection, company_id: str, escalation_id: str) -> dict[str, Any] | None:
    """Return one escalation as a row, or None."""
    return await fetch_dict(connection, _GET, {"company_id": company_id, "escalation_id": escalation_id})


async def list_(
    connection: Connection,
    company_id: str,
    *,
    status: str | None = None,
    user_id: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page:
    """Return a page of escalations as rows, newest first, in one status or of one user when given."""
    values = {"company_id": company_id, "status": status, "user_id": user_id, **page_parameters(cursor, limit)}
    return page_of(await fetch_dicts(connection, _LIST, values), limit, key="escalation_id")


async def update(
    connection: Connection,
    company_id: str,
    escalation_id: str,
    *,
    status: str | None = None,
    assigned_to: str | None = None,
    note: str | None = None,
    actor: str,
    now: datetime,
    trace_id: str | None = None,
) -> dict[str, Any] | None:
    """Change what is given, with an audit entry; returns the row after that, or None when there is no such one.

    An empty `assigned_to` or `note` clears it. Raises Conflict when reopening one while another is open there.
    """
    values = {"company_id": company_id, "escalation_id": escalation_id, "now": now, "status": status}
    try:
        async with connection.transaction():
            row = await fetch_dict(connection, _UPDATE, {**values, "assigned_to": assigned_to, "note": note})
    except psycopg.errors.UniqueViolation:
        raise Conflict("Another escalation of this user is open at the same place.") from None
    if row is not None:
        fields = {"status": status, "assigned_to": assigned_to, "note": None if note is None else "changed"}
        detail = {name: value for name, value in fields.items() if value is not None}
        await audit.record(connection, company_id, actor, "escalation.updated", escalation_id, detail, trace_id)
    return row
