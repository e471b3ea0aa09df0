"""Erasure of a user: every row of every table that holds something of them, in one transaction, counted for a receipt.

What models cost stays on the company's books without the user: calls keep tokens and price, and lose answer and names.
The audit log keeps who changed what; where it names the user, the receipt's id takes that place.

A turn that runs meanwhile keeps nothing from then on, since its row is gone (`db.turns.hold`). Events that were
accepted before the erasure may be stored after it: the erasure is noted for an hour and repeated (`repeat`), after
which the note goes as well. What a user does who comes back is new, and stays.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, LiteralString

from psycopg import sql

from db import checkpoints
from db.pool import Connection
from db.query import change, fetch_all, fetch_value

REPEATED_FOR: Final = timedelta(hours=1)
"""An event waits this long in a stream at most, unless the consumers are down; then it is too old to be let go of."""

# Reads who the user is: themselves, and the anonymous visitors who turned out to be them.
_NAMES: Final = """
    SELECT %(user_id)s AS user_id
    UNION SELECT user_id FROM users WHERE company_id = %(company_id)s AND merged_into = %(user_id)s
"""

# Takes answers and names from the calls of models; what they cost stays.
_CALLS: Final = """
    UPDATE ai_interactions SET response = NULL, turn_id = NULL, user_id = NULL, conversation_id = NULL
    WHERE company_id = %(company_id)s AND created_at <= %(until)s AND (user_id = ANY (%(users)s) OR turn_id IN (
        SELECT turn_id FROM turns WHERE company_id = %(company_id)s AND user_id = ANY (%(users)s)))
"""

# Forgets answers that were kept for clients which ask again.
_REPLAYS: Final = """
    DELETE FROM idempotency_keys
    WHERE company_id = %(company_id)s AND json_typeof(response) = 'object'
      AND (response ->> 'user_id' = ANY (%(users)s) OR response ->> 'conversation_id' IN (
          SELECT conversation_id::text FROM conversations
          WHERE company_id = %(company_id)s AND user_id = ANY (%(users)s)))
"""

# Puts the receipt's id in the place of the user's; policy and grant allow this change of the log, and no other.
_AUDIT: Final = """
    UPDATE audit_log SET subject = 'erased:' || %(receipt_id)s
    WHERE company_id = %(company_id)s AND action LIKE 'user.%%' AND subject = ANY (%(users)s)
"""

OWN_ROWS: Final[Mapping[str, str]] = {
    "tool_calls": "created_at",
    "recommendations": "created_at",
    "messages": "created_at",
    "conversations": "created_at",
    "profile_facts": "updated_at",
    "notifications": "created_at",
    "escalations": "created_at",
    "nudges": "created_at",
    "turns": "created_at",
    "events": "received_at",
    "sessions": "last_seen_at",
    "users": "last_seen_at",
}
"""Tables whose rows of the user go as a whole, with the column that says how old a row is; in this order, since some
are found by others."""
_DELETE: Final = """
    DELETE FROM {table} WHERE company_id = %(company_id)s AND user_id = ANY (%(users)s) AND {age} <= %(until)s
"""
# Take what a running turn holds on to while it writes (`conversations.lock`, `turns.hold`), in the order in which turns
# take it: what they wrote is deleted after this, and what they would write later finds nothing to hold on to.
_WAIT: Final[tuple[LiteralString, ...]] = (
    """SELECT FROM conversations
       WHERE company_id = %(company_id)s AND user_id = ANY (%(users)s) AND created_at <= %(until)s FOR UPDATE""",
    """SELECT FROM turns
       WHERE company_id = %(company_id)s AND user_id = ANY (%(users)s) AND created_at <= %(until)s FOR UPDATE""",
)
_CHANGES: Final[Mapping[str, LiteralString]] = {"ai_interactions": _CALLS, "idempotency_keys": _REPLAYS}
"""Tables in which rows stay or are found by those of other tables, done before these go."""

# Names the checkpoint threads of the user's turns (`graph.runner.thread_id`), before the turns go.
_THREADS: Final = """
    SELECT array_agg(company_id::text || ':' || turn_id::text) FROM turns
    WHERE company_id = %(company_id)s AND user_id = ANY (%(users)s) AND created_at <= %(until)s
