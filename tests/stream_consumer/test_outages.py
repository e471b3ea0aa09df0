"""Stores that go away under a running consumer and come back: nothing is lost, nothing counts against an entry."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from core.errors import Unavailable
from core.events import AcceptedEvent
from core.redis import connect
from db.pool import Database
from stream_consumer.patience import is_outage
from tests.stream_consumer.harness import STREAM, eventually, pending, running
from tests.stream_consumer.stories import publish, walk
from tests.stream_consumer.test_events import handler_of, rows


@pytest.fixture
async def own_redis(redis_server: Any) -> AsyncIterator[Redis]:
    client = connect(redis_server.url)
    yield client
    await client.aclose()


async def _empty(redis: Redis) -> bool:
    return await redis.xlen(STREAM) == 0 and await pending(redis) == 0


@pytest.mark.slow
async def test_redis_is_stopped_and_started_again(
    database: Database, own_redis: Redis, redis_server: Any, company: Any, database_url: str
) -> None:
    told = walk(company.company_id, "u", 60)
    async with running(own_redis, handler_of(database, own_redis)) as consumer:
        await publish(own_redis, told[:30])
        await eventually(lambda: _empty(own_redis))
        redis_server.stop()
        await eventually(lambda: _noticed(consumer))
        redis_server.start()
        await publish_anew(redis_server, told[30:])
        await eventually(lambda: _empty(own_redis))
    stored = rows(database_url, "SELECT event_id FROM events")
    assert sorted(row["event_id"] for row in stored) == sorted(one.event_id for one in told)
    assert await own_redis.exists(f"{STREAM}:dead") == 0


async def publish_anew(redis_server: Any, told: Sequence[AcceptedEvent]) -> None:
    """Publish over a connection that knows nothing of the outage."""
    client = connect(redis_server.url)
    await publish(client, told)
    await client.aclose()


async def _noticed(consumer: Any) -> bool:
    return consumer.count("outages") > 0


@pytest.mark.slow
async def test_redis_comes_back_empty(
    database: Database, own_redis: Redis, redis_server: Any, company: Any, database_url: str
) -> None:
    told = walk(company.company_id, "u", 60)
    async with running(own_redis, handler_of(database, own_redis)):
        await publish(own_redis, told[:30])
        await eventually(lambda: _empty(own_redis))
        redis_server.stop()
        for left in Path(redis_server.directory).glob("appendonlydir/*"):
            left.unlink()
        redis_server.start()
        await publish_anew(redis_server, told)
        await eventually(lambda: _empty(own_redis))
    stored = rows(database_url, "SELECT event_id FROM events")
    assert sorted(row["event_id"] for row in stored) == sorted(one.event_id for one in told)


@pytest.fixture
def own_postgres() -> Iterator[tuple[str, Any]]:
    """A PostgreSQL server of this test alone, with a company in it."""
    from db.migrate import migrate
    from local.postgres import EmbeddedPostgres

    server = EmbeddedPostgres(Path(tempfile.mkdtemp(prefix="oa-own-")) / "postgres")
    url = server.start()
    migrate(url)
    yield url, server
    server.stop()


@pytest.mark.slow
async def test_postgresql_is_stopped_and_started_again(
    redis: Redis, own_postgres: tuple[str, Any], secret_key: str
) -> None:
    from tests.conftest import found

    url, server = own_postgres
    company = await asyncio.to_thread(found, "Acme", url, secret_key)
    told = walk(company.company_id, "u", 60)
    database = await Database.open(url, pool_size=3, name="test")
    handler = handler_of(database, redis)
    async with running(redis, handler) as consumer:  # type: ignore[arg-type]
        await publish(redis, told[:30])
        await eventually(lambda: _empty(redis))
        await asyncio.to_thread(server.stop)
        await publish(redis, told[30:])
        await eventually(lambda: _noticed(consumer))
        assert await pending(redis) > 0
        await asyncio.to_thread(server.start)
        await eventually(lambda: _empty(redis), seconds=60)
        assert consumer.count("failed") == 0
    await database.close()
    stored = await asyncio.to_thread(rows, url, "SELECT event_id FROM events")
    assert sorted(row["event_id"] for row in stored) == sorted(one.event_id for one in told)
    assert await redis.exists(f"{STREAM}:dead") == 0


def _caused_by(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "outage"),
    [
        (ConnectionRefusedError(), True),
        (Unavailable(), True),
        (_caused_by(RuntimeError(), ConnectionRefusedError()), True),
        (ExceptionGroup("both", [ConnectionRefusedError(), Unavailable()]), True),
        (ExceptionGroup("one of them", [ConnectionRefusedError(), ValueError()]), False),
        (ValueError(), False),
        (_caused_by(ValueError(), KeyError()), False),
    ],
)
def test_what_counts_as_an_outage(error: Exception, outage: bool) -> None:
    assert is_outage(error) is outage
