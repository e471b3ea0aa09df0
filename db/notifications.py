"""Notifications: one row per message to the outside, written before it is sent, so that none is lost."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg.types.json import Jsonb

from db.pages import Page, page_of, page_parameters
from db.pool import Connection
from db.query import change, fetch_all, fetch_dict, fetch_dicts

# Adds a notification; the same subject, event and channel have the same id and are told once.
_INSERT: Final = """
    INSERT INTO notifications (company_id, notification_id, event, channel, user_id, payload, created_at, updated_at,
                               trace_id)
    VALUES (%(company_id)s, %(notification_id)s, %(event)s, %(channel)s, %(user_id)s, %(payload)s, %(now)s, %(now)s,
            %(trace_id)s)
    ON CONFLICT (company_id, notification_id) DO NOTHING
"""

# Reads one notification.
_GET: Final = """
    SELECT notification_id, event, channel, user_id, payload, status, attempts, last_error, created_at, updated_at,
           sent_at, trace_id
    FROM notifications WHERE company_id = %(company_id)s AND notification_id = %(notification_id)s
"""

# Notes that the other side took it.
_MARK_SENT: Final = """
    UPDATE notifications
    SET status = 'sent', attempts = attempts + 1, last_error = NULL, sent_at = %(now)s, updated_at = %(now)s
    WHERE company_id = %(company_id)s AND notification_id = %(notification_id)s AND status <> 'sent'
"""

# Notes a failed attempt, the last one or not; what was sent stays sent.
_MARK_FAILED: Final = """
    UPDATE notifications
    SET status = CASE WHEN %(final)s THEN 'failed' ELSE 'pending' END, attempts = attempts + 1,
        last_error = %(error)s, updated_at = %(now)s
    WHERE company_id = %(company_id)s AND notification_id = %(notification_id)s AND status <> 'sent'
"""

# Finds notifications of all companies that nothing has happened to for a while, the longest forgotten first.
_PENDING: Final = """
    SELECT company_id, notification_id, trace_id FROM notifications
    WHERE status = 'pending' AND updated_at < %(older_than)s ORDER BY updated_at LIMIT %(limit)s
"""

# Gives a failed one another chance, and tells sweeps to leave a waiting one alone for a while.
_REQUEUE: Final = """
    UPDATE notifications SET status = 'pending', updated_at = %(now)s
    WHERE company_id = %(company_id)s AND notification_id = %(notification_id)s AND status <> 'sent'
"""

# Reads a page of notifications, newest first.
_LIST: Final = """
    SELECT notification_id, event, channel, user_id, payload, status, attempts, last_error, created_at, updated_at,
           sent_at, trace_id
    FROM notifications
    WHERE company_id = %(company_id)s AND (%(status)s::text IS NULL OR status = %(status)s)
      AND (%(cursor_at)s::timestamptz IS NULL OR (created_at, notification_id) < (%(cursor_at)s, %(cursor_key)s::uuid))
    ORDER BY created_at DESC, notification_id DESC LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class PendingNotification:
    """Where to find a notification that was left behind."""

    company_id: str
    notification_id: str
    trace_id: str


@dataclass(frozen=True, slots=True)
class StoredNotification:
    """A notification and how its delivery went; `attempts` counts those that reached an end."""

    notification_id: str
    event: str
    channel: str
    user_id: str | None
    payload: dict[str, Any]
    status: str
    attempts: int
    last_error: str | None
    created_at: datetime
    updated_at: datetime
    sent_at: datetime | None
    trace_id: str


async def insert(
    connection: Connection,
    company_id: str,
    *,
    notification_id: str,
    event: str,
    channel: str,
    payload: Mapping[str, Any],
    trace_id: str,
    now: datetime,
    user_id: str | None = None,
) -> bool:
    """Add a notification as `pending`; returns whether it is new. `user_id` puts it on that user's timeline."""
    row = {"company_id": company_id, "notification_id": notification_id, "event": event, "channel": channel}
    values = {**row, "user_id": user_id, "payload": Jsonb(dict(payload)), "trace_id": trace_id, "now": now}
    return await change(connection, _INSERT, values) > 0


async def get(connection: Connection, company_id: str, notification_id: str) -> StoredNotification | None:
    """Return one notification, or None."""
    row = await fetch_dict(connection, _GET, {"company_id": company_id, "notification_id": notification_id})
    return None if row is None else StoredNotification(**row)


async def mark_sent(connection: Connection, company_id: str, notification_id: str, now: datetime) -> bool:
    """Note that the other side took it; returns False when that was known."""
    values = {"company_id": company_id, "notification_id": notification_id, "now": now}
    return await change(connection, _MARK_SENT, values) > 0


async def mark_failed(
    connection: Connection, company_id: str, notification_id: str, error: str, now: datetime, *, final: bool
) -> bool:
    """Note a failed attempt; `final` gives up on it. Returns False when it had been sent after all."""
    values = {"company_id": company_id, "notification_id": notification_id, "error": error, "now": now, "final": final}
    return await change(connection, _MARK_FAILED, values) > 0


async def pending(connection: Connection, older_than: datetime, limit: int) -> list[PendingNotification]:
    """Return waiting notifications of all companies untouched since `older_than`; needs a system transaction."""
    return await fetch_all(connection, PendingNotification, _PENDING, {"older_than": older_than, "limit": limit})


async def requeue(connection: Connection, company_id: str, notification_id: str, now: datetime) -> bool:
    """Let one be tried again, whether it waits or was given up; returns False when it was sent or is unknown."""
    values = {"company_id": company_id, "notification_id": notification_id, "now": now}
    return await change(connection, _REQUEUE, values) > 0


async def list_(
    connection: Connection, company_id: str, *, status: str | None = None, cursor: str | None = None, limit: int = 50
) -> Page:
    """Return a page of notifications as rows, newest first, in one status when given."""
    values = {"company_id": company_id, "status": status, **page_parameters(cursor, limit)}
    return page_of(await fetch_dicts(connection, _LIST, values), limit, key="notification_id")