"""

# Notes an erasure, to be repeated.
_NOTE: Final = """
    INSERT INTO erasures (company_id, user_id, receipt_id, erased_at)
    SELECT %(company_id)s, name, %(receipt_id)s, %(now)s FROM unnest(%(users)s::text[]) AS name
    ON CONFLICT (company_id, user_id) DO UPDATE SET receipt_id = excluded.receipt_id, erased_at = excluded.erased_at
"""

# Reads which erasures are to be repeated, and whether the user has come back since.
_NOTED: Final = """
    SELECT e.user_id, e.receipt_id, e.erased_at,
           EXISTS (SELECT FROM events WHERE company_id = e.company_id AND user_id = e.user_id
                   AND received_at > e.erased_at)
           OR EXISTS (SELECT FROM messages WHERE company_id = e.company_id AND user_id = e.user_id
                      AND created_at > e.erased_at) AS came_back
    FROM erasures AS e WHERE e.company_id = %(company_id)s
"""

# Forgets that there was an erasure.
_FORGET: Final = "DELETE FROM erasures WHERE company_id = %(company_id)s AND erased_at < %(before)s"


@dataclass(frozen=True, slots=True)
class Erased:
    """What went: the names that the user had, and how many rows of each table; what there was none of is left out."""

    users: tuple[str, ...]
    rows: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Noted:
    user_id: str
    receipt_id: str
    erased_at: datetime
    came_back: bool


async def erase(connection: Connection, company_id: str, user_id: str, receipt_id: str, now: datetime) -> Erased:
    """Erase a user and the anonymous visitors who turned out to be them; somebody unknown leaves an empty receipt."""
    values: dict[str, Any] = {"company_id": company_id, "user_id": user_id, "receipt_id": receipt_id, "now": now}
    names = await names_of(connection, company_id, user_id)
    rows = await _erase(connection, {**values, "users": list(names), "until": "infinity"})
    await connection.execute(_NOTE, {**values, "users": list(names)})
    return Erased(names, rows)


async def names_of(connection: Connection, company_id: str, user_id: str) -> tuple[str, ...]:
    """Return the names of a user: their own, and those of the anonymous visitors who turned out to be them."""
    found = await connection.execute(_NAMES, {"company_id": company_id, "user_id": user_id})
    return tuple(row[0] for row in await found.fetchall())


async def repeat(connection: Connection, company_id: str, now: datetime) -> int:
    """Erase once more what was stored late of users erased within the last hour; returns how many rows went."""
    gone = 0
    for noted in await fetch_all(connection, _Noted, _NOTED, {"company_id": company_id}):
        until = noted.erased_at if noted.came_back else "infinity"
        values = {"company_id": company_id, "users": [noted.user_id], "receipt_id": noted.receipt_id, "until": until}
        gone += sum((await _erase(connection, values)).values())
    await connection.execute(_FORGET, {"company_id": company_id, "before": now - REPEATED_FOR})
    return gone


async def _erase(connection: Connection, values: Mapping[str, Any]) -> dict[str, int]:
    """Return how many rows went or lost the user, by table."""
    for statement in _WAIT:
        await connection.execute(statement, values)
    rows = {"checkpoints": await checkpoints.erase(connection, await fetch_value(connection, _THREADS, values))}
    for table, statement in _CHANGES.items():
        rows[table] = await change(connection, statement, values)
    for table, age in OWN_ROWS.items():
        delete = sql.SQL(_DELETE).format(table=sql.Identifier(table), age=sql.Identifier(age))
        rows[table] = (await connection.execute(delete, values)).rowcount
    rows["audit_log"] = await change(connection, _AUDIT, values)
    return {table: count for table, count in rows.items() if count}
