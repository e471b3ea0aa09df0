"""Turns: what the agent was asked to think about, what came of it, and the receipt that says why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg.types.json import Jsonb

from core.nudges import Diagnosis
from core.turns import ReceiptStep, Signal, Turn, TurnGone
from db.pool import Connection
from db.query import change, fetch_all, fetch_dict, fetch_value

# Adds a turn; the same signal noticed twice has the same id and is one turn.
_INSERT: Final = """
    INSERT INTO turns (company_id, turn_id, user_id, session_id, kind, status, outcome, stuck_point, signal, receipt,
                       trace_id, created_at, updated_at, finished_at)
    VALUES (%(company_id)s, %(turn_id)s, %(user_id)s, %(session_id)s, %(kind)s, %(status)s, %(outcome)s,
            %(stuck_point)s, %(signal)s, %(receipt)s, %(trace_id)s, %(created_at)s, %(created_at)s,
            CASE WHEN %(status)s = 'denied' THEN %(created_at)s::timestamptz END)
    ON CONFLICT (company_id, turn_id) DO NOTHING
"""

# Marks a waiting or interrupted turn as running; one that ended keeps its status.
_START: Final = """
    UPDATE turns SET status = CASE WHEN status = 'queued' THEN 'running' ELSE status END,
                     updated_at = CASE WHEN status IN ('queued', 'running') THEN %(now)s ELSE updated_at END
    WHERE company_id = %(company_id)s AND turn_id = %(turn_id)s
    RETURNING status
"""

# Keeps a turn from being erased until the transaction ends, if it is there still.
_HOLD: Final = "SELECT true FROM turns WHERE company_id = %(company_id)s AND turn_id = %(turn_id)s FOR KEY SHARE"

# Ends a turn and appends to its receipt; one that ended before stays as it is.
_FINISH: Final = """
    UPDATE turns SET status = %(status)s, outcome = %(outcome)s, diagnosis = coalesce(%(diagnosis)s, diagnosis),
                     reasoner = coalesce(%(reasoner)s, reasoner), prompts = prompts || %(prompts)s,
                     receipt = receipt || %(receipt)s, error = %(error)s, updated_at = %(now)s, finished_at = %(now)s
    WHERE company_id = %(company_id)s AND turn_id = %(turn_id)s AND status IN ('queued', 'running')
"""

# Reads one behaviour turn whole.
_GET: Final = """
    SELECT turn_id, company_id, user_id, session_id, kind, status, outcome, signal, diagnosis, reasoner, prompts,
           receipt, error, trace_id, created_at, updated_at, finished_at
    FROM turns WHERE company_id = %(company_id)s AND turn_id = %(turn_id)s AND kind = 'behaviour'
"""

# Finds behaviour turns of all companies that nothing has happened to for a while, the longest forgotten first.
_UNFINISHED: Final = """
    SELECT company_id, turn_id, user_id, status, updated_at FROM turns
    WHERE status IN ('queued', 'running') AND kind = 'behaviour' AND updated_at < %(older_than)s
    ORDER BY updated_at LIMIT %(limit)s
"""

# Notes that a forgotten turn was put into the stream again, so that the next sweep leaves it alone for a while.
_MARK_REQUEUED: Final = """
    UPDATE turns SET updated_at = %(now)s
    WHERE company_id = %(company_id)s AND turn_id = %(turn_id)s AND status IN ('queued', 'running')
"""


# Finds when a user's turns that may yet become a nudge were made, but for one turn.
_UNDER_WAY: Final = """
    SELECT created_at FROM turns
    WHERE company_id = %(company_id)s AND user_id = %(user_id)s AND created_at > %(since)s
      AND status IN ('queued', 'running') AND kind = 'behaviour' AND turn_id <> %(but)s
