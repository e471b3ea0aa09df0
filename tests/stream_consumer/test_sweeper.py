import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from core.config import CompanyConfig
from core.events import AcceptedEvent
from core.streams import session_key
from db.pool import Database
from stream_consumer.batch import UserKey
from stream_consumer.candidates import TurnMaker
from stream_consumer.companies import Companies
from stream_consumer.metrics import ConsumerMetrics
from stream_consumer.sweeper import Sweep, Sweeper
from stream_consumer.windows import WindowStore
from tests.stream_consumer.harness import eventually
from tests.stream_consumer.stories import event
from tests.stream_consumer.test_events import drain, published
from tests.stream_consumer.test_turns import rows

DEADLINES, LEASES = "idle_deadlines:{0}", "idle_leases:{0}"
IDLE = timedelta(milliseconds=CompanyConfig().detection.form_abandonment.idle_ms)


def sweeper_at(database: Database, redis: Redis, now: datetime, *, lease_ms: int = 30_000) -> Sweeper:
    metrics = ConsumerMetrics(CollectorRegistry())
    return Sweeper(
        redis,
        WindowStore(redis, 1),
        Companies(database),
        TurnMaker(database, redis, 1, metrics),
        metrics,
        1,
        sweep=Sweep(every_seconds=0.02, lease_ms=lease_ms),
        now=lambda: now,
    )


def abandoned(company_id: str, user_id: str) -> list[AcceptedEvent]:
    return [
        event(company_id, user_id, 1, "page_view"),
        event(company_id, user_id, 2, "change", properties={"form": "#f"}),
    ]


async def leave_forms(database: Database, redis: Redis, company_id: str, users: Sequence[str]) -> datetime:
    """Let users leave a form half filled in; returns the moment at which all of them are due."""
    told = [one for user in users for one in abandoned(company_id, user)]
    await drain(database, redis, told)
    return told[-1].corrected_at + IDLE + timedelta(seconds=1)


async def test_each_deadline_fires_once_however_many_sweep(
    database: Database, redis: Redis, company: Any, database_url: str
) -> None:
    users = [f"u{number}" for number in range(30)]
    due = await leave_forms(database, redis, company.company_id, users)
    sweepers = [sweeper_at(database, redis, due) for _ in range(4)]
    assert sum(await asyncio.gather(*(sweeper.sweep() for sweeper in sweepers))) == 30
    assert sum([await sweeper.sweep() for sweeper in sweepers]) == 0
    found = rows(database_url, "SELECT turn_id::text, user_id, signal, trace_id FROM turns")
    assert sorted(row["user_id"] for row in found) == sorted(users)
    assert {row["signal"]["kind"] for row in found} == {"form_abandonment"}
    assert all(row["trace_id"] for row in found)
    assert sorted(await published(redis)) == sorted(row["turn_id"] for row in found)
    assert await redis.exists(DEADLINES, LEASES) == 0


async def test_nobody_is_looked_at_before_the_time(
    database: Database, redis: Redis, company: Any, database_url: str
) -> None:
    due = await leave_forms(database, redis, company.company_id, ["u"])
    assert await sweeper_at(database, redis, due - timedelta(seconds=2)).sweep() == 0
    assert await redis.zcard(DEADLINES) == 1


async def test_a_deadline_that_came_too_early_is_put_off(
    database: Database, redis: Redis, company: Any, database_url: str
) -> None:
    due = await leave_forms(database, redis, company.company_id, ["u"])
    later = event(company.company_id, "u", 300, "click")
    await drain(database, redis, [later])  # the deadline stays where it was: only ever earlier
    assert await sweeper_at(database, redis, due).sweep() == 1
    assert rows(database_url, "SELECT * FROM turns") == []
    ((_, at_ms),) = await redis.zrange(DEADLINES, 0, -1, withscores=True)
    assert at_ms == later.corrected_ms + IDLE.total_seconds() * 1000
    assert await sweeper_at(database, redis, later.corrected_at + IDLE).sweep() == 1
    assert len(rows(database_url, "SELECT * FROM turns")) == 1


async def test_what_a_killed_sweeper_took_comes_due_again(
    database: Database, redis: Redis, company: Any, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    due = await leave_forms(database, redis, company.company_id, ["u"])
    killed = sweeper_at(database, redis, due, lease_ms=5000)

    async def die(_: Sequence[UserKey]) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr(killed, "_look", die)
    with pytest.raises(asyncio.CancelledError):
        await killed.sweep()
    assert await sweeper_at(database, redis, due).sweep() == 0
    assert await sweeper_at(database, redis, due + timedelta(seconds=6)).sweep() == 1
    assert len(rows(database_url, "SELECT * FROM turns")) == 1
    assert await redis.exists(LEASES) == 0


async def test_a_deadline_set_while_a_sweeper_looks_is_kept(
    database: Database, redis: Redis, company: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    due = await leave_forms(database, redis, company.company_id, ["u"])
    sweeper, user = sweeper_at(database, redis, due), UserKey(company.company_id, "u")
    look = sweeper._look

    async def interrupted(users: Sequence[UserKey]) -> None:
        await look(users)
        await WindowStore(redis, 1).set_deadlines({user: 4_000_000_000_000})

    monkeypatch.setattr(sweeper, "_look", interrupted)
    await sweeper.sweep()
    assert await redis.zscore(DEADLINES, f"{company.company_id}:u") == 4_000_000_000_000


async def test_a_window_that_an_event_changes_meanwhile_is_read_again(
    database: Database, redis: Redis, company: Any, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    due = await leave_forms(database, redis, company.company_id, ["u"])
    loads, load = 0, WindowStore.load

    async def raced(self: WindowStore, users: Any) -> Any:
        nonlocal loads
        loads += 1
        windows = await load(self, users)
        if loads == 1:
            await redis.hset(session_key(company.company_id, "u"), "v", "9999999999999")
        return windows

    monkeypatch.setattr(WindowStore, "load", raced)
    await sweeper_at(database, redis, due).sweep()
    assert loads == 2
    assert len(rows(database_url, "SELECT * FROM turns")) == 1


async def test_a_user_whose_window_is_gone_is_let_go(database: Database, redis: Redis, company: Any) -> None:
    due = await leave_forms(database, redis, company.company_id, ["u"])
    await redis.delete(session_key(company.company_id, "u"))
    assert await sweeper_at(database, redis, due).sweep() == 1
    assert await redis.exists(DEADLINES, LEASES) == 0


async def test_it_sweeps_until_told_to_stop(database: Database, redis: Redis, company: Any, database_url: str) -> None:
    due = await leave_forms(database, redis, company.company_id, ["u"])
    stop = asyncio.Event()
    task = asyncio.create_task(sweeper_at(database, redis, due).run(stop))

    async def fired() -> bool:
        return len(rows(database_url, "SELECT * FROM turns")) == 1

    await eventually(fired)
    stop.set()
    await asyncio.wait_for(task, 10)
    assert datetime.now(UTC) > due - IDLE
