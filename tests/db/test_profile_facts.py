"""Facts that users told about themselves: kept with their consent alone, changed, erased, and asked for once."""

import asyncio
from datetime import timedelta

import pytest

from db import profile_facts, users
from db.profile_facts import MAX_FACTS, MAX_VALUE, Consent


async def keep(db, company, name, value, now, user="u1"):
    async with db.transaction(company) as connection:
        return await profile_facts.set_(connection, company, user, name, value, now)


async def kept(db, company, user="u1"):
    async with db.transaction(company) as connection:
        return {fact.name: fact.value for fact in await profile_facts.list_(connection, company, user)}


async def agree(db, company, now, *, remembers=True, user="u1"):
    async with db.transaction(company) as connection:
        return await profile_facts.set_consent(connection, company, user, now, remembers=remembers)


async def test_nothing_is_kept_before_the_user_agreed(db, acme, now):
    assert not await keep(db, acme, "role", "Nurse", now)
    async with db.transaction(acme) as connection:
        assert await profile_facts.consent(connection, acme, "u1") == Consent()
        assert await profile_facts.mark_asked(connection, acme, "u1", now)
        assert not await profile_facts.mark_asked(connection, acme, "u1", now + timedelta(days=1))
        assert await profile_facts.consent(connection, acme, "u1") == Consent(None, now)
    assert not await keep(db, acme, "role", "Nurse", now)
    await agree(db, acme, now)
    assert await keep(db, acme, "role", "Nurse", now)
    assert await kept(db, acme) == {"role": "Nurse"}


async def test_a_fact_said_again_takes_the_place_of_the_old_one(db, acme, rival, now):
    for company in (acme, rival):
        await agree(db, company, now)
    assert await keep(db, acme, " role ", "Nurse", now)
    assert await keep(db, acme, "role", "Doctor\0", now + timedelta(hours=1))
    assert await kept(db, acme) == {"role": "Doctor�"}
    assert await kept(db, rival) == {}
    async with db.transaction(acme) as connection:
        fact = await profile_facts.get(connection, acme, "u1", "role")
        assert fact is not None
        assert fact.updated_at == now + timedelta(hours=1)
        assert await profile_facts.get(connection, acme, "u1", "size") is None


@pytest.mark.parametrize(("name", "value"), [("", "Nurse"), ("  ", "Nurse"), ("role", ""), ("role", " \n ")])
async def test_empty_facts_are_not_kept(db, acme, now, name, value):
    await agree(db, acme, now)
    assert not await keep(db, acme, name, value, now)


async def test_facts_are_bounded_in_length_and_number(db, acme, now):
    await agree(db, acme, now)
    assert await keep(db, acme, "n" * 200, "v" * 5000, now)
    (value,) = (await kept(db, acme)).values()
    assert len(value) == MAX_VALUE
    for number in range(MAX_FACTS):
        await keep(db, acme, f"fact {number}", "x", now)
    assert len(await kept(db, acme)) == MAX_FACTS
    assert await keep(db, acme, "fact 1", "changed", now)
    assert (await kept(db, acme))["fact 1"] == "changed"


async def test_a_refusal_erases_and_is_not_asked_about_again(db, acme, now):
    await agree(db, acme, now)
    await keep(db, acme, "role", "Nurse", now)
    await keep(db, acme, "size", "12", now)
    assert await agree(db, acme, now, remembers=False) == 2
    assert await kept(db, acme) == {}
    assert not await keep(db, acme, "role", "Nurse", now)
    async with db.transaction(acme) as connection:
        assert not await profile_facts.mark_asked(connection, acme, "u1", now)
        assert not (await profile_facts.consent(connection, acme, "u1")).may_be_asked


async def test_one_fact_is_erased_or_all(db, acme, now):
    await agree(db, acme, now)
    for name in ("role", "size", "city"):
        await keep(db, acme, name, "x", now)
    async with db.transaction(acme) as connection:
        assert await profile_facts.erase(connection, acme, "u1", "role") == 1
        assert await profile_facts.erase(connection, acme, "u1", "role") == 0
        assert await profile_facts.erase(connection, acme, "u2") == 0
        assert await profile_facts.erase(connection, acme, "u1") == 2


async def test_no_fact_survives_a_refusal_that_comes_at_the_same_moment(db, acme, now):
    await agree(db, acme, now)
    facts = [keep(db, acme, f"fact {number}", "x", now) for number in range(15)]
    await asyncio.gather(*facts, agree(db, acme, now, remembers=False))
    assert await kept(db, acme) == {}


@pytest.mark.parametrize(
    ("visitor", "user", "facts"),
    [
        (True, None, {"role": "Nurse", "size": "12"}),
        (True, True, {"role": "Doctor", "size": "12"}),
        (None, True, {"role": "Doctor"}),
        (True, False, {}),
        (False, True, {}),
    ],
)
async def test_a_visitor_who_is_identified_takes_along_what_both_agree_to(db, acme, now, visitor, user, facts):
    for name, remembers in (("anon_1", visitor), ("u1", user)):
        if remembers is not None:
            await agree(db, acme, now, remembers=remembers, user=name)
    await keep(db, acme, "role", "Nurse", now, user="anon_1")
    await keep(db, acme, "size", "12", now, user="anon_1")
    await keep(db, acme, "role", "Doctor", now)
    async with db.transaction(acme) as connection:
        await connection.execute(
            """INSERT INTO users (company_id, user_id, anonymous, first_seen_at, last_seen_at)
               VALUES (%(c)s, 'anon_1', true, %(now)s, %(now)s)
               ON CONFLICT (company_id, user_id) DO UPDATE SET anonymous = true""",
            {"c": acme, "now": now},
        )
        assert await users.merge(connection, acme, "anon_1", "u1", now)
    assert await kept(db, acme) == facts
    assert await kept(db, acme, "anon_1") == {}


async def test_many_at_once_ask_once(db, acme, now):
    async def ask():
        async with db.transaction(acme) as connection:
            return await profile_facts.mark_asked(connection, acme, "u1", now)

    assert sum(await asyncio.gather(*(ask() for _ in range(12)))) == 1