"""


@dataclass(frozen=True, slots=True)
class StoredTurn:
    """A turn and all that came of it."""

    turn: Turn
    status: str
    outcome: str | None
    diagnosis: Diagnosis | None
    reasoner: str | None
    prompts: dict[str, str]
    receipt: tuple[ReceiptStep, ...]
    error: str | None
    updated_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class UnfinishedTurn:
    """Where to find a turn that was left behind."""

    company_id: str
    turn_id: str
    user_id: str
    status: str
    updated_at: datetime


async def insert(
    connection: Connection, turn: Turn, status: str, outcome: str | None, receipt: Sequence[ReceiptStep]
) -> bool:
    """Add a turn with the receipt so far; returns whether it is new. A `denied` one is finished from the start."""
    row = turn.model_dump(exclude={"signal"})
    row |= {"signal": Jsonb(turn.signal.model_dump(mode="json")), "stuck_point": turn.signal.stuck_point}
    row |= {"status": status, "outcome": outcome, "receipt": _steps(receipt)}
    return await change(connection, _INSERT, row) > 0


async def start(connection: Connection, company_id: str, turn_id: str, now: datetime) -> str | None:
    """Mark a turn as running; returns its status after that, or None when there is no such turn.

    "running" means: go ahead, whether it waited or was interrupted. Anything else means that it ended before.
    """
    values = {"company_id": company_id, "turn_id": turn_id, "now": now}
    status: str | None = await fetch_value(connection, _START, values)
    return status


async def hold(connection: Connection, company_id: str, turn_id: str) -> None:
    """Keep a turn from being erased until the transaction ends; raises TurnGone where it was erased before.

    Whatever a turn writes under its user's name follows upon this in the same transaction: an erasure then either
    waits and takes the rows along, or comes first, and they are never written. What is written under the lock of the
    turn's conversation needs it not, since that row goes with the user as well.
    """
    if not await fetch_value(connection, _HOLD, {"company_id": company_id, "turn_id": turn_id}):
        raise TurnGone


async def finish(
    connection: Connection,
    company_id: str,
    turn_id: str,
    status: str,
    outcome: str,
    *,
    diagnosis: Diagnosis | Mapping[str, Any] | None = None,
    reasoner: str | None = None,
    prompts: Mapping[str, str] | None = None,
    receipt_steps: Sequence[ReceiptStep] = (),
    error: str | None = None,
    now: datetime,
) -> bool:
    """End a turn as `done` or `failed`; returns False, with nothing changed, when it had ended before."""
    row = {"company_id": company_id, "turn_id": turn_id, "status": status, "outcome": outcome, "now": now}
    row |= {"diagnosis": None if diagnosis is None else Jsonb(_document(diagnosis))}
    row |= {"reasoner": reasoner, "prompts": Jsonb(dict(prompts or {})), "error": error}
    return await change(connection, _FINISH, {**row, "receipt": _steps(receipt_steps)}) > 0


async def get(connection: Connection, company_id: str, turn_id: str) -> StoredTurn | None:
    """Return one behaviour turn, or None; those of conversations are read by `db.conversation_turns`."""
    row = await fetch_dict(connection, _GET, {"company_id": company_id, "turn_id": turn_id})
    return None if row is None else _stored(row)


async def under_way(
    connection: Connection, company_id: str, user_id: str, since: datetime, *, but: str
) -> list[datetime]:
    """Return when the user's behaviour turns that are queued or running were made; the turn `but` is left out."""
    parameters = {"company_id": company_id, "user_id": user_id, "since": since, "but": but}
    cursor = await connection.execute(_UNDER_WAY, parameters)
    return [made_at for (made_at,) in await cursor.fetchall()]


async def unfinished(connection: Connection, older_than: datetime, limit: int) -> list[UnfinishedTurn]:
    """Return behaviour turns of all companies untouched since `older_than`; needs a system transaction."""
    return await fetch_all(connection, UnfinishedTurn, _UNFINISHED, {"older_than": older_than, "limit": limit})


async def mark_requeued(connection: Connection, company_id: str, turn_id: str, now: datetime) -> bool:
    """Note that a turn is on its way again; returns False when it has ended meanwhile."""
    return await change(connection, _MARK_REQUEUED, {"company_id": company_id, "turn_id": turn_id, "now": now}) > 0


def _document(diagnosis: Diagnosis | Mapping[str, Any]) -> dict[str, Any]:
    return diagnosis.model_dump(mode="json") if isinstance(diagnosis, Diagnosis) else dict(diagnosis)


def _steps(receipt: Sequence[ReceiptStep]) -> Jsonb:
    return Jsonb([step.model_dump(mode="json") for step in receipt])


def _stored(row: dict[str, Any]) -> StoredTurn:
    kept = {
        name: row[name] for name in ("status", "outcome", "reasoner", "prompts", "error", "updated_at", "finished_at")
    }
    named = {
        name: row[name] for name in ("turn_id", "company_id", "user_id", "session_id", "kind", "created_at", "trace_id")
    }
    return StoredTurn(
        turn=Turn(signal=Signal.model_validate(row["signal"]), **named),
        diagnosis=None if row["diagnosis"] is None else Diagnosis.model_validate(row["diagnosis"]),
        receipt=tuple(ReceiptStep.model_validate(step) for step in row["receipt"]),
        **kept,
    )
