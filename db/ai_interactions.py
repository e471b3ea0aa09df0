"""LLM calls: each reserved from the day's budget before it is made, and kept, so that no answer is paid for twice."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from psycopg.types.json import Jsonb

from db.pool import Connection
from db.query import change, fetch_one, fetch_value

RESERVATION_LIFE: Final = timedelta(minutes=5)
"""A call that began longer ago than this and never ended was killed: its estimate is free again."""

# Reads the answer kept under an id.
_FIND_DONE: Final = """
    SELECT response FROM ai_interactions
    WHERE company_id = %(company_id)s AND interaction_id = %(interaction_id)s AND status = 'done'
"""

# Lets one reservation of a company and day happen at a time, until its transaction ends. A statement of its own, since
# the sum after it must see what the one before it committed.
_LOCK_DAY: Final = "SELECT pg_advisory_xact_lock(hashtextextended('budget:' || %(company_id)s || ':' || %(day)s, 0))"

# Adds up a day: what calls have cost, and the estimates of those under way, this one's earlier attempt left out. Where
# the price is unknown the estimate stands for it.
_COMMITTED: Final = """
    SELECT coalesce(sum(CASE
               WHEN status = 'done' THEN coalesce(cost_cents, reserved_cents)
               WHEN status = 'started' AND created_at > %(fresh_since)s AND interaction_id <> %(interaction_id)s
                   THEN coalesce(cost_cents, 0) + reserved_cents
               ELSE coalesce(cost_cents, 0)
           END), 0)
    FROM ai_interactions
    WHERE company_id = %(company_id)s AND created_at >= %(day_start)s AND created_at < %(day_end)s
"""

# Notes that a call begins; takes over the row of an attempt that was interrupted or failed, with what that has cost.
_RESERVE: Final = """
    INSERT INTO ai_interactions AS i (company_id, interaction_id, turn_id, node, provider, model, prompt_version,
                                      status, reserved_cents, created_at)
    VALUES (%(company_id)s, %(interaction_id)s, %(turn_id)s, %(node)s, %(provider)s, %(model)s, %(prompt_version)s,
            'started', %(estimate)s, %(now)s)
    ON CONFLICT (company_id, interaction_id) DO UPDATE
    SET status = 'started', provider = excluded.provider, model = excluded.model, error = NULL,
        reserved_cents = excluded.reserved_cents, created_at = excluded.created_at, finished_at = NULL
    WHERE i.status <> 'done'
"""

# Keeps the answer and its cost; the reservation ends with it.
_SETTLE: Final = """
    UPDATE ai_interactions
    SET status = 'done', response = %(response)s, error = NULL, tokens_in = %(tokens_in)s, tokens_out = %(tokens_out)s,
        cost_cents = coalesce(cost_cents, 0) + %(cost_cents)s, latency_ms = %(latency_ms)s, finished_at = %(now)s
    WHERE company_id = %(company_id)s AND interaction_id = %(interaction_id)s AND status <> 'done'
"""

# Notes that a call brought nothing, and what it cost all the same.
_FAIL: Final = """
    UPDATE ai_interactions
    SET status = 'failed', error = %(error)s, tokens_in = %(tokens_in)s, tokens_out = %(tokens_out)s,
        cost_cents = coalesce(cost_cents + %(cost_cents)s, cost_cents, %(cost_cents)s), latency_ms = %(latency_ms)s,
        finished_at = %(now)s
    WHERE company_id = %(company_id)s AND interaction_id = %(interaction_id)s AND status <> 'done'
"""

# Adds up the calls of a period.
_SPEND: Final = """
    SELECT count(*) AS calls,
           count(*) FILTER (WHERE status = 'failed') AS failed,
           count(*) FILTER (WHERE status = 'done' AND cost_cents IS NULL) AS unpriced,
           coalesce(sum(tokens_in), 0)::bigint AS tokens_in, coalesce(sum(tokens_out), 0)::bigint AS tokens_out,
           coalesce(sum(cost_cents), 0)::float8 AS cost_cents
    FROM ai_interactions
    WHERE company_id = %(company_id)s AND created_at >= %(since)s AND created_at < %(until)s
