"""Figures for people: what models cost by day, and what became of nudges."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from db.pool import Connection
from db.query import fetch_all

# Adds up a period's calls by UTC day, provider and model.
_COSTS: Final = """
    SELECT (created_at AT TIME ZONE 'UTC')::date AS day, provider, model,
           count(*) AS calls,
           count(*) FILTER (WHERE status = 'failed') AS failed,
           count(*) FILTER (WHERE status = 'done' AND cost_cents IS NULL) AS unpriced,
           coalesce(sum(tokens_in), 0)::bigint AS tokens_in, coalesce(sum(tokens_out), 0)::bigint AS tokens_out,
           coalesce(sum(cost_cents), 0)::float8 AS cost_cents
    FROM ai_interactions
    WHERE company_id = %(company_id)s AND created_at >= %(since)s AND created_at < %(until)s
    GROUP BY 1, 2, 3 ORDER BY 1 DESC, 2, 3
"""

# Counts a period's nudges by type and by what became of them.
_NUDGES: Final = """
    SELECT nudge_type, status, count(*) AS nudges FROM nudges
    WHERE company_id = %(company_id)s AND created_at >= %(since)s AND created_at < %(until)s
    GROUP BY nudge_type, status ORDER BY nudge_type, status
"""


@dataclass(frozen=True, slots=True)
class DailyCost:
    """What one model's calls came to on one UTC day, in US cents; `unpriced` calls have a model of unknown price."""

    day: date
    provider: str
    model: str
    calls: int
    failed: int
    unpriced: int
    tokens_in: int
    tokens_out: int
    cost_cents: float


@dataclass(frozen=True, slots=True)
class NudgeCount:
    """How many nudges of one type have one status."""

    nudge_type: str
    status: str
    nudges: int


async def daily_costs(connection: Connection, company_id: str, since: datetime, until: datetime) -> list[DailyCost]:
    """Return the costs of a period, `until` not included, newest day first."""
    return await fetch_all(connection, DailyCost, _COSTS, {"company_id": company_id, "since": since, "until": until})


async def nudge_counts(connection: Connection, company_id: str, since: datetime, until: datetime) -> list[NudgeCount]:
    """Return how many nudges made in a period, `until` not included, have which status now."""
    return await fetch_all(connection, NudgeCount, _NUDGES, {"company_id": company_id, "since": since, "until": until})
