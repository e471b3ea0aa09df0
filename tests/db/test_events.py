"""Events are stored once however they arrive, and read back in order."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from core.errors import InvalidRequest
from db import events
from db.pool import is_outage

HOUR = timedelta(hours=1)


async def test_an_event_comes_back_as_it_was(db, acme, samples):
    event = samples.event(
        acme,
        target_element=None,
        page_url=None,
        properties={"a": [1, 2.5, None, "é \u202e 😀"], "%s": ":1"},
        occurred_ms=1_795_000_000_123,
        corrected_ms=1_795_000_000_456,
        received_ms=1_795_000_000_789,
    )
    async with db.transaction(acme) as connection:
        assert await events.insert(connection, [event]) == 1
        found = await events.recent_for_users(connection, [(acme, "u1"), (acme, "nobody")], 10)
    assert found == {(acme, "u1"): [event]}


async def test_a_batch_that_comes_again_adds_nothing(db, acme, samples):
    batch = [samples.event(acme) for _ in range(20)]
    async with db.transaction(acme) as connection:
        assert await events.insert(connection, [*batch, batch[3]]) == 20
    async with db.transaction(acme) as connection:
        assert await events.insert(connection, [*batch[10:], samples.event(acme)]) == 1


async def test_no_events_are_no_statement(db, acme):
    async with db.transaction(acme) as connection:
        assert await events.insert(connection, []) == 0


async def test_several_companies_share_a_batch(db, acme, rival, samples):
    twins = [samples.event(acme, event_id="same"), samples.event(rival, event_id="same")]
    async with db.transaction(acme, rival) as connection:
        assert await events.insert(connection, twins) == 2
    async with db.transaction(acme) as connection:
        found = await events.recent_for_users(connection, [(acme, "u1"), (rival, "u1")], 10)
    assert list(found) == [(acme, "u1")]


async def test_a_company_that_the_transaction_does_not_name_is_refused(db, acme, rival, samples):
    with pytest.raises(psycopg.errors.InsufficientPrivilege) as caught:
        async with db.transaction(acme) as connection:
            await events.insert(connection, [samples.event(acme), samples.event(rival)])
    assert not is_outage(caught.value)
    async with db.transaction(acme) as connection:
        assert await events.recent_for_users(connection, [(acme, "u1")], 10) == {}


@pytest.mark.parametrize(
    "fault",
    [
        {"user_id": "a\0b"},
        {"properties": {"text": "a\0b"}},
        {"page_url": "\ud800"},
        {"properties": {"x": "\ud800"}},
        {"properties": {"x": 2**80}},
        {"company_id": "nonsense"},
    ],
    ids=["nul", "nul in properties", "surrogate", "surrogate in properties", "huge number", "company"],
)
async def test_what_cannot_be_stored_is_a_fault_of_the_data_and_stores_nothing(db, acme, samples, fault):
    good = samples.event(acme)
    with pytest.raises(psycopg.DataError) as caught:
        async with db.transaction(acme) as connection:
            await events.insert(connection, [good, replace(samples.event(acme), **fault)])
    assert not is_outage(caught.value)
    async with db.transaction(acme) as connection:
        assert await events.insert(connection, [good]) == 1


async def test_absurd_dates_are_kept(db, acme, samples):
    moments = [datetime(1, 1, 2, tzinfo=UTC), datetime(1969, 7, 20, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)]
    batch = [samples.event(acme, at=moment) for moment in moments]
    async with db.transaction(acme) as connection:
        assert await events.insert(connection, batch) == 3
        found = await events.recent_for_users(connection, [(acme, "u1")], 10)
    assert [event.occurred_at for event in found[acme, "u1"]] == moments


async def test_two_consumers_with_the_same_events_do_not_block_each_other(db, acme, samples):
    batch = [samples.event(acme) for _ in range(300)]

    async def store(events_in_order):
        async with db.transaction(acme) as connection:
            return await events.insert(connection, events_in_order)

    counts = await asyncio.gather(*(store(batch if n % 2 else batch[::-1]) for n in range(8)))
    assert sum(counts) == 300


async def test_the_latest_events_of_each_user(db, acme, rival, samples, now):
    wanted = [samples.event(acme, user_id=f"u{n % 3}", at=now + n * timedelta(seconds=1)) for n in range(12)]
    async with db.transaction(acme, rival) as connection:
        await events.insert(connection, [*wanted, samples.event(rival, user_id="u0")])
        found = await events.recent_for_users(connection, [(acme, "u0"), (acme, "u1"), (rival, "u0")], 2)
    assert [event.event_id for event in found[acme, "u0"]] == [wanted[6].event_id, wanted[9].event_id]
    assert {pair: len(kept) for pair, kept in found.items()} == {(acme, "u0"): 2, (acme, "u1"): 2, (rival, "u0"): 1}


async def test_a_session_is_paged_oldest_first_without_gap_or_repetition(db, acme, samples, now):
    batch = [samples.event(acme, at=now + (n // 4) * HOUR) for n in range(10)]
    async with db.transaction(acme) as connection:
        await events.insert(connection, [*batch, samples.event(acme, session_id="s2")])
        seen, cursor = [], None
        while True:
            page = await events.for_session(connection, acme, "s1", cursor, 3)
            seen += [item["event_id"] for item in page.items]
            if (cursor := page.next_cursor) is None:
                break
    assert seen == [event.event_id for event in batch]


@pytest.mark.parametrize("cursor", ["", "!", "bm9uc2Vuc2U", "W10", "é", "WyIyMDI2LTExLTIxIiwwLCJlIl0"])
async def test_a_cursor_of_somebody_elses_making_is_refused(db, acme, cursor):
    async with db.transaction(acme) as connection:
        with pytest.raises(InvalidRequest):
            await events.for_session(connection, acme, "s1", cursor, 3)
