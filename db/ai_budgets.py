"""Budgets of LLM calls, held exactly: an estimate is set aside before a call is made, or the call is refused.

Of a company's day the sum of what ended is kept (`ai_spend_days`), so that a reservation costs the same however many
calls there were; a user's day and a conversation are added up from their own few rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, LiteralString, Protocol

from psycopg.rows import class_row

from core.budgets import WARN_AT, Allowance, Kind, Scope, Used, scope_of
from db.pool import Connection, Database
from db.query import change, fetch_one

RESERVATION_LIFE: Final = timedelta(minutes=5)
"""A call that began longer ago than this and never ended was killed: its estimate is free again."""

SMALL_CENTS: Final = 1.0
"""Calls up to this price need no turn of their own while the company's day has room for one on every connection."""

# Lets reservations of small calls of a company and day happen side by side, and none that wants to be alone.
_LOCK_SHARED: Final = """
    SELECT pg_advisory_xact_lock_shared(hashtextextended('budget:' || %(company_id)s || ':' || %(day)s, 0))
"""

# Lets one reservation of a company and day happen at a time. Each lock holds until its transaction ends, and is a
# statement of its own, since the sums after it must see what the ones before it committed.
_LOCK_ALONE: Final = "SELECT pg_advisory_xact_lock(hashtextextended('budget:' || %(company_id)s || ':' || %(day)s, 0))"

# Lets one reservation of a user happen at a time, in whichever conversation; of nobody in particular, any.
_LOCK_USER: Final = """
    SELECT pg_advisory_xact_lock(
        hashtextextended(concat_ws(':', 'budget', %(company_id)s::text, 'user', %(user_id)s::text), 0))
    WHERE %(user_id)s::text IS NOT NULL
"""

# What each call came to, or may come to while it is under way; an earlier attempt of the call in question counts with
# what it has cost. Where price or usage is unknown the estimate stands for it.
_ROWS: Final = """
    SELECT coalesce(cost_cents, CASE WHEN status = 'done' THEN reserved_cents ELSE 0 END)
               + CASE WHEN is_under_way THEN reserved_cents ELSE 0 END AS cents,
           coalesce(nullif(coalesce(tokens_in, 0) + coalesce(tokens_out, 0), 0),
                    CASE WHEN status = 'done' THEN reserved_tokens ELSE 0 END)
               + CASE WHEN is_under_way THEN reserved_tokens ELSE 0 END AS tokens,
           coalesce(nullif(tokens_out, 0), CASE WHEN status = 'done' THEN reserved_out ELSE 0 END)
               + CASE WHEN is_under_way THEN reserved_out ELSE 0 END AS written,
           turn_id, kind, nearly
    FROM ai_interactions,
         LATERAL (SELECT status = 'started' AND created_at > %(fresh_since)s
                         AND interaction_id IS DISTINCT FROM %(interaction_id)s::uuid AS is_under_way) AS state
    WHERE company_id = %(company_id)s
"""

# Adds up what counts towards each budget.
_USED: Final = (
    "WITH of_user AS ("  # noqa: S608 - put together from constants
    + _ROWS
    + """      AND user_id = %(user_id)s::text AND (created_at AT TIME ZONE 'UTC')::date = %(day)s::date),
    of_conversation AS ("""
    + _ROWS
    + """      AND conversation_id = %(conversation_id)s::uuid),
    used AS (SELECT
        (SELECT coalesce(sum(cents), 0) FROM ai_spend_days
         WHERE company_id = %(company_id)s AND day = %(day)s::date)
        + (SELECT coalesce(sum(reserved_cents), 0) FROM ai_interactions
           WHERE company_id = %(company_id)s AND status = 'started' AND created_at > %(fresh_since)s
             AND created_at >= %(day_start)s AND created_at < %(day_end)s
             AND interaction_id IS DISTINCT FROM %(interaction_id)s::uuid) AS company_cents,
        (SELECT coalesce(sum(cents), 0) FROM of_user) AS user_cents,
        (SELECT coalesce(sum(tokens), 0) FROM of_user) AS user_tokens,
        (SELECT coalesce(sum(cents), 0) FROM of_conversation) AS conversation_cents)
    """
)

