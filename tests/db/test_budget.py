"""LLM calls: no budget is exceeded however many ask at once, and no answer is lost."""

import asyncio
from datetime import UTC, datetime, timedelta

from core.budgets import Allowance
from core.ids import new_id
from db import ai_budgets, ai_interactions
from db.ai_interactions import Spend
from tests.db.conftest import begin_turns

ENDED = {"tokens_in": 100, "tokens_out": 20, "latency_ms": 900}


async def reserve(db, company_id, call, budget, now):
    return (await ai_budgets.reserve(db, company_id, call, Allowance(budget), now)).is_held


async def settle(db, company_id, call, cost, now):
    async with db.transaction(company_id) as connection:
        return await ai_interactions.settle(
            connection, company_id, call.interaction_id, {"text": "hello"}, cost_cents=cost, now=now, **ENDED
        )


async def spent(db, company_id, now):
    async with db.transaction(company_id) as connection:
        day = now.replace(hour=0, minute=0)
        return await ai_interactions.spend(connection, company_id, day, day + timedelta(days=1))


async def test_fifty_at_once_and_the_budget_holds_exactly(db, acme, rival, now, samples):
    calls = [samples.call(estimate=3) for _ in range(50)]
    allowed = await asyncio.gather(
        *(reserve(db, acme, call, 100, now) for call in calls), reserve(db, rival, samples.call(estimate=3), 3, now)
    )
    assert sum(allowed[:-1]) == 33
    assert allowed[-1]
    async with db.transaction(acme) as connection:
        cursor = await connection.execute("SELECT count(*), sum(reserved_cents)::int FROM ai_interactions")
        assert await cursor.fetchone() == (33, 99)


async def test_settling_frees_what_the_estimate_was_too_high_by(db, acme, now, samples):
    first, second, third = (samples.call(estimate=6) for _ in range(3))
    assert await reserve(db, acme, first, 10, now)
    assert not await reserve(db, acme, second, 10, now)
    assert await settle(db, acme, first, 1.5, now)
    assert not await settle(db, acme, first, 9, now)
    assert await reserve(db, acme, second, 10, now)
    assert not await reserve(db, acme, third, 10, now)
    assert await spent(db, acme, now) == Spend(2, 0, 0, 100, 20, 1.5)


async def test_an_answer_is_found_again(db, acme, rival, now, samples):
    call = samples.call(turn_id=new_id())
    await begin_turns(db, acme, call.turn_id)
    await reserve(db, acme, call, 10, now)
    async with db.transaction(acme) as connection:
        assert await ai_interactions.find_done(connection, acme, call.interaction_id) is None
    await settle(db, acme, call, None, now)
    async with db.transaction(acme) as connection:
        assert await ai_interactions.find_done(connection, acme, call.interaction_id) == {"text": "hello"}
        assert await ai_interactions.find_done(connection, rival, call.interaction_id) is None
    assert (await spent(db, acme, now)).unpriced == 1


async def test_an_unknown_price_counts_as_its_estimate(db, acme, now, samples):
    call = samples.call(estimate=7)
    await reserve(db, acme, call, 10, now)
    await settle(db, acme, call, None, now)
    assert not await reserve(db, acme, samples.call(estimate=4), 10, now)
    assert await reserve(db, acme, samples.call(estimate=3), 10, now)


async def test_a_killed_call_holds_its_estimate_for_five_minutes(db, acme, now, samples):
    await reserve(db, acme, samples.call(estimate=8), 10, now)
    other = samples.call(estimate=8)
    assert not await reserve(db, acme, other, 10, now + timedelta(minutes=4, seconds=59))
    assert await reserve(db, acme, other, 10, now + timedelta(minutes=5))


async def test_a_second_attempt_takes_the_place_of_the_first(db, acme, now, samples):
    call = samples.call(estimate=8)
    assert await reserve(db, acme, call, 10, now)
    assert await reserve(db, acme, call, 10, now)
    assert not await reserve(db, acme, samples.call(estimate=3), 10, now)


async def test_a_failed_call_frees_its_estimate_and_not_its_cost(db, acme, now, samples):
    call = samples.call(estimate=8)
    await reserve(db, acme, call, 10, now)
    async with db.transaction(acme) as connection:
        assert await ai_interactions.fail(connection, acme, call.interaction_id, "invalid", now=now, cost_cents=4)
        assert await ai_interactions.find_done(connection, acme, call.interaction_id) is None
    assert not await reserve(db, acme, samples.call(estimate=7), 10, now)
    assert await reserve(db, acme, call, 12, now), "its own cost of 4 stays, and 8 fit beside it"
    await settle(db, acme, call, 1, now)
    assert (await spent(db, acme, now)).cost_cents == 5
    async with db.transaction(acme) as connection:
        assert not await ai_interactions.fail(connection, acme, call.interaction_id, "late", now=now)


async def test_the_day_is_that_of_utc(db, acme, samples):
    late = datetime(2026, 11, 21, 23, 59, 59, tzinfo=UTC)
    assert await reserve(db, acme, samples.call(estimate=10), 10, late)
    assert not await reserve(db, acme, samples.call(estimate=1), 10, late)
    assert await reserve(db, acme, samples.call(estimate=10), 10, late + timedelta(seconds=1))
