"""A product that runs for months makes its own partitions, where its login may."""

import asyncio
from datetime import date

import psycopg
import pytest

from db.partitions import list_partitions
from stream_consumer.months import Months


def partitions(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return list_partitions(connection)


async def test_the_months_to_come_are_made_once(database_url: str) -> None:
    months = Months(database_url, today=lambda: date(2031, 11, 30))
    assert await months.make() == 4
    assert {"events_2031_10", "events_2031_11", "events_2031_12", "events_2032_01"} <= set(partitions(database_url))
    assert await months.make() == 0


async def test_months_whose_time_is_over_are_dropped_where_they_have_one(database_url: str) -> None:
    await Months(database_url, today=lambda: date(2031, 11, 30)).make()
    later = date(2032, 2, 29)
    assert await Months(database_url, today=lambda: later).make() == 3
    assert "events_2031_10" in partitions(database_url)
    months = Months(database_url, kept=3, today=lambda: later)
    await months.make()
    assert [name for name in partitions(database_url) if name < "events_2032"] == ["events_2031_11", "events_2031_12"]
    assert await months.make() == 0


async def test_two_processes_at_once_do_not_disturb_each_other(database_url: str) -> None:
    both = [Months(database_url, today=lambda: date(2033, 1, 1)) for _ in range(2)]
    results = await asyncio.gather(*(months.make() for months in both), return_exceptions=True)
    assert {"events_2032_12", "events_2033_01", "events_2033_02", "events_2033_03"} <= set(partitions(database_url))
    assert not [each for each in results if isinstance(each, Exception)]


async def test_a_login_that_may_not_says_so_once_a_month(database_url: str, caplog: pytest.LogCaptureFixture) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DO $$ BEGIN CREATE ROLE plain_login LOGIN; EXCEPTION WHEN duplicate_object THEN END $$")
    plain = psycopg.conninfo.make_conninfo(database_url, user="plain_login")
    today = date(2035, 5, 5)
    months = Months(plain, today=lambda: today)
    assert [await months.make(), await months.make()] == [0, 0]
    today = date(2035, 6, 1)
    assert await months.make() == 0
    assert [record.message for record in caplog.records] == ["partitions.missing"] * 2


async def test_a_server_that_is_away_is_an_outage_like_any_other() -> None:
    with pytest.raises(psycopg.OperationalError):
        await Months("postgresql:///nowhere?host=/nonexistent").make()
