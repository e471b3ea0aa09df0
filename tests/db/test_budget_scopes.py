"""Budgets of users, conversations and kinds of work: exact however many ask, from however many processes."""

import asyncio
import os
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import shuffle

import psycopg
import pytest

from core.budgets import Allowance, Used
from core.errors import NotFound
from core.ids import derive_id
from db import ai_budgets, ai_interactions
from db.ai_budgets import Reservation
from db.pool import Database
from tests.db.conftest import begin_turns

ONE, TWO, TURN = (derive_id("conversation", name) for name in ("1", "2", "turn"))
PLENTY = 1e6


async def reserve(db, company, call, now, **limits):
    allowance = Allowance(**{"company_cents": PLENTY, **limits})
    return await ai_budgets.reserve(db, company, call, allowance, now)


async def settle(db, company, call, now, cost=0.0, tokens_in=0, tokens_out=0):
    took = {"tokens_in": tokens_in, "tokens_out": tokens_out, "cost_cents": cost, "latency_ms": 1, "now": now}
    async with db.transaction(company) as connection:
        assert await ai_interactions.settle(connection, company, call.interaction_id, {}, **took)


async def used(db, company, now, user="u1", conversation=ONE):
    async with db.transaction(company) as connection:
        return await ai_budgets.used(connection, company, user, conversation, now)


@pytest.fixture(autouse=True)
async def turns_run(db, acme, rival):
    for company in (acme, rival):
        await begin_turns(db, company, TURN, TWO)


@pytest.fixture
def call(samples):
    """Makes calls of one user in one conversation."""

    def make(estimate=0.0, **changes):
        given = {"user_id": "u1", "conversation_id": ONE, "turn_id": TURN, **changes}
        return samples.call(estimate=estimate, **given)

    return make


@pytest.mark.parametrize(
    ("limits", "scope"),
    [
        ({"company_cents": 10}, "company"),
        ({"user_cents": 10}, "user"),
        ({"user_tokens": 1000}, "user"),
        ({"conversation_cents": 10}, "conversation"),
        ({"kind_tokens": {"maker_simple": 300}}, "maker"),
        ({"kind_tokens": {"maker_complex": 300}}, "maker"),
        ({"kind_tokens": {"checker": 300}}, "checker"),
        ({"company_cents": 10, "user_cents": 10, "conversation_cents": 10}, "company"),
    ],
)
async def test_a_refusal_names_whose_budget_it_is_and_nothing_is_set_aside(db, acme, now, call, limits, scope):
    kind = next(iter(limits.get("kind_tokens", {"maker_simple": 0})))
    first, second = (call(6.0, tokens_in=400, max_tokens=200, kind=kind) for _ in range(2))
    assert (await reserve(db, acme, first, now, **limits)).is_held
    assert await reserve(db, acme, second, now, **limits) == Reservation(scope, [])
    assert await used(db, acme, now) == Used(6.0, 6.0, 600, 6.0)


async def test_budgets_of_others_are_not_touched(db, acme, rival, now, call):
    assert (await reserve(db, acme, call(10.0), now, user_cents=10, conversation_cents=10)).is_held
    other = call(10.0, user_id="u2", conversation_id=TWO)
    assert (await reserve(db, acme, other, now, user_cents=10, conversation_cents=10)).is_held
    assert (await reserve(db, rival, call(10.0), now, user_cents=10, conversation_cents=10)).is_held
    found = await reserve(db, acme, call(1.0, conversation_id=TWO, user_id="u3"), now, conversation_cents=10)
    assert found.refused_by == "conversation"


async def test_a_conversation_keeps_its_budget_over_midnight_and_a_user_gets_a_new_one(db, acme, call):
    late = datetime(2026, 11, 21, 23, 59, 59, tzinfo=UTC)
    early, limits = late + timedelta(seconds=1), {"user_cents": 10, "conversation_cents": 15}
    first = call(10.0)
    assert (await reserve(db, acme, first, late, **limits)).is_held
    assert (await reserve(db, acme, call(1.0), late, **limits)).refused_by == "user"
    await settle(db, acme, first, early, cost=10.0)
    assert await used(db, acme, early) == Used(0.0, 0.0, 0, 10.0)
    assert await used(db, acme, late) == Used(10.0, 10.0, 0, 10.0)
    assert (await reserve(db, acme, call(6.0), early, **limits)).refused_by == "conversation"
    assert (await reserve(db, acme, call(5.0), early, **limits)).is_held


async def test_calls_of_unknown_price_count_by_their_tokens(db, acme, now, call):
    first = call(0.0, tokens_in=400, max_tokens=200)
    assert (await reserve(db, acme, first, now, user_tokens=1000)).is_held
    await settle(db, acme, first, now, cost=None, tokens_in=350, tokens_out=50)
    assert (await used(db, acme, now)).user_tokens == 400
    assert (
        await reserve(db, acme, call(0.0, tokens_in=401, max_tokens=200), now, user_tokens=1000)
    ).refused_by == "user"
    assert (await reserve(db, acme, call(0.0, tokens_in=400, max_tokens=200), now, user_tokens=1000)).is_held


