"""A day's money for embedding is never exceeded, however many ask at once, and each request is counted once."""

import asyncio
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from core.ids import new_id
from db import embedding_spend
from db.embedding_spend import RESERVATION_LIFE, EmbeddingDay, EmbeddingTotal, Spent

TODAY, TOMORROW = date(2026, 11, 21), date(2026, 11, 22)


@pytest.fixture
def purse(db, acme, now):
    class Purse:
        async def reserve(self, cents, *, budget=100, name=None, company_id=acme, provider="openai", at=now):
            name = name or new_id()
            async with db.transaction(company_id) as connection:
                taken = await embedding_spend.reserve(
                    connection,
                    company_id,
                    reservation_id=name,
                    provider=provider,
                    cents=cents,
                    budget_cents=budget,
                    at=at,
                )
            return name if taken else None

        async def settle(self, name, cents, *, provider="openai", model="m", at=now, tokens=10, answered=True):
            async with db.transaction(acme) as connection:
                return await embedding_spend.settle(
                    connection,
                    acme,
                    reservation_id=name,
                    provider=provider,
                    model=model,
                    at=at,
                    tokens=tokens,
                    cents=cents,
                    answered=answered,
                )

    return Purse()


async def test_the_budget_holds_what_is_spent_and_what_is_set_aside(purse):
    first = await purse.reserve(60)
    assert await purse.reserve(41) is None
    assert await purse.reserve(40)
    assert await purse.settle(first, 10) == Spent(0, 10)
    assert await purse.reserve(51) is None
    assert await purse.reserve(50)


async def test_many_at_once_take_no_more_than_there_is(purse):
    taken = await asyncio.gather(*(purse.reserve(7) for _ in range(30)))
    assert sum(name is not None for name in taken) == 14
    after = await asyncio.gather(*(purse.settle(name, 7) for name in taken if name))
    assert max(spent.after for spent in after) == pytest.approx(98)
    assert len({spent.before for spent in after}) == 14, "each crossing is seen by one request alone"


async def test_providers_days_and_companies_have_budgets_of_their_own(purse, rival, now):
    assert await purse.reserve(100)
    assert await purse.reserve(1) is None
    assert await purse.reserve(100, provider="azure")
    assert await purse.reserve(100, company_id=rival)
    assert await purse.reserve(100, at=now + timedelta(days=1))


async def test_a_day_is_one_of_utc(purse, now):
    kiritimati = timezone(timedelta(hours=14))
    late = datetime(2026, 11, 22, 13, 59, tzinfo=kiritimati)  # 23:59 of the 21st in UTC
    assert await purse.reserve(100, at=late)
    assert await purse.reserve(1, at=datetime(2026, 11, 21, 23, 59, tzinfo=UTC)) is None
    assert await purse.reserve(100, at=late + timedelta(minutes=1))


async def test_a_killed_request_gives_its_money_back(purse, now):
    name = await purse.reserve(100)
    assert await purse.reserve(100, at=now + RESERVATION_LIFE - timedelta(seconds=1)) is None
    assert await purse.reserve(100, at=now + RESERVATION_LIFE + timedelta(seconds=1))
    assert await purse.settle(name, 3) == Spent(0, 3), "it was only slow: it counts all the same"


async def test_reserving_again_replaces_the_first_time(purse):
    name = await purse.reserve(60)
    assert await purse.reserve(90, name=name) == name
    assert await purse.reserve(11) is None


async def test_a_request_is_counted_once(db, acme, purse):
    name = await purse.reserve(5)
    assert await purse.settle(name, 5) == Spent(0, 5)
    assert await purse.settle(name, 5) is None
    assert await purse.settle(new_id(), 5) is None
    async with db.transaction(acme) as connection:
        total = await embedding_spend.total(connection, acme, TODAY, TOMORROW)
    assert total == EmbeddingTotal(calls=1, failed=0, unpriced=0, tokens=10, cents=5)


async def test_a_request_counts_for_the_day_on_which_it_began(db, acme, purse, now):
    midnight = datetime(2026, 11, 21, 23, 59, 59, tzinfo=UTC)
    name = await purse.reserve(5, at=midnight)
    await purse.settle(name, 4, at=midnight)
    async with db.transaction(acme) as connection:
        assert [each.day for each in await embedding_spend.days(connection, acme, TODAY, TOMORROW)] == [TODAY]


async def test_an_unknown_price_is_not_zero_and_a_failure_is_told_apart(db, acme, rival, purse):
    await purse.settle(await purse.reserve(0), None, model="unknown")
    await purse.settle(await purse.reserve(2), 0, tokens=0, answered=False)
    await purse.settle(await purse.reserve(2), 1.5)
    async with db.transaction(acme) as connection:
        days = await embedding_spend.days(connection, acme, TODAY, TOMORROW)
        assert await embedding_spend.days(connection, acme, TOMORROW, TOMORROW + timedelta(days=1)) == []
    assert days == [
        EmbeddingDay(TODAY, "openai", "m", calls=2, failed=1, unpriced=0, tokens=10, cents=1.5),
        EmbeddingDay(TODAY, "openai", "unknown", calls=1, failed=0, unpriced=1, tokens=10, cents=0),
    ]
    async with db.transaction(rival) as connection:
        assert await embedding_spend.days(connection, acme, TODAY, TOMORROW) == []


async def test_forgotten_reservations_are_swept_away(db, acme, purse, now):
    await purse.reserve(1, at=now - timedelta(days=3))
    await purse.reserve(1)
    async with db.transaction(acme) as connection:
        cursor = await connection.execute("SELECT day FROM embedding_reservations")
        assert await cursor.fetchall() == [(TODAY,)]
