"""LLM calls: each kept with what it took, so that no answer is paid for twice. `db.ai_budgets` lets them begin."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg.types.json import Jsonb

from db.pool import Connection
from db.query import change, fetch_one, fetch_value

# Reads the answer kept under an id.
_FIND_DONE: Final = """
    SELECT response FROM ai_interactions
    WHERE company_id = %(company_id)s AND interaction_id = %(interaction_id)s AND status = 'done'
"""

# Adds to the day on which a call began what it has cost now.
_COUNT: Final = """
    INSERT INTO ai_spend_days AS d (company_id, day, part, cents)
    SELECT %(company_id)s, (created_at AT TIME ZONE 'UTC')::date, hashtext(%(interaction_id)s::text) & 15, cents
    FROM ended
    ON CONFLICT (company_id, day, part) DO UPDATE SET cents = d.cents + excluded.cents
"""

# Keeps the answer and its cost; the reservation ends with it. Every call belongs to a turn, unless its user was erased
# while it was under way (db.erasures): then the cost alone is kept.
_SETTLE: Final = (
    """
    WITH ended AS (
        UPDATE ai_interactions
        SET status = 'done', response = CASE WHEN turn_id IS NOT NULL THEN %(response)s END, error = NULL,
            tokens_in = coalesce(tokens_in, 0) + %(tokens_in)s, tokens_out = coalesce(tokens_out, 0) + %(tokens_out)s,
            cost_cents = coalesce(cost_cents, 0) + %(cost_cents)s, latency_ms = %(latency_ms)s, finished_at = %(now)s
        WHERE company_id = %(company_id)s AND interaction_id = %(interaction_id)s AND status <> 'done'
        RETURNING created_at, coalesce(%(cost_cents)s::numeric, reserved_cents) AS cents)
    """  # noqa: S608 - put together from constants
    + _COUNT
)

# Notes that a call brought nothing, and what it cost all the same.
_FAIL: Final = (
    """
    WITH ended AS (
        UPDATE ai_interactions
        SET status = 'failed', error = %(error)s,
            tokens_in = coalesce(tokens_in + %(tokens_in)s::integer, tokens_in, %(tokens_in)s),
            tokens_out = coalesce(tokens_out + %(tokens_out)s::integer, tokens_out, %(tokens_out)s),
            cost_cents = coalesce(cost_cents + %(cost_cents)s::numeric, cost_cents, %(cost_cents)s),
            latency_ms = %(latency_ms)s, finished_at = %(now)s
        WHERE company_id = %(company_id)s AND interaction_id = %(interaction_id)s AND status <> 'done'
        RETURNING created_at, coalesce(%(cost_cents)s::numeric, 0) AS cents)
    """  # noqa: S608 - put together from constants
    + _COUNT
)

# Notes that an answer broke off: what the provider said that it took counts, and where it said nothing, the estimate.
_CUT_OFF: Final = (
    """
    WITH ended AS (
        UPDATE ai_interactions
        SET status = 'failed', error = %(error)s,
            tokens_in = coalesce(tokens_in, 0) + coalesce(%(tokens_in)s::integer, reserved_tokens - reserved_out),
            tokens_out = coalesce(tokens_out, 0) + coalesce(%(tokens_out)s::integer, reserved_out),
            cost_cents = coalesce(cost_cents, 0) + coalesce(%(cost_cents)s::numeric, reserved_cents),
            finished_at = %(now)s
        WHERE company_id = %(company_id)s AND interaction_id = %(interaction_id)s AND status = 'started'
        RETURNING created_at, coalesce(%(cost_cents)s::numeric, reserved_cents) AS cents)
    """  # noqa: S608 - put together from constants
    + _COUNT
)

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


async def cut_off(
    connection: Connection,
    company_id: str,
    interaction_id: str,
    error: str,
    *,
    now: datetime,
    tokens_in: int | None = None,
    tokens_out: int | None = None,
    cost_cents: float | None = None,
) -> bool:
    """Note that an answer broke off while it came; what is not known of its usage counts as estimated."""
    values = {"company_id": company_id, "interaction_id": interaction_id, "error": error, "now": now}
    values |= {"tokens_in": tokens_in, "tokens_out": tokens_out, "cost_cents": cost_cents}
    return await change(connection, _CUT_OFF, values) > 0


async def spend(connection: Connection, company_id: str, since: datetime, until: datetime) -> Spend:
    """Return what the calls of a period, `until` not included, came to."""
    found = await fetch_one(connection, Spend, _SPEND, {"company_id": company_id, "since": since, "until": until})
    assert found is not None  # an aggregate always has a row
    return found