"""


class PlannedCall(Protocol):
    """What must be known of a call before it is made; `estimate_cents` is its upper price, 0 where unknown."""

    @property
    def interaction_id(self) -> str: ...  # noqa: D102 - named in the docstring of the class
    @property
    def turn_id(self) -> str | None: ...  # noqa: D102
    @property
    def node(self) -> str: ...  # noqa: D102
    @property
    def provider(self) -> str: ...  # noqa: D102
    @property
    def model(self) -> str: ...  # noqa: D102
    @property
    def prompt_version(self) -> str: ...  # noqa: D102
    @property
    def estimate_cents(self) -> float: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Spend:
    """What the calls of a period came to. `unpriced` of them had a model whose price is unknown; cents are US cents."""

    calls: int
    failed: int
    unpriced: int
    tokens_in: int
    tokens_out: int
    cost_cents: float


async def find_done(connection: Connection, company_id: str, interaction_id: str) -> dict[str, Any] | None:
    """Return the answer kept under an id, or None when there is none: never begun, unfinished, or failed."""
    values = {"company_id": company_id, "interaction_id": interaction_id}
    response: dict[str, Any] | None = await fetch_value(connection, _FIND_DONE, values)
    return response


async def reserve(
    connection: Connection, company_id: str, row: PlannedCall, budget_cents: float, now: datetime
) -> bool:
    """Set a call's estimate aside; False, with nothing written, when the UTC day's budget does not hold it.

    Exact however many ask at once: they wait for each other until this transaction ends, so give it no other work.
    """
    day_start = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    values: dict[str, Any] = {"company_id": company_id, "interaction_id": row.interaction_id, "now": now}
    values |= {"day": day_start.date().isoformat(), "day_start": day_start, "day_end": day_start + timedelta(days=1)}
    await connection.execute(_LOCK_DAY, values)
    committed = await fetch_value(connection, _COMMITTED, {**values, "fresh_since": now - RESERVATION_LIFE})
    if float(committed) + row.estimate_cents > budget_cents:
        return False
    values |= {"turn_id": row.turn_id, "node": row.node, "provider": row.provider, "model": row.model}
    values |= {"prompt_version": row.prompt_version, "estimate": row.estimate_cents}
    await connection.execute(_RESERVE, values)
    return True


async def settle(
    connection: Connection,
    company_id: str,
    interaction_id: str,
    response: Mapping[str, Any],
    *,
    tokens_in: int,
    tokens_out: int,
    cost_cents: float | None,
    latency_ms: int,
    now: datetime,
) -> bool:
    """Keep an answer and what it cost (None: unknown); returns False when it was settled before, or never reserved."""
    values = {"company_id": company_id, "interaction_id": interaction_id, "response": Jsonb(dict(response)), "now": now}
    values |= {"tokens_in": tokens_in, "tokens_out": tokens_out, "cost_cents": cost_cents, "latency_ms": latency_ms}
    return await change(connection, _SETTLE, values) > 0


async def fail(
    connection: Connection,
    company_id: str,
    interaction_id: str,
    error: str,
    *,
    now: datetime,
    tokens_in: int | None = None,
    tokens_out: int | None = None,
    cost_cents: float | None = None,
    latency_ms: int | None = None,
) -> bool:
    """Note that a call brought nothing; `error` is a stable word. Its estimate is free again, its cost counts."""
    values = {"company_id": company_id, "interaction_id": interaction_id, "error": error, "now": now}
    values |= {"tokens_in": tokens_in, "tokens_out": tokens_out, "cost_cents": cost_cents, "latency_ms": latency_ms}
    return await change(connection, _FAIL, values) > 0


async def spend(connection: Connection, company_id: str, since: datetime, until: datetime) -> Spend:
    """Return what the calls of a period, `until` not included, came to."""
    found = await fetch_one(connection, Spend, _SPEND, {"company_id": company_id, "since": since, "until": until})
    assert found is not None  # an aggregate always has a row
    return found
