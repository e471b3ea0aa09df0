"""The log of tool calls: what was asked of which tool on whose behalf, and what came of it.

A call is noted before it is made. A turn that runs again finds the outcome under the same id instead of calling a
second time; one that was begun and never ended is found as `started`, which says that nobody knows what it did.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final, Literal

from psycopg.types.json import Jsonb

from db.pages import Page, page_of, page_parameters
from db.pool import Connection
from db.query import change, fetch_dicts, fetch_one

# Notes that a call begins, unless it was begun before.
_BEGIN: Final = """
    INSERT INTO tool_calls (company_id, call_id, turn_id, conversation_id, user_id, tool, arguments, status, created_at)
    VALUES (%(company_id)s, %(call_id)s, %(turn_id)s, %(conversation_id)s, %(user_id)s, %(tool)s, %(arguments)s,
            'started', %(now)s)
    ON CONFLICT (company_id, call_id) DO NOTHING
"""

# Reads what became of a call.
_OUTCOME: Final = """
    SELECT status, code, result FROM tool_calls WHERE company_id = %(company_id)s AND call_id = %(call_id)s
"""

# Notes how a call ended, and that there was one if nobody did; the first end holds.
_FINISH: Final = """
    INSERT INTO tool_calls (company_id, call_id, turn_id, conversation_id, user_id, tool, arguments, status, code,
                            result, latency_ms, created_at, finished_at)
    VALUES (%(company_id)s, %(call_id)s, %(turn_id)s, %(conversation_id)s, %(user_id)s, %(tool)s, %(arguments)s,
            %(status)s, %(code)s, %(result)s, %(latency_ms)s, %(now)s, %(now)s)
    ON CONFLICT (company_id, call_id) DO UPDATE
    SET status = excluded.status, code = excluded.code, result = excluded.result, latency_ms = excluded.latency_ms,
        finished_at = excluded.finished_at
    WHERE tool_calls.status = 'started'
"""

# Reads a page of calls, newest first.
_LIST: Final = """
    SELECT call_id, turn_id, conversation_id, user_id, tool, arguments, status, code, result - 'sealed' AS result,
           latency_ms, created_at, finished_at
    FROM tool_calls
    WHERE company_id = %(company_id)s
      AND (%(conversation_id)s::uuid IS NULL OR conversation_id = %(conversation_id)s)
      AND (%(tool)s::text IS NULL OR tool = %(tool)s)
      AND (%(cursor_at)s::timestamptz IS NULL OR (created_at, call_id) < (%(cursor_at)s, %(cursor_key)s::uuid))
    ORDER BY created_at DESC, call_id DESC LIMIT %(limit)s
"""

Status = Literal["started", "done", "failed", "refused"]


@dataclass(frozen=True, slots=True)
class Call:
    """A call as it is noted; `arguments` are masked."""

    call_id: str
    turn_id: str
    conversation_id: str
    user_id: str
    tool: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a call; `result` is what was kept of it."""

    status: Status
    code: str | None
    result: dict[str, Any] | None


async def begin(connection: Connection, company_id: str, call: Call, now: datetime) -> Outcome | None:
    """Note that a call begins. Returns what became of it if it was begun before, else None."""
    if await change(connection, _BEGIN, {**_row(company_id, call), "now": now}):
        return None
    return await fetch_one(connection, Outcome, _OUTCOME, {"company_id": company_id, "call_id": call.call_id})


async def finish(
    connection: Connection,
    company_id: str,
    call: Call,
    status: Status,
    *,
    code: str | None,
    result: Mapping[str, Any] | None,
    latency_ms: int,
    now: datetime,
) -> None:
    """Note how a call ended, whether or not it was noted before; `result` is masked but for what is sealed in it."""
    ended = {"status": status, "code": code, "latency_ms": latency_ms, "now": now}
    kept = None if result is None else Jsonb(dict(result))
    await change(connection, _FINISH, {**_row(company_id, call), **ended, "result": kept})


def _row(company_id: str, call: Call) -> dict[str, Any]:
    return {"company_id": company_id, **asdict(call), "arguments": Jsonb(dict(call.arguments))}


async def list_(
    connection: Connection,
    company_id: str,
    *,
    conversation_id: str | None = None,
    tool: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page:
    """Return a page of calls as rows, newest first, of one conversation or one tool when given."""
    values = {"company_id": company_id, "conversation_id": conversation_id, "tool": tool}
    rows = await fetch_dicts(connection, _LIST, {**values, **page_parameters(cursor, limit)})
    return page_of(rows, limit, key="call_id")
