"""Nudges: saved once per turn, counted from their rows, kept until the user's next connection."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg.types.json import Jsonb

from core.nudges import Nudge, NudgeStatus, NudgeType
from core.turns import Turn
from db.nudge_reports import Advanced, StatusReport, report
from db.pages import Page, page_of, page_parameters
from db.pool import Connection
from db.query import change, fetch_dicts, fetch_value

__all__ = [
    "Advanced", "PastNudge", "StatusReport", "count_on_stuck_point", "counts_by_stuck_point", "exists", "expire",
    "history", "insert", "list_", "lock_user", "report", "undelivered",
]  # fmt: skip

# Makes the transactions that save a nudge for one user wait for each other.
_LOCK_USER: Final = (
    "SELECT pg_advisory_xact_lock(hashtextextended('nudges:' || %(company_id)s || ':' || %(user_id)s, 0))"
)

# Reads a user's nudges since a moment, those from before the user was identified among them; oldest first.
_HISTORY: Final = """
    SELECT nudge_id, stuck_point, nudge_type, status, counts, created_at, expires_at, shown_at,
           content ->> 'title' AS title
    FROM nudges
    WHERE company_id = %(company_id)s AND created_at >= %(since)s AND user_id IN (
        SELECT %(user_id)s
        UNION ALL SELECT user_id FROM users WHERE company_id = %(company_id)s AND merged_into = %(user_id)s
    )
    ORDER BY created_at, nudge_id
"""

# Counts a user's nudges per stuck point since a person last closed an escalation of it. One that expired unseen tried
# nothing and does not count, nor does the line that tells a user that a person was told.
_COUNTS: Final = """
    SELECT n.stuck_point, count(*) AS nudges
    FROM nudges n
    WHERE n.company_id = %(company_id)s AND n.counts AND (n.status <> 'expired' OR n.shown_at IS NOT NULL)
      AND (%(stuck_point)s::text IS NULL OR n.stuck_point = %(stuck_point)s)
      AND n.user_id IN (
          SELECT %(user_id)s
          UNION ALL SELECT user_id FROM users WHERE company_id = %(company_id)s AND merged_into = %(user_id)s
      )
      AND n.created_at > coalesce((
          SELECT max(e.resolved_at) FROM escalations e
          WHERE e.company_id = %(company_id)s AND e.user_id = n.user_id AND e.stuck_point = n.stuck_point
      ), '-infinity')
    GROUP BY n.stuck_point
"""

# Saves a nudge; a turn that runs again derives the same id and adds nothing.
_INSERT: Final = """
    INSERT INTO nudges (company_id, nudge_id, turn_id, user_id, stuck_point, nudge_type, content, counts, created_at,
                        expires_at, trace_id)
    VALUES (%(company_id)s, %(nudge_id)s, %(turn_id)s, %(user_id)s, %(stuck_point)s, %(nudge_type)s, %(content)s,
            %(counts)s, %(now)s, %(expires_at)s, %(trace_id)s)
    ON CONFLICT (company_id, nudge_id) DO NOTHING
"""

# Tells whether a nudge was saved before.
_EXISTS: Final = "SELECT true FROM nudges WHERE company_id = %(company_id)s AND nudge_id = %(nudge_id)s"

# Reads what a user has not seen yet, oldest first.
_UNDELIVERED: Final = """
    SELECT content FROM nudges
    WHERE company_id = %(company_id)s AND user_id = %(user_id)s AND status IN ('pending', 'sent')
      AND expires_at > %(now)s AND nudge_type <> 'email_draft'
    ORDER BY created_at, nudge_id
"""

# Ends nudges that nobody saw in time; row-level security confines it to the companies of the transaction.
_EXPIRE: Final = """
    UPDATE nudges SET status = 'expired', closed_at = %(now)s
    WHERE company_id = ANY ((SELECT app_company_ids())::uuid[]) AND status IN ('pending', 'sent')
      AND expires_at <= %(now)s
