from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from core.redis import connect
from db.pool import Database


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = connect(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = await Database.open(database_url, pool_size=8, name="test")
    yield database
    await database.close()