async def test_a_provider_that_tells_no_usage_is_taken_at_the_estimate(db, acme, now, call):
    first = call(3.0, tokens_in=400, max_tokens=200, kind="checker")
    await reserve(db, acme, first, now)
    await settle(db, acme, first, now, cost=None)
    assert await used(db, acme, now) == Used(3.0, 3.0, 600, 3.0)
    again = call(0.0, max_tokens=150, kind="checker")
    assert (await reserve(db, acme, again, now, kind_tokens={"checker": 300})).refused_by == "checker"


async def test_what_a_kind_may_write_is_of_one_turn(db, acme, now, call):
    limits = {"kind_tokens": {"maker_simple": 500, "checker": 100}}
    first = call(max_tokens=400, kind="maker_simple")
    assert (await reserve(db, acme, first, now, **limits)).is_held
    await settle(db, acme, first, now, tokens_in=9000, tokens_out=200)
    assert (await reserve(db, acme, call(max_tokens=301, kind="maker_simple"), now, **limits)).refused_by == "maker"
    assert (await reserve(db, acme, call(max_tokens=300, kind="maker_simple"), now, **limits)).is_held
    assert (await reserve(db, acme, call(max_tokens=100, kind="checker"), now, **limits)).is_held
    next_turn = call(max_tokens=500, kind="maker_simple", turn_id=TWO)
    assert (await reserve(db, acme, next_turn, now, **limits)).is_held


async def test_an_answer_that_broke_off_counts_by_its_usage_or_its_estimate(db, acme, now, call):
    known, unknown = call(5.0, tokens_in=400, max_tokens=200), call(5.0, tokens_in=400, max_tokens=200)
    for each in (known, unknown):
        await reserve(db, acme, each, now)
    async with db.transaction(acme) as connection:
        usage = {"tokens_in": 380, "tokens_out": 20, "cost_cents": 1.5}
        cut = ai_interactions.cut_off
        assert await cut(connection, acme, known.interaction_id, "provider_failed", now=now, **usage)
        assert await cut(connection, acme, unknown.interaction_id, "stopped", now=now)
        assert not await cut(connection, acme, unknown.interaction_id, "stopped", now=now)
        assert await ai_interactions.find_done(connection, acme, known.interaction_id) is None
    assert await used(db, acme, now) == Used(6.5, 6.5, 1000, 6.5)


async def test_a_call_that_is_made_again_counts_with_what_it_cost_before(db, acme, now, call):
    again = call(5.0, tokens_in=400, max_tokens=200)
    await reserve(db, acme, again, now)
    async with db.transaction(acme) as connection:
        usage = {"tokens_in": 400, "tokens_out": 100, "cost_cents": 4.0}
        await ai_interactions.cut_off(connection, acme, again.interaction_id, "provider_failed", now=now, **usage)
    assert (await reserve(db, acme, again, now, user_cents=8.9)).refused_by == "user"
    assert (await reserve(db, acme, again, now, user_cents=9)).is_held
    assert await used(db, acme, now) == Used(9.0, 9.0, 1100, 9.0)
    await settle(db, acme, again, now, cost=1.0, tokens_in=400, tokens_out=50)
    assert await used(db, acme, now) == Used(5.0, 5.0, 950, 5.0)


async def test_a_killed_call_lets_go_of_every_budget_after_five_minutes(db, acme, now, call):
    limits = {"user_cents": 10, "conversation_cents": 10, "user_tokens": 1000}
    await reserve(db, acme, call(8.0, tokens_in=900), now, **limits)
    for seconds, held in ((299, False), (300, True)):
        later = call(8.0, tokens_in=900)
        assert (await reserve(db, acme, later, now + timedelta(seconds=seconds), **limits)).is_held == held


async def test_low_budgets_are_noticed_once_a_day(db, acme, now, call):
    limits = {"user_cents": 10, "conversation_cents": 20}

    async def spend(cents, at=now):
        made = call(cents)
        found = await reserve(db, acme, made, at, **limits)
        if found.is_held:
            await settle(db, acme, made, at, cost=cents)
        return found.refused_by, found.nearly

    assert await spend(7.9) == (None, [])
    assert await spend(0.1) == (None, []), "eight are spent only now"
    assert await spend(1.0) == (None, ["user"])
    assert await spend(0.5) == (None, [])
    assert await spend(2.0) == ("user", [])
    tomorrow = now + timedelta(days=1)
    assert await spend(6.5, tomorrow) == (None, [])
    assert await spend(1.5, tomorrow) == (None, ["conversation"])
    assert await spend(1.0, tomorrow) == (None, ["user"])