# Reads what counts towards each budget.
_READ_USED: Final = (
    _USED  # noqa: S608 - put together from constants
    + """
    SELECT company_cents::float8 AS company_cents, user_cents::float8 AS user_cents, user_tokens::bigint AS user_tokens,
           conversation_cents::float8 AS conversation_cents
    FROM used
    """
)

# Notes that a call begins, unless a budget does not hold it, or its turn was erased (as `db.turns.hold` tells); takes
# over the row of an attempt that was interrupted or failed, with what that has cost. A limit that is NULL refuses
# nothing.
_RESERVE: Final = (
    _USED  # noqa: S608 - put together from constants
    + """,
    held AS MATERIALIZED (
        SELECT 1 FROM turns WHERE company_id = %(company_id)s AND turn_id = %(turn_id)s::uuid FOR KEY SHARE),
    verdict AS (SELECT
        %(turn_id)s::uuid IS NOT NULL AND NOT EXISTS (SELECT FROM held) AS is_gone,
        CASE WHEN company_cents + %(cents)s::numeric + %(margin)s::numeric * current_setting('max_connections')::int
                  > %(company_limit)s::float8::numeric THEN 'company'
             WHEN user_cents + %(cents)s::numeric > %(user_limit)s::float8::numeric THEN 'user'
             WHEN user_tokens + %(tokens)s > %(user_token_limit)s::bigint THEN 'user'
             WHEN conversation_cents + %(cents)s::numeric > %(conversation_limit)s::float8::numeric THEN 'conversation'
             WHEN %(max_tokens)s + (SELECT coalesce(sum(written), 0) FROM of_conversation
                                    WHERE turn_id = %(turn_id)s::uuid AND kind = %(kind)s::text)
                  > %(kind_limit)s::bigint THEN %(kind_scope)s::text
        END AS refused_by,
        array_remove(ARRAY[
            CASE WHEN (user_cents >= %(warn_at)s * %(user_limit)s::float8::numeric
                       OR user_tokens >= %(warn_at)s * %(user_token_limit)s::bigint)
                      AND NOT EXISTS (SELECT FROM of_user WHERE 'user' = ANY (nearly)) THEN 'user' END,
            CASE WHEN conversation_cents >= %(warn_at)s * %(conversation_limit)s::float8::numeric
                      AND NOT EXISTS (SELECT FROM of_conversation WHERE 'conversation' = ANY (nearly))
                 THEN 'conversation' END], NULL) AS nearly
        FROM used),
    noted AS (
        INSERT INTO ai_interactions AS i (company_id, interaction_id, turn_id, node, provider, model, prompt_version,
                                          user_id, conversation_id, kind, status, reserved_cents, reserved_tokens,
                                          reserved_out, nearly, created_at)
        SELECT %(company_id)s, %(interaction_id)s, %(turn_id)s, %(node)s, %(provider)s, %(model)s, %(prompt_version)s,
               %(user_id)s, %(conversation_id)s, %(kind)s, 'started', %(cents)s, %(tokens)s, %(max_tokens)s, nearly,
               %(now)s
        FROM verdict WHERE refused_by IS NULL AND NOT is_gone
        ON CONFLICT (company_id, interaction_id) DO UPDATE
        SET status = 'started', provider = excluded.provider, model = excluded.model, error = NULL,
            reserved_cents = excluded.reserved_cents, reserved_tokens = excluded.reserved_tokens,
            reserved_out = excluded.reserved_out, nearly = i.nearly || excluded.nearly,
            created_at = excluded.created_at, finished_at = NULL
        WHERE i.status <> 'done')
    SELECT refused_by, is_gone, CASE WHEN refused_by IS NULL THEN nearly ELSE '{}' END AS nearly FROM verdict
    """
)

