"""The months of events: made ahead, filled from the default, dropped when over."""

from datetime import UTC, date, datetime

import psycopg
import pytest

from core.errors import Unavailable
from db import events, migrate, partitions
from db.partitions import drop_before, ensure_partitions, list_partitions

FAR = date(2031, 6, 17)


@pytest.fixture
def owner(database_url):
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


def where_is(owner, event_id):
    query = "SELECT tableoid::regclass::text FROM events WHERE event_id = %s"
    return [name for (name,) in owner.execute(query, (event_id,)).fetchall()]


@pytest.mark.parametrize(
    ("today", "ahead", "made"),
    [
        (date(2031, 6, 30), 1, ["events_2031_05", "events_2031_06", "events_2031_07"]),
        (date(2031, 1, 1), 0, ["events_2030_12", "events_2031_01"]),
        (date(2031, 11, 30), 2, ["events_2031_10", "events_2031_11", "events_2031_12", "events_2032_01"]),
    ],
)
def test_the_months_around_a_day(owner, today, ahead, made):
    assert ensure_partitions(owner, ahead, today=today) == made
    assert ensure_partitions(owner, ahead, today=today) == []
    assert set(made) <= set(list_partitions(owner))


async def test_rows_that_came_before_their_month_move_into_it(db, acme, owner, samples):
    early = [samples.event(acme, at=datetime(2031, 6, day, 23, 59, 59, tzinfo=UTC)) for day in (1, 30)]
    other = samples.event(acme, at=datetime(2031, 8, 1, tzinfo=UTC))
    async with db.transaction(acme) as connection:
        await events.insert(connection, [*early, other])
    assert where_is(owner, early[0].event_id) == ["events_default"]
    ensure_partitions(owner, 1, today=FAR)
    assert [where_is(owner, event.event_id) for event in early] == [["events_2031_06"]] * 2
    assert where_is(owner, other.event_id) == ["events_default"]
    async with db.transaction(acme) as connection:
        assert await events.insert(connection, [*early, samples.event(acme, at=early[0].occurred_at)]) == 1
        found = await events.recent_for_users(connection, [(acme, "u1")], 10)
    assert len(found[acme, "u1"]) == 4


async def test_old_months_are_dropped_with_their_rows(db, acme, owner, samples):
    ensure_partitions(owner, 1, today=FAR)
    old = samples.event(acme, at=datetime(2031, 5, 31, 23, 59, 59, 999_000, tzinfo=UTC))
    kept = [samples.event(acme, at=datetime(year, 6, 1, tzinfo=UTC)) for year in (2031, 1970)]
    async with db.transaction(acme) as connection:
        await events.insert(connection, [old, *kept])
    dropped = drop_before(owner, FAR)
    assert dropped[-1] == "events_2031_05"
    assert list_partitions(owner) == ["events_2031_06", "events_2031_07", "events_default"]
    async with db.transaction(acme) as connection:
        found = await events.recent_for_users(connection, [(acme, "u1")], 10)
    assert {event.event_id for event in found[acme, "u1"]} == {event.event_id for event in kept}
    assert drop_before(owner, FAR) == []


async def test_a_busy_table_is_given_way_to_and_nothing_is_half_made(
    db, acme, owner, samples, database_url, monkeypatch
):
    monkeypatch.setattr(partitions, "_LOCK_TIMEOUT", "SET LOCAL lock_timeout = '50ms'")
    before = list_partitions(owner)
    async with db.transaction(acme) as connection:
        await events.insert(connection, [samples.event(acme, at=datetime(1970, 1, 1, tzinfo=UTC))])
        with pytest.raises(Unavailable, match="busy"):
            migrate.migrate(database_url, months_ahead=30)
    assert list_partitions(owner) == before
    leftovers = "SELECT relname FROM pg_class WHERE relname ~ '^events_\\d{4}_\\d\\d$' AND NOT relispartition"
    assert owner.execute(leftovers).fetchall() == []
    migrate.migrate(database_url, months_ahead=30)
    assert len(list_partitions(owner)) > len(before) + 20