"""

# Reads a page of nudges, newest first.
_LIST: Final = """
    SELECT nudge_id, turn_id, user_id, stuck_point, nudge_type, content, status, counts, created_at, expires_at,
           sent_at, shown_at, closed_at, trace_id
    FROM nudges
    WHERE company_id = %(company_id)s
      AND (%(user_id)s::text IS NULL OR user_id = %(user_id)s)
      AND (%(status)s::text IS NULL OR status = %(status)s)
      AND (%(cursor_at)s::timestamptz IS NULL OR (created_at, nudge_id) < (%(cursor_at)s, %(cursor_key)s::uuid))
    ORDER BY created_at DESC, nudge_id DESC LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class PastNudge:
    """A nudge that a user got earlier. `counts` is false for the line that tells a user that a person was told."""

    nudge_id: str
    stuck_point: str
    nudge_type: NudgeType
    status: NudgeStatus
    counts: bool
    created_at: datetime
    expires_at: datetime
    shown_at: datetime | None
    title: str


async def lock_user(connection: Connection, company_id: str, user_id: str) -> None:
    """Wait until no other transaction is saving a nudge for this user; holds until the end of this one."""
    await connection.execute(_LOCK_USER, {"company_id": company_id, "user_id": user_id})


async def history(connection: Connection, company_id: str, user_id: str, since: datetime) -> list[PastNudge]:
    """Return a user's nudges made since then, oldest first; e-mail drafts and uncounted ones among them."""
    values = {"company_id": company_id, "user_id": user_id, "since": since}
    return [_past(row) for row in await fetch_dicts(connection, _HISTORY, values)]


async def count_on_stuck_point(connection: Connection, company_id: str, user_id: str, stuck_point: str) -> int:
    """Return how many nudges a user got at one stuck point since a person last closed an escalation of it."""
    values = {"company_id": company_id, "user_id": user_id, "stuck_point": stuck_point}
    rows = await fetch_dicts(connection, _COUNTS, values)
    return sum(row["nudges"] for row in rows)


async def counts_by_stuck_point(connection: Connection, company_id: str, user_id: str) -> Mapping[str, int]:
    """Return the same for each stuck point at which the user got any."""
    values = {"company_id": company_id, "user_id": user_id, "stuck_point": None}
    return {row["stuck_point"]: row["nudges"] for row in await fetch_dicts(connection, _COUNTS, values)}


async def insert(connection: Connection, nudge: Nudge, turn: Turn, now: datetime, *, counts: bool = True) -> bool:
    """Save a nudge as `pending`; returns whether it is new."""
    row: dict[str, Any] = {"company_id": turn.company_id, "nudge_id": nudge.nudge_id, "turn_id": turn.turn_id}
    row |= {"user_id": turn.user_id, "stuck_point": nudge.stuck_point, "nudge_type": nudge.nudge_type.value}
    row |= {"content": Jsonb(nudge.model_dump(mode="json")), "counts": counts, "now": now}
    return await change(connection, _INSERT, {**row, "expires_at": nudge.expires_at, "trace_id": turn.trace_id}) > 0


async def exists(connection: Connection, company_id: str, nudge_id: str) -> bool:
    """Return whether a nudge was saved before."""
    return await fetch_value(connection, _EXISTS, {"company_id": company_id, "nudge_id": nudge_id}) is not None


async def undelivered(connection: Connection, company_id: str, user_id: str, now: datetime) -> list[Nudge]:
    """Return what a user has not seen yet and still may, oldest first; never an e-mail draft."""
    values = {"company_id": company_id, "user_id": user_id, "now": now}
    rows = await fetch_dicts(connection, _UNDELIVERED, values)
    return [Nudge.model_validate(row["content"]) for row in rows]


async def expire(connection: Connection, now: datetime) -> int:
    """End the nudges that nobody saw in time, in the companies of the transaction; returns how many."""
    return await change(connection, _EXPIRE, {"now": now})


async def list_(
    connection: Connection,
    company_id: str,
    *,
    user_id: str | None = None,
    status: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page:
    """Return a page of nudges as rows, newest first, of one user or in one status when given."""
    values = {"company_id": company_id, "user_id": user_id, "status": status, **page_parameters(cursor, limit)}
    return page_of(await fetch_dicts(connection, _LIST, values), limit, key="nudge_id")


def _past(row: dict[str, Any]) -> PastNudge:
    return PastNudge(**{**row, "status": NudgeStatus(row["status"]), "nudge_type": NudgeType(row["nudge_type"])})
