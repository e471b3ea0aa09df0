"""Recommendations that conversations ended in: each draft with the checker's verdict, also where it was refused."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from psycopg.types.json import Jsonb

from core.errors import NotFound
from core.recommendations import MAX_DRAFTS, Decision, DraftVerdict, Recommendation, recommendation_id
from db.pages import Page, page_of, page_parameters
from db.pool import Connection
from db.query import change, fetch_dict, fetch_dicts

# Adds a draft; one that an earlier run of the turn added stays as it is.
_INSERT: Final = """
    INSERT INTO recommendations
        (company_id, recommendation_id, conversation_id, turn_id, user_id, status, draft, verdict, created_at)
    VALUES (%(company_id)s, %(recommendation_id)s, %(conversation_id)s, %(turn_id)s, %(user_id)s, %(status)s, %(draft)s,
        %(verdict)s, %(now)s)
    ON CONFLICT DO NOTHING
"""

# Reads a page, newest first; drafts of one turn in their order.
_LIST: Final = """
    SELECT recommendation_id, conversation_id, turn_id, user_id, status, draft, verdict, created_at, user_decision,
        user_decided_at
    FROM recommendations
    WHERE company_id = %(company_id)s
      AND (%(conversation_id)s::uuid IS NULL OR conversation_id = %(conversation_id)s::uuid)
      AND (%(user_id)s::text IS NULL OR user_id = %(user_id)s)
      AND (%(status)s::text IS NULL OR status = %(status)s)
      AND (%(decision)s::text IS NULL OR user_decision = %(decision)s)
      AND (%(cursor_at)s::timestamptz IS NULL
           OR (created_at, recommendation_id) < (%(cursor_at)s, %(cursor_key)s::uuid))
    ORDER BY created_at DESC, recommendation_id DESC LIMIT %(limit)s
"""

# Reads one.
_GET: Final = """
    SELECT recommendation_id, conversation_id, turn_id, user_id, status, draft, verdict, created_at, user_decision,
        user_decided_at
    FROM recommendations
    WHERE company_id = %(company_id)s AND recommendation_id = %(recommendation_id)s
"""


# Notes what a user said to some of the drafts that a turn showed, which are numbered as they were shown.
_DECIDE: Final = """
    UPDATE recommendations AS one
    SET user_decision = %(decision)s, user_decided_at = %(now)s, user_decided_in = %(decided_in)s
    FROM (
        SELECT recommendation_id,
            row_number() OVER (ORDER BY array_position(%(ids)s::uuid[], recommendation_id)) AS number
        FROM recommendations
        WHERE company_id = %(company_id)s AND conversation_id = %(conversation_id)s AND turn_id = %(turn_id)s
          AND status = 'draft'
    ) AS shown
    WHERE one.company_id = %(company_id)s AND one.recommendation_id = shown.recommendation_id
      AND shown.number = ANY(%(numbers)s::int[])
"""


async def insert(
    connection: Connection,
    company_id: str,
    conversation_id: str,
    turn_id: str,
    user_id: str,
    judged: Sequence[tuple[Recommendation, DraftVerdict]],
    now: datetime,
) -> int:
    """Keep a turn's drafts with their verdicts; returns how many are new. Repeatable: the turn fixes their ids."""
    place = {"company_id": company_id, "conversation_id": conversation_id, "turn_id": turn_id, "user_id": user_id}
    added = 0
    for number, (draft, verdict) in enumerate(judged, start=1):
        row = {
            "recommendation_id": recommendation_id(turn_id, number),
            "status": "draft" if verdict.passes else "rejected",
            "draft": Jsonb(draft.model_dump(mode="json")),
            "verdict": Jsonb(verdict.model_dump(mode="json")),
        }
        added += await change(connection, _INSERT, {**place, **row, "now": now})
    return added


async def decide(
    connection: Connection,
    company_id: str,
    conversation_id: str,
    turn_id: str,
    numbers: Sequence[int],
    decision: Decision,
    decided_in: str,
    now: datetime,
) -> int:
    """Keep what the user said to drafts that a turn showed, by their numbers in its answer; returns how many there are.

    `decided_in` is the turn of the message that says so. Drafts that were not named keep what was said before. A
    decision approves nothing.
    """
    values = {
        "company_id": company_id,
        "conversation_id": conversation_id,
        "turn_id": turn_id,
        "ids": [recommendation_id(turn_id, number) for number in range(1, MAX_DRAFTS + 1)],
        "numbers": list(numbers),
        "decision": decision,
        "decided_in": decided_in,
        "now": now,
    }
    return await change(connection, _DECIDE, values)


async def list_(
    connection: Connection,
    company_id: str,
    *,
    conversation_id: str | None = None,
    user_id: str | None = None,
    status: str | None = None,
    decision: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page:
    """Return a page of recommendations, newest first."""
    wanted = {"conversation_id": conversation_id, "user_id": user_id, "status": status}
    wanted |= {"decision": decision}
    rows = await fetch_dicts(connection, _LIST, {"company_id": company_id, **wanted, **page_parameters(cursor, limit)})
    return page_of(rows, limit, key="recommendation_id")


async def get(connection: Connection, company_id: str, recommendation: str) -> dict[str, Any]:
    """Return one recommendation; raises NotFound when the company has none of that id."""
    row = await fetch_dict(connection, _GET, {"company_id": company_id, "recommendation_id": recommendation})
    if row is None:
        raise NotFound("There is no such recommendation.")
    return row
