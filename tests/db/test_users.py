"""Users: when they were seen, what they allow, who they turned out to be."""

import asyncio
from datetime import timedelta

import pytest

from db import nudges, users
from db.users import Seen, UserStanding

SECOND = timedelta(seconds=1)


async def sessions_of(connection, company_id):
    query = (
        "SELECT session_id, user_id, started_at, last_seen_at, last_page_url FROM sessions"
        " WHERE company_id = %s ORDER BY session_id, user_id"
    )
    return await (await connection.execute(query, (company_id,))).fetchall()


async def seen_of(connection, company_id, user_id):
    query = "SELECT first_seen_at, last_seen_at FROM users WHERE company_id = %s AND user_id = %s"
    return await (await connection.execute(query, (company_id, user_id))).fetchone()


async def test_somebody_never_seen_may_be_spoken_to(db, acme):
    async with db.transaction(acme) as connection:
        assert await users.standing(connection, acme, "u1") == UserStanding()


async def test_a_batch_in_any_order_widens_the_times(db, acme, now):
    rows = [
        Seen(acme, "u1", "s1", now + 5 * SECOND, "/b"),
        Seen(acme, "u1", "s1", now, "/a", traits={"plan": "free"}),
        Seen(acme, "u1", "s2", now + 9 * SECOND, None, traits={"plan": "pro"}),
    ]
    async with db.transaction(acme) as connection:
        await users.touch(connection, [])
        await users.touch(connection, rows)
        await users.touch(connection, [Seen(acme, "u1", "s1", now - SECOND, "/old")])
        await users.touch(connection, rows)
        assert await seen_of(connection, acme, "u1") == (now - SECOND, now + 9 * SECOND)
        assert await sessions_of(connection, acme) == [
            ("s1", "u1", now - SECOND, now + 5 * SECOND, "/b"),
            ("s2", "u1", now + 9 * SECOND, now + 9 * SECOND, None),
        ]
        standing = await users.standing(connection, acme, "u1")
    assert standing.traits == {"plan": "pro"}
    assert standing.first_seen_at == now - SECOND


async def test_a_page_is_kept_when_a_later_event_names_none(db, acme, now):
    async with db.transaction(acme) as connection:
        await users.touch(connection, [Seen(acme, "u1", "s1", now, "/a")])
        await users.touch(connection, [Seen(acme, "u1", "s1", now + SECOND)])
        assert (await sessions_of(connection, acme))[0][4] == "/a"
        await users.touch(
            connection, [Seen(acme, "u1", "s2", now - SECOND, "/older"), Seen(acme, "u2", "s3", now, "/x")]
        )
        assert await users.last_page(connection, acme, "u1", now) == "/a"
        assert await users.last_page(connection, acme, "u1", now + 2 * SECOND) is None


async def test_many_consumers_touch_the_same_users(db, acme, rival, now):
    rows = [Seen(company, f"u{n}", f"s{n}", now + n * SECOND) for n in range(60) for company in (acme, rival)]

    async def touch(ordered):
        async with db.transaction(acme, rival) as connection:
            await users.touch(connection, ordered)

    await asyncio.gather(*(touch(rows if n % 2 else rows[::-1]) for n in range(8)))
    async with db.transaction(acme) as connection:
        assert len(await sessions_of(connection, acme)) == 60


async def test_a_visitor_becomes_a_user_with_what_was_waiting(db, acme, now, samples):
    waiting, seen = samples.turn(acme, user_id="anon"), samples.turn(acme, user_id="anon")
    async with db.transaction(acme) as connection:
        await users.touch(
            connection,
            [
                Seen(acme, "anon", "s1", now - SECOND, anonymous=True, traits={"plan": "free", "city": "Oslo"}),
                Seen(acme, "u1", "s2", now, traits={"plan": "pro"}),
            ],
        )
        await connection.execute(
            "UPDATE users SET snoozed_at = %s, snoozed_until = %s WHERE user_id = 'anon'", (now, now + 60 * SECOND)
        )
        for turn in (waiting, seen):
            await nudges.insert(connection, samples.nudge(turn), turn, now)
        report = nudges.StatusReport(acme, samples.nudge(seen).nudge_id, "shown", now)
        await nudges.report(connection, [report])
        for _ in range(2):
            assert await users.merge(connection, acme, "anon", "u1", now)
        standing = await users.standing(connection, acme, "u1")
        found = await nudges.undelivered(connection, acme, "u1", now)
        history = await nudges.history(connection, acme, "u1", now - SECOND)
    assert standing.traits == {"plan": "pro", "city": "Oslo"}
    assert standing.snoozed_until == now + 60 * SECOND
    assert standing.first_seen_at == now - SECOND
    assert not standing.anonymous
    assert [nudge.nudge_id for nudge in found] == [samples.nudge(waiting).nudge_id]
    assert len(history) == 2


async def test_a_merge_before_any_event_of_either(db, acme, now):
    async with db.transaction(acme) as connection:
        assert await users.merge(connection, acme, "anon", "u1", now)
        await users.touch(connection, [Seen(acme, "anon", "s1", now, anonymous=True)])
        assert (await users.standing(connection, acme, "anon")).merged_into == "u1"
        assert not (await users.standing(connection, acme, "u1")).anonymous


@pytest.mark.parametrize(("anonymous_id", "user_id"), [("u1", "u2"), ("taken", "u2"), ("u1", "u1")])
async def test_an_identity_cannot_be_taken_over(db, acme, now, anonymous_id, user_id):
    async with db.transaction(acme) as connection:
        await users.touch(connection, [Seen(acme, "u1", "s1", now), Seen(acme, "taken", "s1", now, anonymous=True)])
        assert await users.merge(connection, acme, "taken", "u1", now)
        before = await users.standing(connection, acme, anonymous_id)
        assert not await users.merge(connection, acme, anonymous_id, user_id, now)
        assert await users.standing(connection, acme, anonymous_id) == before