async def test_forty_at_once_and_each_budget_holds_exactly(db, acme, now, call):
    limits = {"company_cents": 60, "user_cents": 30, "conversation_cents": 20}
    calls = [call(2.0, user_id=f"u{n % 2}", conversation_id=(ONE, TWO)[n % 2]) for n in range(40)]
    calls += [call(2.0, user_id="u9", conversation_id=None) for _ in range(20)]
    found = await asyncio.gather(*(reserve(db, acme, each, now, **limits) for each in calls))
    held = [made for each, made in zip(found, calls, strict=True) if each.is_held]
    assert len(held) == 30
    assert (await used(db, acme, now)).company_cents == 60
    for limit, key in ((15, "user_id"), (10, "conversation_id")):
        counted = Counter(getattr(made, key) for made in held if getattr(made, key))
        assert all(count <= limit for count in counted.values()), counted


CHILD = """
import asyncio, sys
from datetime import datetime
from core.budgets import Allowance
from core.ids import new_id
from db import ai_budgets, ai_interactions
from db.pool import Database
from tests.db.conftest import Call

async def main(url, company, conversation, at):
    db, now = await Database.open(url, pool_size=5, name="child"), datetime.fromisoformat(at)
    allowance = Allowance(1e6, user_cents=50.0, conversation_cents=40.0)

    async def one(n):
        call = Call(new_id(), 1.0, user_id="u1", conversation_id=conversation if n % 2 else None)
        found = await ai_budgets.reserve(db, company, call, allowance, now)
        if found.is_held:
            async with db.transaction(company) as connection:
                took = dict(tokens_in=1, tokens_out=1, latency_ms=1, now=now)
                await ai_interactions.settle(connection, company, call.interaction_id, {}, cost_cents=1.0, **took)
        return found.is_held

    print(sum(await asyncio.gather(*(one(n) for n in range(40)))))
    await db.close()

asyncio.run(main(*sys.argv[1:]))
"""


async def test_several_processes_share_one_budget_to_the_cent(db, acme, now, database_url):
    arguments = [sys.executable, "-c", CHILD, database_url, acme, ONE, now.isoformat()]
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    output = asyncio.subprocess.PIPE
    children = [await asyncio.create_subprocess_exec(*arguments, stdout=output, env=environment) for _ in range(3)]
    told = await asyncio.gather(*(child.communicate() for child in children))
    assert sum(int(out) for out, _ in told) == 50
    found = await used(db, acme, now)
    assert (found.user_cents, found.company_cents) == (50.0, 50.0)
    assert found.conversation_cents <= 40.0


async def test_a_reservation_waits_for_none_of_another_company(db, acme, rival, now, call):
    async with db.transaction(rival) as holding:
        day = {"company_id": rival, "day": now.date().isoformat()}
        await holding.execute(ai_budgets._LOCK_ALONE, day)
        assert (await asyncio.wait_for(reserve(db, acme, call(1.0), now), 5)).is_held
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reserve(db, rival, call(1.0), now), 0.5)
    assert (await reserve(db, rival, call(1.0), now)).is_held


async def test_small_calls_of_a_company_wait_for_none_of_another_user_until_little_is_left(db, acme, now, call):
    limits = {"company_cents": 1000}
    async with db.transaction(acme) as holding:
        await holding.execute(ai_budgets._LOCK_SHARED, {"company_id": acme, "day": now.date().isoformat()})
        await holding.execute(ai_budgets._LOCK_USER, {"company_id": acme, "user_id": "u1"})
        assert (await asyncio.wait_for(reserve(db, acme, call(1.0, user_id="u2"), now, **limits), 5)).is_held
        for waiting in (call(1.0), call(2.0, user_id="u3")):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(reserve(db, acme, waiting, now, **limits), 0.5)
        little = {"company_cents": 50}
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reserve(db, acme, call(1.0, user_id="u4"), now, **little), 0.5)


async def test_side_by_side_or_alone_the_companys_day_holds_exactly(db, acme, now, call):
    calls = [call(0.99, user_id=f"u{n}", conversation_id=None) for n in range(150)]
    calls += [call(3.0, user_id=f"v{n}", conversation_id=None) for n in range(30)]
    shuffle(calls)
    found = await asyncio.gather(*(reserve(db, acme, each, now, company_cents=160) for each in calls))
    spent = sum(made.estimate_cents for each, made in zip(found, calls, strict=True) if each.is_held)
    assert 157 < spent <= 160, "nothing more fits"
    assert (await used(db, acme, now)).company_cents == pytest.approx(spent)
    assert {each.refused_by for each in found} == {None, "company"}


async def test_a_reservation_that_fails_leaves_nothing_and_the_connection_serves_again(database_url, acme, now, call):
    single = await Database.open(database_url, pool_size=1, name="single")
    try:
        wrong = call(1.0, conversation_id="no uuid")
        with pytest.raises(psycopg.errors.InvalidTextRepresentation):
            await reserve(single, acme, wrong, now)
        assert await used(single, acme, now) == Used()
        assert (await reserve(single, acme, call(1.0), now)).is_held
        with pytest.raises(NotFound):
            await reserve(single, "no uuid", call(1.0), now)
        assert (await used(single, acme, now)).company_cents == 1.0
    finally:
        await single.close()
