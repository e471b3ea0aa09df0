"""What embedding costs a company, per provider and UTC day: set aside before a request, settled after it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from db.pool import Connection
from db.query import change, fetch_all, fetch_one, fetch_value

RESERVATION_LIFE: Final = timedelta(minutes=5)
"""A request that began longer ago than this and was never settled was killed: its money is free again."""

# Lets one reservation of a company, day and provider happen at a time, until its transaction ends. A statement of its
# own, since the sum after it must see what the one before it committed.
_LOCK: Final = """
    SELECT pg_advisory_xact_lock(
        hashtextextended(concat_ws(':', 'embedding', %(company_id)s::text, %(day)s::text, %(provider)s::text), 0))
"""

# Adds up a day: what was spent, and what requests under way may cost, this one left out.
_COMMITTED: Final = """
    SELECT (SELECT coalesce(sum(cents), 0) FROM embedding_spend
            WHERE company_id = %(company_id)s AND day = %(day)s AND provider = %(provider)s)
         + (SELECT coalesce(sum(cents), 0) FROM embedding_reservations
            WHERE company_id = %(company_id)s AND day = %(day)s AND provider = %(provider)s
              AND created_at > %(fresh_since)s AND reservation_id <> %(reservation_id)s)
"""

# Sets the money aside.
_RESERVE: Final = """
    INSERT INTO embedding_reservations (company_id, reservation_id, day, provider, cents, created_at)
    VALUES (%(company_id)s, %(reservation_id)s, %(day)s, %(provider)s, %(cents)s, %(at)s)
    ON CONFLICT (company_id, reservation_id) DO UPDATE SET cents = excluded.cents, created_at = excluded.created_at
"""

# Forgets reservations that nobody will settle any more.
_FORGET: Final = """
    DELETE FROM embedding_reservations WHERE company_id = %(company_id)s AND day < %(day)s::date - 1
"""

# Ends a reservation.
_RELEASE: Final = """
    DELETE FROM embedding_reservations WHERE company_id = %(company_id)s AND reservation_id = %(reservation_id)s
"""

# Adds a request to its day.
_COUNT: Final = """
    INSERT INTO embedding_spend AS e (company_id, day, provider, model, calls, failed, unpriced, tokens, cents)
    VALUES (%(company_id)s, %(day)s, %(provider)s, %(model)s, 1, %(failed)s, %(unpriced)s, %(tokens)s, %(cents)s)
    ON CONFLICT (company_id, day, provider, model) DO UPDATE
    SET calls = e.calls + 1, failed = e.failed + excluded.failed, unpriced = e.unpriced + excluded.unpriced,
        tokens = e.tokens + excluded.tokens, cents = e.cents + excluded.cents
"""

# Reads what a provider's day came to.
_SPENT: Final = """
    SELECT coalesce(sum(cents), 0)::float8 FROM embedding_spend
    WHERE company_id = %(company_id)s AND day = %(day)s AND provider = %(provider)s
"""

# Reads a period, day by day.
_DAYS: Final = """
    SELECT day, provider, model, calls, failed, unpriced, tokens, cents::float8 AS cents FROM embedding_spend
    WHERE company_id = %(company_id)s AND day >= %(since)s AND day < %(until)s ORDER BY day, provider, model
"""

# Adds up a period.
_TOTAL: Final = """
    SELECT coalesce(sum(calls), 0)::bigint AS calls, coalesce(sum(failed), 0)::bigint AS failed,
           coalesce(sum(unpriced), 0)::bigint AS unpriced, coalesce(sum(tokens), 0)::bigint AS tokens,
           coalesce(sum(cents), 0)::float8 AS cents
    FROM embedding_spend WHERE company_id = %(company_id)s AND day >= %(since)s AND day < %(until)s
"""


@dataclass(frozen=True, slots=True)
class Spent:
    """A provider's day in US cents, before and after a request: whoever crosses a threshold with it tells of it."""

    before: float
    after: float


@dataclass(frozen=True, slots=True)
class EmbeddingDay:
    """What the requests of a model on a day came to; of `unpriced` ones the price is unknown."""

    day: date
    provider: str
    model: str
    calls: int
    failed: int
    unpriced: int
    tokens: int
    cents: float


@dataclass(frozen=True, slots=True)
class EmbeddingTotal:
    """What the requests of a period came to."""

    calls: int
    failed: int
    unpriced: int
    tokens: int
    cents: float


async def reserve(
    connection: Connection,
    company_id: str,
    *,
    reservation_id: str,
    provider: str,
    cents: float,
    budget_cents: float,
    at: datetime,
) -> bool:
    """Set the most that a request may cost aside; False, with nothing written, when the day's budget does not hold it.

    Exact however many ask at once: they wait for each other until this transaction ends, so give it no other work.
    """
    values: dict[str, Any] = {"company_id": company_id, "reservation_id": reservation_id, "provider": provider}
    values |= {"day": _day(at), "cents": cents, "at": at, "fresh_since": at - RESERVATION_LIFE}
    await connection.execute(_LOCK, values)
    if float(await fetch_value(connection, _COMMITTED, values)) + cents > budget_cents:
        return False
    await connection.execute(_FORGET, values)
    await connection.execute(_RESERVE, values)
    return True


async def settle(
    connection: Connection,
    company_id: str,
    *,
    reservation_id: str,
    provider: str,
    model: str,
    at: datetime,
    tokens: int,
    cents: float | None,
    answered: bool = True,
) -> Spent | None:
    """End a reservation with what the request cost (None: unknown, which is not zero), on the day that it began (`at`).

    Returns the provider's day before and after; None, with nothing counted, when it was settled before.
    """
    values: dict[str, Any] = {"company_id": company_id, "reservation_id": reservation_id, "provider": provider}
    values |= {"model": model, "day": _day(at), "tokens": tokens, "cents": cents or 0}
    values |= {"failed": int(not answered), "unpriced": int(answered and cents is None)}
    await connection.execute(_LOCK, values)
    if not await change(connection, _RELEASE, values):
        return None
    before: float = await fetch_value(connection, _SPENT, values)
    await connection.execute(_COUNT, values)
    return Spent(before, before + (cents or 0))


async def days(connection: Connection, company_id: str, since: date, until: date) -> list[EmbeddingDay]:
    """Return a period by day, provider and model; `until` is not included."""
    values = {"company_id": company_id, "since": since, "until": until}
    return await fetch_all(connection, EmbeddingDay, _DAYS, values)


async def total(connection: Connection, company_id: str, since: date, until: date) -> EmbeddingTotal:
    """Return the sum of a period; `until` is not included."""
    values = {"company_id": company_id, "since": since, "until": until}
    found = await fetch_one(connection, EmbeddingTotal, _TOTAL, values)
    assert found is not None  # an aggregate always has a row
    return found


def _day(at: datetime) -> date:
    return at.astimezone(UTC).date()
