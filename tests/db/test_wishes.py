"""What users wish, and the figures that people look at."""

from datetime import timedelta

from core.budgets import Allowance
from db import ai_budgets, ai_interactions, analytics, nudges, users, wishes
from db.users import Seen

DAY = timedelta(days=1)


async def test_a_wish_is_kept_before_and_after_the_user_is_seen(db, acme, rival, now):
    async with db.transaction(acme, rival) as connection:
        assert await wishes.set_wishes(connection, acme, "u1", now, consent=False) == wishes.Wishes(False, False)
        await users.touch(connection, [Seen(acme, "u1", "s1", now), Seen(rival, "u1", "s1", now)])
        assert await wishes.set_wishes(connection, acme, "u1", now, do_not_disturb=True) == wishes.Wishes(False, True)
        assert await wishes.set_wishes(connection, acme, "u1", now, consent=True) == wishes.Wishes(True, True)
        ours, theirs = [await users.standing(connection, company, "u1") for company in (acme, rival)]
    assert (ours.consent, ours.do_not_disturb) == (True, True)
    assert (theirs.consent, theirs.do_not_disturb) == (True, False)


async def test_costs_by_day_and_model(db, acme, now, samples):
    calls = [samples.call() for _ in range(4)]
    async with db.transaction(acme) as connection:
        for number, call in enumerate(calls):
            at = now - DAY if number == 3 else now
            await ai_budgets.reserve(db, acme, call, Allowance(100), at)
            if number == 0:
                await ai_interactions.fail(connection, acme, call.interaction_id, "timeout", now=at)
            else:
                cost = None if number == 1 else 2.5
                spent = {"tokens_in": 10, "tokens_out": 5, "cost_cents": cost, "latency_ms": 1, "now": at}
                await ai_interactions.settle(connection, acme, call.interaction_id, {}, **spent)
        days = await analytics.daily_costs(connection, acme, now - DAY, now + DAY)
        assert await analytics.daily_costs(connection, acme, now - DAY, now - DAY) == []
    today, yesterday = days
    assert (today.day, today.calls, today.failed, today.unpriced) == (now.date(), 3, 1, 1)
    assert (today.tokens_in, today.tokens_out, today.cost_cents) == (20, 10, 2.5)
    assert (yesterday.day, yesterday.calls, yesterday.cost_cents) == ((now - DAY).date(), 1, 2.5)


async def test_nudges_by_what_became_of_them(db, acme, now, samples):
    async with db.transaction(acme) as connection:
        kept = []
        for _ in range(3):
            turn = samples.turn(acme)
            kept.append(samples.nudge(turn))
            await nudges.insert(connection, kept[-1], turn, now)
        assert await nudges.exists(connection, acme, kept[0].nudge_id)
        assert not await nudges.exists(connection, acme, acme)
        await nudges.report(connection, [nudges.StatusReport(acme, kept[0].nudge_id, "clicked", now)])
        counted = await analytics.nudge_counts(connection, acme, now, now + DAY)
        assert await analytics.nudge_counts(connection, acme, now - DAY, now) == []
    assert {(row.nudge_type, row.status): row.nudges for row in counted} == {
        ("tooltip", "clicked"): 1,
        ("tooltip", "pending"): 2,
    }