# Forgets sums of days long past; what single calls cost is kept with them.
_DROP_BEFORE: Final = """
    DELETE FROM ai_spend_days WHERE company_id = %(company_id)s AND (day, part) IN (
        SELECT day, part FROM ai_spend_days
        WHERE company_id = %(company_id)s AND day < (%(before)s::timestamptz AT TIME ZONE 'UTC')::date
        ORDER BY day LIMIT %(limit)s)
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
    @property
    def tokens_in(self) -> int: ...  # noqa: D102
    @property
    def max_tokens(self) -> int: ...  # noqa: D102
    @property
    def user_id(self) -> str | None: ...  # noqa: D102
    @property
    def conversation_id(self) -> str | None: ...  # noqa: D102
    @property
    def kind(self) -> Kind | None: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Reservation:
    """Whether a call may be made: it may unless a budget refused it, or its turn was erased with its user.

    `nearly` are the user's and the conversation's budgets that it is the first to find nearly spent.
    """

    refused_by: Scope | None = None
    nearly: list[Scope] = field(default_factory=list)
    is_gone: bool = False

    @property
    def is_held(self) -> bool:
        """Tell whether the estimate is set aside."""
        return self.refused_by is None and not self.is_gone


async def reserve(db: Database, company_id: str, call: PlannedCall, allowance: Allowance, now: datetime) -> Reservation:
    """Set a call's estimate aside; nothing is written when a budget does not hold it.

    Exact however many ask at once. Those of one user wait for each other; those of one company only where its day has
    little left: a small call that leaves room for another on every connection that the server has cannot be one too
    many, whatever happens beside it. A transaction of its own in one round trip, so that a wait is the server's alone.
    """
    values = {**_moment(company_id, now), **_limits(call, allowance), **_facts(call), "now": now}
    if call.estimate_cents <= SMALL_CENTS:
        found = await _try(db, company_id, _LOCK_SHARED, {**values, "margin": SMALL_CENTS})
        if found.refused_by != "company":
            return found
    return await _try(db, company_id, _LOCK_ALONE, {**values, "margin": 0})


async def _try(db: Database, company_id: str, lock: LiteralString, values: Mapping[str, Any]) -> Reservation:
    async with db.pipelined(company_id) as connection:
        await connection.execute(lock, values)
        await connection.execute(_LOCK_USER, values)
        cursor = connection.cursor(row_factory=class_row(Reservation))
        await cursor.execute(_RESERVE, values)
    found = await cursor.fetchone()
    assert found is not None  # the verdict is one row
    return found


async def used(
    connection: Connection, company_id: str, user_id: str, conversation_id: str | None, now: datetime
) -> Used:
    """Return what counts towards each budget at a moment: spent, or set aside for calls under way."""
    values = {**_moment(company_id, now), "user_id": user_id, "conversation_id": conversation_id}
    found = await fetch_one(connection, Used, _READ_USED, {**values, "interaction_id": None})
    assert found is not None  # an aggregate always has a row
    return found


async def drop_before(connection: Connection, company_id: str, before: datetime, limit: int) -> int:
    """Forget up to `limit` rows of the sums of UTC days before that of a moment; returns how many."""
    return await change(connection, _DROP_BEFORE, {"company_id": company_id, "before": before, "limit": limit})


def _moment(company_id: str, now: datetime) -> dict[str, Any]:
    start = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    values = {"company_id": company_id, "day": start.date().isoformat(), "fresh_since": now - RESERVATION_LIFE}
    return {**values, "day_start": start, "day_end": start + timedelta(days=1)}


def _facts(call: PlannedCall) -> dict[str, Any]:
    return {
        "interaction_id": call.interaction_id,
        "turn_id": call.turn_id,
        "node": call.node,
        "provider": call.provider,
        "model": call.model,
        "prompt_version": call.prompt_version,
        "cents": call.estimate_cents,
        "tokens": call.tokens_in + call.max_tokens,
        "max_tokens": call.max_tokens,
        "user_id": call.user_id,
        "conversation_id": call.conversation_id,
        "kind": call.kind,
    }


def _limits(call: PlannedCall, allowance: Allowance) -> dict[str, Any]:
    kind = call.kind
    return {
        "company_limit": allowance.company_cents,
        "user_limit": allowance.user_cents,
        "user_token_limit": allowance.user_tokens,
        "conversation_limit": allowance.conversation_cents,
        "kind_limit": allowance.kind_tokens.get(kind) if kind else None,
        "kind_scope": scope_of(kind) if kind else None,
        "warn_at": WARN_AT,
    }
