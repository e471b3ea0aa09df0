"""Forgetting what behaviour led to long ago: turns with their receipts, nudges, escalations, and sessions.

Rows go one kind at a time, each by its own age, and never while something counts on them: a turn that has not ended, a
nudge that still counts towards an escalation of somebody who comes, an escalation that nobody is done with.

Each statement first takes its rows, by an index of their age and past what others hold, and then goes straight to where
these lie (`ctid`); by their ids a planner reads the whole table instead.
"""

from datetime import datetime
from typing import Final, LiteralString

from db.pool import Connection
from db.query import change

# Forgets turns that ended; their receipts are in the rows. Turns of conversations go with these (db.retention).
_TURNS: Final = """
    DELETE FROM turns WHERE company_id = %(company_id)s AND ctid = ANY (ARRAY(
        SELECT ctid FROM turns
        WHERE company_id = %(company_id)s AND kind = 'behaviour' AND created_at < %(before)s
          AND status NOT IN ('queued', 'running')
        ORDER BY created_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED))
"""

# Takes answers and names from the calls of models that behaviour led to; tokens and cost stay, as the company's books.
_CALLS: Final = """
    UPDATE ai_interactions SET response = NULL, turn_id = NULL, user_id = NULL
    WHERE company_id = %(company_id)s AND ctid = ANY (ARRAY(
        SELECT ctid FROM ai_interactions
        WHERE company_id = %(company_id)s AND created_at < %(before)s
          AND conversation_id IS NULL AND turn_id IS NOT NULL
        ORDER BY created_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED))
"""

# Forgets nudges that are over. One that counts towards an escalation, as `db.nudges` counts, stays for as long as its
# user comes: else somebody who is stuck at the same point for years would never be given a person.
_NUDGES: Final = """
    DELETE FROM nudges WHERE company_id = %(company_id)s AND ctid = ANY (ARRAY(
        SELECT n.ctid FROM nudges n
        WHERE n.company_id = %(company_id)s AND n.created_at < %(before)s AND n.status NOT IN ('pending', 'sent')
          AND NOT (n.counts AND (n.status <> 'expired' OR n.shown_at IS NOT NULL)
              AND EXISTS (
                  SELECT FROM users u WHERE u.company_id = n.company_id AND u.last_seen_at >= %(before)s
                    AND (u.user_id = n.user_id OR u.user_id = (
                        SELECT merged_into FROM users WHERE company_id = n.company_id AND user_id = n.user_id)))
              AND NOT EXISTS (
                  SELECT FROM escalations e WHERE e.company_id = n.company_id AND e.user_id = n.user_id
                    AND e.stuck_point = n.stuck_point AND e.resolved_at >= n.created_at))
        ORDER BY n.created_at LIMIT %(limit)s FOR UPDATE OF n SKIP LOCKED))
"""

# Forgets escalations that a person closed; not before the nudges that led to them, which would count anew.
_ESCALATIONS: Final = """
    DELETE FROM escalations WHERE company_id = %(company_id)s AND ctid = ANY (ARRAY(
        SELECT e.ctid FROM escalations e
        WHERE e.company_id = %(company_id)s AND e.created_at < %(before)s AND e.resolved_at < %(before)s
          AND e.kind = 'behaviour' AND e.status = 'resolved'
          AND NOT EXISTS (
              SELECT FROM nudges n WHERE n.company_id = e.company_id AND n.user_id = e.user_id
                AND n.stuck_point = e.stuck_point AND n.created_at <= e.resolved_at)
        ORDER BY e.created_at LIMIT %(limit)s FOR UPDATE OF e SKIP LOCKED))
"""

# Forgets sessions in which nothing happened since.
_SESSIONS: Final = """
    DELETE FROM sessions WHERE company_id = %(company_id)s AND ctid = ANY (ARRAY(
        SELECT ctid FROM sessions
        WHERE company_id = %(company_id)s AND last_seen_at < %(before)s
        ORDER BY last_seen_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED))
"""


async def drop_turns(connection: Connection, company_id: str, before: datetime, limit: int) -> int:
    """Forget up to `limit` turns that behaviour led to before a moment and that have ended; returns how many."""
    return await _drop(connection, _TURNS, company_id, before, limit)


async def strip_calls(connection: Connection, company_id: str, before: datetime, limit: int) -> int:
    """Take the answers and names from up to `limit` calls of models made for such turns; returns how many."""
    return await _drop(connection, _CALLS, company_id, before, limit)


async def drop_nudges(connection: Connection, company_id: str, before: datetime, limit: int) -> int:
    """Forget up to `limit` nudges made before a moment, with what users did about them; returns how many."""
    return await _drop(connection, _NUDGES, company_id, before, limit)


async def drop_escalations(connection: Connection, company_id: str, before: datetime, limit: int) -> int:
    """Forget up to `limit` escalations that were resolved before a moment; returns how many."""
    return await _drop(connection, _ESCALATIONS, company_id, before, limit)


async def drop_sessions(connection: Connection, company_id: str, before: datetime, limit: int) -> int:
    """Forget up to `limit` sessions last seen before a moment; returns how many."""
    return await _drop(connection, _SESSIONS, company_id, before, limit)


async def _drop(connection: Connection, statement: LiteralString, company_id: str, before: datetime, limit: int) -> int:
    return await change(connection, statement, {"company_id": company_id, "before": before, "limit": limit})
