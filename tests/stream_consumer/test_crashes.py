"""Real consumer processes, killed between any two steps: the next one finishes the work, and nothing is doubled."""

import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest
from redis.asyncio import Redis

from core.ids import nudge_id
from core.outbox import Outbox
from core.streams import EVENTS, TURNS, encode_event
from db.pool import Database
from tests.nursery import Child, bear
from tests.stream_consumer.harness import eventually, pending
from tests.stream_consumer.stories import event, publish, stuck, walk
from tests.stream_consumer.test_turns import queue, rows, turn_at

STEPS_OF_EVENTS = [
    "db.events:insert:before",
    "db.events:insert:after",
    "db.users:touch:after",
    "stream_consumer.windows:WindowStore.load:before",
    "stream_consumer.candidates:TurnMaker.make:before",
    "stream_consumer.candidates:publish_turns:before",
    "stream_consumer.candidates:publish_turns:after",
    "stream_consumer.windows:WindowStore.store:after",
    "stream_consumer.windows:WindowStore.set_deadlines:after",
    "stream_consumer.group:ConsumerGroup.acknowledge:before",
    "stream_consumer.group:ConsumerGroup.acknowledge:after",
]
STEPS_OF_TURNS = [
    "db.turns:start:before",
    "db.turns:start:after",
    "graph.reasoners.rules:RulesReasoner.coach:before",
    "db.nudges:insert:after",
    "stream_consumer.stores:NudgeStore.save:after",
    "core.outbox:Outbox.publish:after",
    "db.turns:finish:before",
    "db.turns:finish:after",
    "stream_consumer.group:ConsumerGroup.acknowledge:before",
]


@contextmanager
def process(environment: dict[str, str], role: str, crash_at: str = "") -> Iterator[Child]:
    """Run a consumer process; it is gone at the end of the block."""
    chosen = {**environment, "CONSUMER_CLAIM_IDLE_MS": "300", "CRASH_AT": crash_at, "LOG_LEVEL": "WARNING"}
    running = bear("tests.stream_consumer.crashing", [role], chosen)
    try:
        yield running
        running.terminate()
        running.wait(30)
    finally:
        running.kill()


def crash(environment: dict[str, str], role: str, point: str) -> None:
    """Run a consumer process until it has killed itself."""
    with process(environment, role, point) as running:
        assert running.wait(60) == -signal.SIGKILL


@asynccontextmanager
async def successor(environment: dict[str, str], role: str) -> AsyncIterator[None]:
    """Run a consumer process as it should be; it must end well."""
    with process(environment, role) as running:
        yield
        running.terminate()
        assert running.wait(30) == 0


async def done(redis: Redis, stream: str) -> bool:
    return await redis.xlen(stream) == 0 and await pending(redis, stream) == 0


@pytest.mark.slow
@pytest.mark.parametrize("point", STEPS_OF_EVENTS)
async def test_events_survive_a_kill_at_any_step(
    database: Database, redis: Redis, company: Any, database_url: str, environment: dict[str, str], point: str
) -> None:
    told = [*walk(company.company_id, "v", 6), *walk(company.company_id, "u", 5), *stuck(company.company_id, "u")]
    await publish(redis, told)
    crash(environment, "events", point)
    async with successor(environment, "events"):
        await eventually(lambda: done(redis, EVENTS), seconds=60)
    stored = rows(database_url, "SELECT event_id FROM events")
    assert sorted(row["event_id"] for row in stored) == sorted(one.event_id for one in told)
    (turn,) = rows(database_url, "SELECT turn_id::text, status FROM turns")
    assert turn["status"] == "queued"
    assert await redis.xlen(TURNS) >= 1
    assert await redis.zcard("idle_deadlines:{0}") == 0  # no form, no baseline: nobody is waited for
    assert await redis.exists(f"{EVENTS}:dead", f"{EVENTS}:attempts") == 0


@pytest.mark.slow
@pytest.mark.parametrize("point", STEPS_OF_TURNS)
async def test_turns_survive_a_kill_at_any_step(
    database: Database, redis: Redis, company: Any, database_url: str, environment: dict[str, str], point: str
) -> None:
    turn = turn_at(company.company_id, "u")
    await queue(database, redis, turn)
    crash(environment, "turns", point)
    await redis.delete(f"lock:{{{company.company_id}:u}}")  # it would expire by itself in fifteen seconds
    async with successor(environment, "turns"):
        await eventually(lambda: done(redis, TURNS), seconds=60)
    (row,) = rows(database_url, "SELECT status, outcome FROM turns")
    assert row == {"status": "done", "outcome": "nudged"}
    (nudge,) = rows(database_url, "SELECT nudge_id::text FROM nudges")
    assert nudge["nudge_id"] == nudge_id(turn.turn_id)
    assert len(await Outbox(redis).after(company.company_id, "u", 0)) == 1
    assert await redis.exists(f"{TURNS}:dead") == 0


@pytest.mark.slow
async def test_an_entry_that_kills_every_process_ends_in_the_dead_letters_and_takes_nobody_along(
    database: Database, redis: Redis, company: Any, database_url: str, environment: dict[str, str]
) -> None:
    chosen = {**environment, "CONSUMER_MAX_ATTEMPTS": "2", "CRASH_ON": "poisoned"}
    told = walk(company.company_id, "u", 5)
    killer = event(company.company_id, "poisoned", 50)
    await publish(redis, [*told[:2], killer, *told[2:]])
    for _ in range(3):
        crash(chosen, "events", "")
    async with successor(chosen, "events"):
        await eventually(lambda: done(redis, EVENTS), seconds=60)
    stored = rows(database_url, "SELECT event_id FROM events")
    assert sorted(row["event_id"] for row in stored) == sorted(one.event_id for one in told)
    ((_, letter),) = await redis.xrange(f"{EVENTS}:dead")
    assert letter[b"d"] == encode_event(killer)
    assert letter[b"reason"] == b"process_died"
